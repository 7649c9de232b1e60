package admit

import "k8s.io/apimachinery/pkg/runtime/schema"

// unsupportedKind is a built-in kind that can be stored in a cluster and that this package cannot validate.
type unsupportedKind struct {
	scope  Scope
	reason string
}

const (
	reasonEvent    = "events are written by controllers, not kept in Git"
	reasonResource = "dynamic resource allocation is validated by k8s.io/dynamic-resource-allocation, " +
		"which is not linked; besides, its stable API is newer than the library"
	reasonInternal = "the kind is written by Kubernetes itself, not kept in Git"
	reasonRequest  = "the kind is a request to the API server, not an object that it stores"
	reasonAlpha    = "the kind has no stable version yet, and its beta version is newer than the library"
)

// unsupported is every storable built-in kind that is not in natives, with the reason; a test holds the two complete.
var unsupported = map[schema.GroupKind]unsupportedKind{
	gk("", "Binding"):         {Namespaced, reasonRequest},
	gk("", "ComponentStatus"): {Cluster, reasonInternal},
	gk("", "Event"):           {Namespaced, reasonEvent},
	gk("", "PodStatusResult"): {Namespaced, reasonInternal},
	gk("", "RangeAllocation"): {Cluster, reasonInternal},

	gk("events.k8s.io", "Event"):                                         {Namespaced, reasonEvent},
	gk("coordination.k8s.io", "LeaseCandidate"):                          {Namespaced, reasonInternal},
	gk("internal.apiserver.k8s.io", "StorageVersion"):                    {Cluster, reasonInternal},
	gk("storagemigration.k8s.io", "StorageVersionMigration"):             {Cluster, reasonAlpha},
	gk("admissionregistration.k8s.io", "MutatingAdmissionPolicy"):        {Cluster, reasonAlpha},
	gk("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): {Cluster, reasonAlpha},
	gk("policy", "Eviction"):                                             {Namespaced, reasonRequest},
	gk("autoscaling", "Scale"):                                           {Namespaced, reasonRequest},
	gk("imagepolicy.k8s.io", "ImageReview"):                              {Cluster, reasonRequest},
	gk("authentication.k8s.io", "SelfSubjectReview"):                     {Cluster, reasonRequest},
	gk("authentication.k8s.io", "TokenRequest"):                          {Namespaced, reasonRequest},
	gk("authentication.k8s.io", "TokenReview"):                           {Cluster, reasonRequest},
	gk("authorization.k8s.io", "LocalSubjectAccessReview"):               {Namespaced, reasonRequest},
	gk("authorization.k8s.io", "SelfSubjectAccessReview"):                {Cluster, reasonRequest},
	gk("authorization.k8s.io", "SelfSubjectRulesReview"):                 {Cluster, reasonRequest},
	gk("authorization.k8s.io", "SubjectAccessReview"):                    {Cluster, reasonRequest},
	gk("resource.k8s.io", "DeviceClass"):                                 {Cluster, reasonResource},
	gk("resource.k8s.io", "DeviceTaintRule"):                             {Cluster, reasonResource},
	gk("resource.k8s.io", "ResourceClaim"):                               {Namespaced, reasonResource},
	gk("resource.k8s.io", "ResourceClaimTemplate"):                       {Namespaced, reasonResource},
	gk("resource.k8s.io", "ResourceSlice"):                               {Cluster, reasonResource},
}
