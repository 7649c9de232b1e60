package admit

import (
	"context"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration"
	apiregistrationvalidation "k8s.io/kube-aggregator/pkg/apis/apiregistration/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/discovery"
	discoveryvalidation "k8s.io/kubernetes/pkg/apis/discovery/validation"
	"k8s.io/kubernetes/pkg/registry/core/service"
)

// updater is the part of rest.RESTUpdateStrategy that judges.
type updater interface {
	PrepareForUpdate(ctx context.Context, obj, old runtime.Object)
	ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList
}

// updaterOf returns the update strategy that belongs to a create strategy, or nil.
func updaterOf(s rest.RESTCreateStrategy) updater {
	switch s := s.(type) {
	case tightened:
		return updaterOf(s.RESTCreateStrategy)
	case mirrored[*core.Service]:
		return service.Strategy
	case mirrored[*core.ServiceAccount]:
		return judged[*core.ServiceAccount](corevalidation.ValidateServiceAccountUpdate)
	case mirrored[*core.Endpoints]:
		return judged[*core.Endpoints](corevalidation.ValidateEndpointsUpdate)
	case mirrored[*discovery.EndpointSlice]:
		return judged[*discovery.EndpointSlice](discoveryvalidation.ValidateEndpointSliceUpdate)
	case mirrored[*apiregistration.APIService]:
		return judged[*apiregistration.APIService](apiregistrationvalidation.ValidateAPIServiceUpdate)
	case updater:
		return s
	}
	return nil
}

// judged is an updater of a kind whose registry package cannot be used.
type judged[T runtime.Object] func(obj, old T) field.ErrorList

func (judged[T]) PrepareForUpdate(context.Context, runtime.Object, runtime.Object) {}

func (j judged[T]) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return j(obj.(T), old.(T))
}

// inhabit adds to both what a cluster adds to a created object and keeps on an update, as far as it decides what may
// change: without it a claim could not grow and might shrink, and the address of a service could change.
func inhabit(old, fresh runtime.Object) {
	switch old := old.(type) {
	case *core.PersistentVolumeClaim:
		old.Status.Phase, old.Status.Capacity = core.ClaimBound, old.Spec.Resources.Requests
	case *apiextensions.CustomResourceDefinition:
		apiextensions.SetCRDCondition(old, apiextensions.CustomResourceDefinitionCondition{
			Type: apiextensions.Established, Status: apiextensions.ConditionTrue,
		})
	case *core.Service:
		allocate(old)
		keepAllocated(old, fresh.(*core.Service))
	}
}

// allocatedIP stands for the address that a cluster would give out.
const allocatedIP = "10.0.0.10"

func allocate(s *core.Service) {
	if s.Spec.Type == core.ServiceTypeExternalName {
		return
	}
	if s.Spec.ClusterIP == "" {
		s.Spec.ClusterIP, s.Spec.ClusterIPs = allocatedIP, []string{allocatedIP}
	}
	if len(s.Spec.IPFamilies) == 0 {
		s.Spec.IPFamilies = []core.IPFamily{core.IPv4Protocol}
	}
	if s.Spec.IPFamilyPolicy == nil {
		single := core.IPFamilyPolicySingleStack
		s.Spec.IPFamilyPolicy = &single
	}
}

// keepAllocated is patchAllocatedValues of pkg/registry/core/service/storage.
func keepAllocated(old, fresh *core.Service) {
	if old.Spec.Type == core.ServiceTypeExternalName || fresh.Spec.Type == core.ServiceTypeExternalName {
		return
	}
	if fresh.Spec.ClusterIP == "" {
		fresh.Spec.ClusterIP = old.Spec.ClusterIP
	}
	if len(fresh.Spec.ClusterIPs) == 0 {
		fresh.Spec.ClusterIPs = old.Spec.ClusterIPs
	}
	if len(fresh.Spec.IPFamilies) == 0 {
		fresh.Spec.IPFamilies = old.Spec.IPFamilies
	}
	if fresh.Spec.IPFamilyPolicy == nil {
		fresh.Spec.IPFamilyPolicy = old.Spec.IPFamilyPolicy
	}
}
