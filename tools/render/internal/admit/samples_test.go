package admit

// sample is a minimal valid object of a built-in kind and one change that the API server refuses.
type sample struct {
	valid string
	spoil string // where to change it, as a path of map keys and list indices
	with  any    // the value put there; nil removes the field
	at    string // the path of the fault
}

const podTemplate = `
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
`

const selectedTemplate = `
  selector: {matchLabels: {app: web}}
  template:` + podTemplate

// samples has every kind in the table of strategies, by "group/Kind"; the core group is "/Kind".
var samples = map[string]sample{
	"/ConfigMap": {
		valid: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: ns}, data: {key: value}}",
		spoil: "data", with: map[string]any{"a b": "value"}, at: "data[a b]",
	},
	"/Endpoints": {
		valid: "{apiVersion: v1, kind: Endpoints, metadata: {name: a, namespace: ns}, subsets: [{addresses: [{ip: 10.0.0.1}]}]}",
		spoil: "subsets.0.addresses.0.ip", with: "ten", at: "subsets[0].addresses[0].ip",
	},
	"/LimitRange": {
		valid: "{apiVersion: v1, kind: LimitRange, metadata: {name: a, namespace: ns}, spec: {limits: [{type: Container, max: {cpu: '1'}}]}}",
		spoil: "spec.limits.0.min", with: map[string]any{"cpu": "2"}, at: "spec.limits[0].min[cpu]",
	},
	"/Namespace": {
		valid: "{apiVersion: v1, kind: Namespace, metadata: {name: a}}",
		spoil: "metadata.name", with: "a.b", at: "metadata.name",
	},
	"/Node": {
		valid: "{apiVersion: v1, kind: Node, metadata: {name: a}}",
		spoil: "spec", with: map[string]any{"podCIDR": "ten"}, at: "spec.podCIDRs[0]",
	},
	"/PersistentVolume": {
		valid: `{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}, spec: {capacity: {storage: 1Gi},
			accessModes: [ReadWriteOnce], hostPath: {path: /tmp}}}`,
		spoil: "spec.accessModes", with: []any{"Sometimes"}, at: "spec.accessModes",
	},
	"/PersistentVolumeClaim": {
		valid: `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, namespace: ns},
			spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`,
		spoil: "spec.resources.requests", with: nil, at: "spec.resources[storage]",
	},
	"/Pod": {
		valid: "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: ns}, spec: {containers: [{name: a, image: nginx}]}}",
		spoil: "spec.containers.0.name", with: "A", at: "spec.containers[0].name",
	},
	"/PodTemplate": {
		valid: "apiVersion: v1\nkind: PodTemplate\nmetadata: {name: a, namespace: ns}\ntemplate:" + podTemplate,
		spoil: "template.spec.containers", with: []any{}, at: "template.spec.containers",
	},
	"/ReplicationController": {
		valid: "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: a, namespace: ns}\nspec:\n  selector: {app: web}\n  template:" + podTemplate,
		spoil: "spec.replicas", with: int64(-1), at: "spec.replicas",
	},
	"/ResourceQuota": {
		valid: "{apiVersion: v1, kind: ResourceQuota, metadata: {name: a, namespace: ns}, spec: {hard: {pods: '4'}}}",
		spoil: "spec.hard.pods", with: "-4", at: "spec.hard[pods]",
	},
	"/Secret": {
		valid: "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: ns}, stringData: {key: value}}",
		spoil: "type", with: "kubernetes.io/tls", at: "data[tls.crt]",
	},
	"/Service": {
		valid: "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns}, spec: {selector: {app: web}, ports: [{port: 80}]}}",
		spoil: "spec.ports.0.port", with: int64(70000), at: "spec.ports[0].port",
	},
	"/ServiceAccount": {
		valid: "{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: ns}}",
		spoil: "metadata.name", with: "A_B", at: "metadata.name",
	},

	"apps/ControllerRevision": {
		valid: "{apiVersion: apps/v1, kind: ControllerRevision, metadata: {name: a, namespace: ns}, revision: 1, data: {a: b}}",
		spoil: "revision", with: int64(-1), at: "revision",
	},
	"apps/DaemonSet": {
		valid: "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a, namespace: ns}\nspec:" + selectedTemplate,
		spoil: "spec.template.spec.restartPolicy", with: "Never", at: "spec.template.spec.restartPolicy",
	},
	"apps/Deployment": {
		valid: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: ns}\nspec:" + selectedTemplate,
		spoil: "spec.selector.matchLabels.app", with: "other", at: "spec.template.metadata.labels",
	},
	"apps/ReplicaSet": {
		valid: "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: a, namespace: ns}\nspec:" + selectedTemplate,
		spoil: "spec.replicas", with: int64(-1), at: "spec.replicas",
	},
	"apps/StatefulSet": {
		valid: "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a, namespace: ns}\nspec:\n  serviceName: a" + selectedTemplate,
		spoil: "spec.podManagementPolicy", with: "Chaos", at: "spec.podManagementPolicy",
	},

	"autoscaling/HorizontalPodAutoscaler": {
		valid: `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a, namespace: ns},
			spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, minReplicas: 1, maxReplicas: 2}}`,
		spoil: "spec.minReplicas", with: int64(3), at: "spec.maxReplicas",
	},
	"batch/CronJob": {
		valid: `{apiVersion: batch/v1, kind: CronJob, metadata: {name: a, namespace: ns}, spec: {schedule: '0 3 * * *',
			jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: nginx}]}}}}}}`,
		spoil: "spec.schedule", with: "at three", at: "spec.schedule",
	},
	"batch/Job": {
		valid: `{apiVersion: batch/v1, kind: Job, metadata: {name: a, namespace: ns},
			spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: nginx}]}}}}`,
		spoil: "spec.template.spec.restartPolicy", with: "Always", at: "spec.template.spec.restartPolicy",
	},
	"policy/PodDisruptionBudget": {
		valid: `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a, namespace: ns},
			spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}}`,
		spoil: "spec.minAvailable", with: "many", at: "spec.minAvailable",
	},
}

func init() {
	for kind, s := range clusterSamples {
		samples[kind] = s
	}
}
