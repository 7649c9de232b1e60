package admit

// clusterSamples are the samples of the kinds that serve a cluster rather than a workload.
var clusterSamples = map[string]sample{
	"networking.k8s.io/IPAddress": {
		valid: `{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {name: 10.0.0.1},
			spec: {parentRef: {resource: services, namespace: ns, name: a}}}`,
		spoil: "metadata.name", with: "ten", at: "metadata.name",
	},
	"networking.k8s.io/Ingress": {
		valid: `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, namespace: ns},
			spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}}`,
		spoil: "spec.rules.0.http.paths.0.pathType", with: "Suffix", at: "spec.rules[0].http.paths[0].pathType",
	},
	"networking.k8s.io/IngressClass": {
		valid: "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: a}, spec: {controller: example.com/alb}}",
		spoil: "spec.controller", with: "alb", at: "spec.controller",
	},
	"networking.k8s.io/NetworkPolicy": {
		valid: "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, namespace: ns}, spec: {podSelector: {}}}",
		spoil: "spec.ingress", with: []any{map[string]any{"from": []any{map[string]any{"ipBlock": map[string]any{"cidr": "10.0.0.0"}}}}},
		at: "spec.ingress[0].from[0].ipBlock.cidr",
	},
	"networking.k8s.io/ServiceCIDR": {
		valid: "{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: a}, spec: {cidrs: [10.0.0.0/24]}}",
		spoil: "spec.cidrs.0", with: "10.0.0.0", at: "spec.cidrs[0]",
	},

	"rbac.authorization.k8s.io/ClusterRole": {
		valid: `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a},
			rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}`,
		spoil: "rules.0.verbs", with: []any{}, at: "rules[0].verbs",
	},
	"rbac.authorization.k8s.io/ClusterRoleBinding": {
		valid: `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a},
			roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a},
			subjects: [{kind: ServiceAccount, name: a, namespace: ns}]}`,
		spoil: "subjects.0.namespace", with: nil, at: "subjects[0].namespace",
	},
	"rbac.authorization.k8s.io/Role": {
		valid: `{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a, namespace: ns},
			rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]}`,
		spoil: "rules.0.nonResourceURLs", with: []any{"/healthz"}, at: "rules[0].nonResourceURLs",
	},
	"rbac.authorization.k8s.io/RoleBinding": {
		valid: `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: ns},
			roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}, subjects: [{kind: User, name: a}]}`,
		spoil: "roleRef.kind", with: "Rule", at: "roleRef.kind",
	},

	"storage.k8s.io/CSIDriver": {
		valid: "{apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: ebs.csi.aws.com}, spec: {attachRequired: true}}",
		spoil: "spec.fsGroupPolicy", with: "Maybe", at: "spec.fsGroupPolicy",
	},
	"storage.k8s.io/CSINode": {
		valid: "{apiVersion: storage.k8s.io/v1, kind: CSINode, metadata: {name: a}, spec: {drivers: [{name: ebs.csi.aws.com, nodeID: a}]}}",
		spoil: "spec.drivers.0.nodeID", with: "", at: "spec.drivers[0].nodeID",
	},
	"storage.k8s.io/CSIStorageCapacity": {
		valid: "{apiVersion: storage.k8s.io/v1, kind: CSIStorageCapacity, metadata: {name: a, namespace: ns}, storageClassName: a, capacity: 1Gi}",
		spoil: "capacity", with: "-1Gi", at: "capacity",
	},
	"storage.k8s.io/StorageClass": {
		valid: "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, provisioner: ebs.csi.aws.com}",
		spoil: "reclaimPolicy", with: "Shred", at: "reclaimPolicy",
	},
	"storage.k8s.io/VolumeAttachment": {
		valid: `{apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, metadata: {name: a},
			spec: {attacher: ebs.csi.aws.com, nodeName: a, source: {persistentVolumeName: a}}}`,
		spoil: "spec.nodeName", with: "", at: "spec.nodeName",
	},
	"storage.k8s.io/VolumeAttributesClass": {
		valid: `{apiVersion: storage.k8s.io/v1beta1, kind: VolumeAttributesClass, metadata: {name: a},
			driverName: ebs.csi.aws.com, parameters: {iops: '3000'}}`,
		spoil: "parameters", with: nil, at: "parameters",
	},

	"admissionregistration.k8s.io/MutatingWebhookConfiguration": {
		valid: `{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: a},
			webhooks: [{name: a.example.com, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {url: 'https://example.com'}}]}`,
		spoil: "webhooks.0.reinvocationPolicy", with: "Always", at: "webhooks[0].reinvocationPolicy",
	},
	"admissionregistration.k8s.io/ValidatingWebhookConfiguration": {
		valid: `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: a},
			webhooks: [{name: a.example.com, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {url: 'https://example.com'}}]}`,
		spoil: "webhooks.0.clientConfig.url", with: "http://example.com", at: "webhooks[0].clientConfig.url",
	},
	"admissionregistration.k8s.io/ValidatingAdmissionPolicy": {
		valid: `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: a}, spec: {
			paramKind: {apiVersion: v1, kind: ConfigMap},
			matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]},
			validations: [{expression: 'object.spec.replicas <= 5'}]}}`,
		spoil: "spec.validations.0.expression", with: "object.spec.replicas <=", at: "spec.validations[0].expression",
	},
	"admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": {
		valid: `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: a},
			spec: {policyName: a, validationActions: [Deny], paramRef: {name: a, namespace: ns, parameterNotFoundAction: Deny}}}`,
		spoil: "spec.validationActions", with: []any{"Warn", "Deny"}, at: "spec.validationActions",
	},

	"certificates.k8s.io/CertificateSigningRequest": {
		valid: `{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {name: a},
			spec: {signerName: example.com/a, usages: [client auth], request: ` + signingRequest + `}}`,
		spoil: "spec.signerName", with: "example", at: "spec.signerName",
	},
	"certificates.k8s.io/ClusterTrustBundle": {
		valid: `{apiVersion: certificates.k8s.io/v1beta1, kind: ClusterTrustBundle, metadata: {name: a}, spec: {trustBundle: "` + trustBundle + `"}}`,
		spoil: "spec.trustBundle", with: "none", at: "spec.trustBundle",
	},
	"coordination.k8s.io/Lease": {
		valid: "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a, namespace: ns}, spec: {leaseDurationSeconds: 10}}",
		spoil: "spec.leaseDurationSeconds", with: int64(0), at: "spec.leaseDurationSeconds",
	},
	"discovery.k8s.io/EndpointSlice": {
		valid: `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a, namespace: ns}, addressType: IPv4,
			endpoints: [{addresses: [10.0.0.1]}], ports: [{port: 80}]}`,
		spoil: "endpoints.0.addresses.0", with: "ten", at: "endpoints[0].addresses[0]",
	},
	"flowcontrol.apiserver.k8s.io/FlowSchema": {
		valid: `{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema, metadata: {name: a},
			spec: {priorityLevelConfiguration: {name: workload-low}, matchingPrecedence: 1000, distinguisherMethod: {type: ByUser}}}`,
		spoil: "spec.matchingPrecedence", with: int64(20000), at: "spec.matchingPrecedence",
	},
	"flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": {
		valid: `{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: PriorityLevelConfiguration, metadata: {name: a},
			spec: {type: Limited, limited: {nominalConcurrencyShares: 1, limitResponse: {type: Reject}}}}`,
		spoil: "spec.limited.nominalConcurrencyShares", with: int64(-1), at: "spec.limited.nominalConcurrencyShares",
	},
	"node.k8s.io/RuntimeClass": {
		valid: "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: nvidia}, handler: nvidia}",
		spoil: "handler", with: "Nvidia!", at: "handler",
	},
	"scheduling.k8s.io/PriorityClass": {
		valid: "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: a}, value: 100}",
		spoil: "value", with: int64(2000000000), at: "value",
	},
	"apiextensions.k8s.io/CustomResourceDefinition": {
		valid: `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: widgets.example.com}, spec: {
			group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets},
			versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}`,
		spoil: "metadata.name", with: "widget.example.com", at: "metadata.name",
	},
	"apiregistration.k8s.io/APIService": {
		valid: `{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1beta1.metrics.k8s.io}, spec: {
			group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100,
			insecureSkipTLSVerify: true, service: {name: metrics-server, namespace: kube-system}}}`,
		spoil: "spec.version", with: "v2", at: "metadata.name",
	},
}
