package admit

import (
	"sync"

	apiextensionsinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/registry/rest"
	apiregistrationinstall "k8s.io/kube-aggregator/pkg/apis/apiregistration/install"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/resolver"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/certificates/certificates"
	"k8s.io/kubernetes/pkg/registry/certificates/clustertrustbundle"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/node"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/flowschema"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/ipaddress"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/networking/servicecidr"
	"k8s.io/kubernetes/pkg/registry/node/runtimeclass"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/csinode"
	"k8s.io/kubernetes/pkg/registry/storage/csistoragecapacity"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattachment"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattributesclass"
)

// native is how one built-in kind is validated. Both parts are functions so that nothing is built before it is used.
type native struct {
	family   func() *family
	strategy func() rest.RESTCreateStrategy
}

// kube is a kind served by kube-apiserver proper.
func kube(strategy rest.RESTCreateStrategy) native {
	return native{family: legacyFamily, strategy: func() rest.RESTCreateStrategy { return strategy }}
}

var legacyFamily = sync.OnceValue(func() *family { return newFamily(legacyscheme.Scheme, legacyscheme.Codecs) })

var apiextensionsFamily = sync.OnceValue(func() *family {
	scheme := runtime.NewScheme()
	apiextensionsinstall.Install(scheme)
	return newFamily(scheme, serializer.NewCodecFactory(scheme))
})

var apiregistrationFamily = sync.OnceValue(func() *family {
	scheme := runtime.NewScheme()
	apiregistrationinstall.Install(scheme)
	return newFamily(scheme, serializer.NewCodecFactory(scheme))
})

// unauthorized stands for the lookup of parameter resources: with no authorizer to ask, its answer is never used.
var unauthorized = resolver.ResourceResolverFunc(
	func(kind schema.GroupVersionKind) (schema.GroupVersionResource, error) {
		return kind.GroupVersion().WithResource(kind.Kind), nil
	})

// natives is every built-in kind that can be validated. Kinds that can not are in unsupported.
var natives = map[schema.GroupKind]native{
	gk("", "ConfigMap"):             kube(configmap.Strategy),
	gk("", "Endpoints"):             kube(endpointsStrategy),
	gk("", "LimitRange"):            kube(limitrange.Strategy),
	gk("", "Namespace"):             kube(namespace.Strategy),
	gk("", "Node"):                  kube(node.Strategy),
	gk("", "PersistentVolume"):      kube(persistentvolume.Strategy),
	gk("", "PersistentVolumeClaim"): kube(persistentvolumeclaim.Strategy),
	gk("", "Pod"):                   kube(pod.Strategy),
	gk("", "PodTemplate"):           kube(podtemplate.Strategy),
	gk("", "ReplicationController"): kube(replicationcontroller.Strategy),
	gk("", "ResourceQuota"):         kube(resourcequota.Strategy),
	gk("", "Secret"):                kube(secret.Strategy),
	gk("", "Service"):               kube(serviceStrategy),
	gk("", "ServiceAccount"):        kube(serviceAccountStrategy),

	gk("apps", "ControllerRevision"): kube(controllerrevision.Strategy),
	gk("apps", "DaemonSet"):          kube(daemonset.Strategy),
	gk("apps", "Deployment"):         kube(deployment.Strategy),
	gk("apps", "ReplicaSet"):         kube(replicaset.Strategy),
	gk("apps", "StatefulSet"):        kube(statefulSetStrategy),

	gk("autoscaling", "HorizontalPodAutoscaler"): kube(autoscalerStrategy),
	gk("batch", "CronJob"):                       kube(cronJobStrategy),
	gk("batch", "Job"):                           kube(job.Strategy),
	gk("policy", "PodDisruptionBudget"):          kube(poddisruptionbudget.Strategy),

	gk("networking.k8s.io", "IPAddress"):     kube(ipaddress.Strategy),
	gk("networking.k8s.io", "Ingress"):       kube(ingress.Strategy),
	gk("networking.k8s.io", "IngressClass"):  kube(ingressclass.Strategy),
	gk("networking.k8s.io", "NetworkPolicy"): kube(networkpolicy.Strategy),
	gk("networking.k8s.io", "ServiceCIDR"):   kube(servicecidr.Strategy),

	gk("rbac.authorization.k8s.io", "ClusterRole"):        kube(clusterrole.Strategy),
	gk("rbac.authorization.k8s.io", "ClusterRoleBinding"): kube(clusterrolebinding.Strategy),
	gk("rbac.authorization.k8s.io", "Role"):               kube(role.Strategy),
	gk("rbac.authorization.k8s.io", "RoleBinding"):        kube(rolebinding.Strategy),

	gk("storage.k8s.io", "CSIDriver"):             kube(csidriver.Strategy),
	gk("storage.k8s.io", "CSINode"):               kube(csinode.Strategy),
	gk("storage.k8s.io", "CSIStorageCapacity"):    kube(csistoragecapacity.Strategy),
	gk("storage.k8s.io", "StorageClass"):          kube(storageclass.Strategy),
	gk("storage.k8s.io", "VolumeAttachment"):      kube(volumeattachment.Strategy),
	gk("storage.k8s.io", "VolumeAttributesClass"): kube(volumeattributesclass.Strategy),

	gk("admissionregistration.k8s.io", "MutatingWebhookConfiguration"):   kube(mutatingwebhookconfiguration.Strategy),
	gk("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): kube(validatingwebhookconfiguration.Strategy),
	gk("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): kube(
		validatingadmissionpolicy.NewStrategy(nil, unauthorized)),
	gk("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): kube(
		validatingadmissionpolicybinding.NewStrategy(nil, nil, unauthorized)),

	gk("certificates.k8s.io", "CertificateSigningRequest"):           kube(certificates.Strategy),
	gk("certificates.k8s.io", "ClusterTrustBundle"):                  kube(clustertrustbundle.Strategy),
	gk("coordination.k8s.io", "Lease"):                               kube(lease.Strategy),
	gk("discovery.k8s.io", "EndpointSlice"):                          kube(endpointSliceStrategy),
	gk("flowcontrol.apiserver.k8s.io", "FlowSchema"):                 kube(flowschema.Strategy),
	gk("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): kube(prioritylevelconfiguration.Strategy),
	gk("node.k8s.io", "RuntimeClass"):                                kube(runtimeclass.Strategy),
	gk("scheduling.k8s.io", "PriorityClass"):                         kube(priorityclass.Strategy),

	definitionKind: {
		family: apiextensionsFamily,
		strategy: func() rest.RESTCreateStrategy {
			return customresourcedefinition.NewStrategy(apiextensionsFamily().scheme)
		},
	},
	gk("apiregistration.k8s.io", "APIService"): {
		family:   apiregistrationFamily,
		strategy: func() rest.RESTCreateStrategy { return apiServiceStrategy },
	},
}
