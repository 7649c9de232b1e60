package admit

import (
	"reflect"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	storagev1 "k8s.io/api/storage/v1"
	storagev1beta1 "k8s.io/api/storage/v1beta1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// newerField is a field on which ClusterVersion acts and LibraryVersion does not: the library either lacks it or drops
// it because its feature gate is off there. Such a field is taken out before validation and reported as not checked.
type newerField struct {
	owner  reflect.Type // the API type that has the field; for an inlined type the one that inlines it
	name   string       // the field, by JSON name
	since  string       // first release that has the field or, for an older one, switches it on by default
	values []string     // only these values are newer; empty is any value
	within string       // only where the owner is an entry of this field; "" is everywhere
}

// newerFields comes from two comparisons, to be repeated when either version moves: the struct fields of k8s.io/api and
// k8s.io/apiextensions-apiserver v0.33.4 against v0.35.4, and the default feature gates of
// k8s.io/kubernetes/pkg/features v1.33.4 against v1.35.4 (the gate is named above such an entry).
var newerFields = []newerField{
	// Fields the library does not have.
	{owner: reflect.TypeFor[corev1.Container](), name: "restartPolicyRules", since: "1.34"},
	{owner: reflect.TypeFor[corev1.EphemeralContainer](), name: "restartPolicyRules", since: "1.34"},
	{owner: reflect.TypeFor[corev1.EnvVarSource](), name: "fileKeyRef", since: "1.34"},
	{owner: reflect.TypeFor[corev1.PodSpec](), name: "hostnameOverride", since: "1.34"},
	{owner: reflect.TypeFor[corev1.PodSpec](), name: "workloadRef", since: "1.35"},
	{owner: reflect.TypeFor[corev1.PodStatus](), name: "allocatedResources", since: "1.35"},
	{owner: reflect.TypeFor[corev1.PodStatus](), name: "extendedResourceClaimStatus", since: "1.34"},
	{owner: reflect.TypeFor[corev1.PodStatus](), name: "resources", since: "1.35"},
	{owner: reflect.TypeFor[corev1.NodeStatus](), name: "declaredFeatures", since: "1.35"},
	{owner: reflect.TypeFor[corev1.VolumeProjection](), name: "podCertificate", since: "1.34"},
	{owner: reflect.TypeFor[storagev1.CSIDriverSpec](), name: "serviceAccountTokenInSecrets", since: "1.35"},
	{owner: reflect.TypeFor[storagev1beta1.CSIDriverSpec](), name: "serviceAccountTokenInSecrets", since: "1.35"},
	{owner: reflect.TypeFor[apiextensionsv1.CustomResourceDefinitionStatus](), name: "observedGeneration", since: "1.35"},
	{
		owner: reflect.TypeFor[apiextensionsv1.CustomResourceDefinitionCondition](),
		name:  "observedGeneration", since: "1.35",
	},

	// Fields the library has but drops or refuses, because their gate is off by default there; above each its gate.

	// PodLevelResources
	{owner: reflect.TypeFor[corev1.PodSpec](), name: "resources", since: "1.34"},
	// DynamicResourceAllocation
	{owner: reflect.TypeFor[corev1.PodSpec](), name: "resourceClaims", since: "1.34"},
	{owner: reflect.TypeFor[corev1.ResourceRequirements](), name: "claims", since: "1.34"},
	// ImageVolume
	{owner: reflect.TypeFor[corev1.Volume](), name: "image", since: "1.35"},
	// VolumeAttributesClass
	{owner: reflect.TypeFor[corev1.PersistentVolumeClaimSpec](), name: "volumeAttributesClassName", since: "1.34"},
	{owner: reflect.TypeFor[corev1.PersistentVolumeSpec](), name: "volumeAttributesClassName", since: "1.34"},
	// HPAConfigurableTolerance
	{owner: reflect.TypeFor[autoscalingv2.HPAScalingRules](), name: "tolerance", since: "1.35"},
	// PreferSameTrafficDistribution
	{owner: reflect.TypeFor[discoveryv1.EndpointHints](), name: "forNodes", since: "1.34"},
	// MutableCSINodeAllocatableCount
	{owner: reflect.TypeFor[storagev1.CSIDriverSpec](), name: "nodeAllocatableUpdatePeriodSeconds", since: "1.35"},

	// Values the library refuses; above each its gate.

	// PreferSameTrafficDistribution
	{owner: reflect.TypeFor[corev1.ServiceSpec](), name: "trafficDistribution", since: "1.34",
		values: []string{"PreferSameZone", "PreferSameNode"}},
	// ContainerRestartRules
	{owner: reflect.TypeFor[corev1.Container](), name: "restartPolicy", since: "1.35", within: "containers",
		values: []string{"Always", "Never", "OnFailure"}},
	{owner: reflect.TypeFor[corev1.Container](), name: "restartPolicy", since: "1.35", within: "initContainers",
		values: []string{"Never", "OnFailure"}},
}

// newerKind is a kind of a built-in group that the library does not have at that version.
type newerKind struct {
	since string
	scope Scope
}

// newerKinds comes from the same comparison as newerFields.
var newerKinds = map[schema.GroupVersionKind]newerKind{
	gvk("admissionregistration.k8s.io", "v1beta1", "MutatingAdmissionPolicy"):        {"1.34", Cluster},
	gvk("admissionregistration.k8s.io", "v1beta1", "MutatingAdmissionPolicyBinding"): {"1.34", Cluster},
	gvk("certificates.k8s.io", "v1alpha1", "PodCertificateRequest"):                  {"1.34", Namespaced},
	gvk("certificates.k8s.io", "v1beta1", "PodCertificateRequest"):                   {"1.35", Namespaced},
	gvk("resource.k8s.io", "v1", "DeviceClass"):                                      {"1.34", Cluster},
	gvk("resource.k8s.io", "v1", "ResourceClaim"):                                    {"1.34", Namespaced},
	gvk("resource.k8s.io", "v1", "ResourceClaimTemplate"):                            {"1.34", Namespaced},
	gvk("resource.k8s.io", "v1", "ResourceSlice"):                                    {"1.34", Cluster},
	gvk("scheduling.k8s.io", "v1alpha1", "Workload"):                                 {"1.35", Namespaced},
	gvk("storage.k8s.io", "v1", "VolumeAttributesClass"):                             {"1.34", Cluster},
	gvk("storagemigration.k8s.io", "v1beta1", "StorageVersionMigration"):             {"1.35", Cluster},
}

// newerFunctions are the CEL functions that ClusterVersion lets a new expression use and the library does not: what
// k8s.io/apiserver/pkg/cel/environment introduces in 1.33 (semver) and 1.34 (the lists library), one release behind
// the server as Kubernetes always is for new expressions.
var newerFunctions = map[string]string{
	"isSemver": "1.33", "semver": "1.33",
	"distinct": "1.34", "first": "1.34", "flatten": "1.34", "last": "1.34", "lists": "1.34", "range": "1.34",
	"reverse": "1.34", "slice": "1.34", "sort": "1.34", "sortBy": "1.34",
}

// gvk keeps the tables of kinds readable.
func gvk(group, version, kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: group, Version: version, Kind: kind}
}

// gk keeps the tables of kinds readable.
func gk(group, kind string) schema.GroupKind {
	return schema.GroupKind{Group: group, Kind: kind}
}
