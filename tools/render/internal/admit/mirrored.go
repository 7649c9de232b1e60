package admit

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration"
	apiregistrationvalidation "k8s.io/kube-aggregator/pkg/apis/apiregistration/validation"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	serviceapi "k8s.io/kubernetes/pkg/api/service"
	"k8s.io/kubernetes/pkg/apis/core"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/discovery"
	discoveryvalidation "k8s.io/kubernetes/pkg/apis/discovery/validation"
	"k8s.io/kubernetes/pkg/registry/core/service"
)

// mirrored is a create strategy put together from the validation functions of the library, for kinds whose registry
// package cannot be used as it is: it drags in controllers that nothing else here needs (service accounts, endpoints,
// endpoint slices), a second API server (API services), or leaves half of the work to its storage (services).
type mirrored[T runtime.Object] struct {
	runtime.ObjectTyper
	names.NameGenerator
	namespaced bool
	prepare    func(T)
	validate   func(T) field.ErrorList
	warn       func(T) []string
}

var _ rest.RESTCreateStrategy = mirrored[*core.Service]{}

// NamespaceScoped implements rest.RESTCreateStrategy.
func (m mirrored[T]) NamespaceScoped() bool { return m.namespaced }

// PrepareForCreate implements rest.RESTCreateStrategy.
func (m mirrored[T]) PrepareForCreate(_ context.Context, object runtime.Object) {
	if m.prepare != nil {
		m.prepare(object.(T))
	}
}

// Validate implements rest.RESTCreateStrategy.
func (m mirrored[T]) Validate(_ context.Context, object runtime.Object) field.ErrorList {
	return m.validate(object.(T))
}

// WarningsOnCreate implements rest.RESTCreateStrategy.
func (m mirrored[T]) WarningsOnCreate(_ context.Context, object runtime.Object) []string {
	if m.warn == nil {
		return nil
	}
	return m.warn(object.(T))
}

// Canonicalize implements rest.RESTCreateStrategy.
func (m mirrored[T]) Canonicalize(runtime.Object) {}

var serviceStrategy = mirrored[*core.Service]{
	ObjectTyper: legacyscheme.Scheme,
	namespaced:  true,
	prepare: func(s *core.Service) {
		service.Strategy.PrepareForCreate(context.Background(), s)
		// The storage fills in the plural before it allocates, and validation wants both.
		if s.Spec.ClusterIP != "" && len(s.Spec.ClusterIPs) == 0 {
			s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
		}
		// Validation wants the port that the storage has allocated by then; any port does.
		if serviceapi.NeedsHealthCheck(s) && s.Spec.HealthCheckNodePort == 0 {
			s.Spec.HealthCheckNodePort = firstNodePort
		}
	},
	validate: func(s *core.Service) field.ErrorList {
		return append(service.Strategy.Validate(context.Background(), s), stackConflicts(s)...)
	},
	warn: func(s *core.Service) []string {
		return append(service.Strategy.WarningsOnCreate(context.Background(), s), nodePortsOutOfRange(s)...)
	},
}

// stackConflicts is the part of cluster IP allocation that does not depend on the cluster: a service is single-stack
// unless it says otherwise.
func stackConflicts(s *core.Service) (errs field.ErrorList) {
	policy := s.Spec.IPFamilyPolicy
	headlessWithoutSelector := s.Spec.ClusterIP == core.ClusterIPNone && len(s.Spec.Selector) == 0
	if s.Spec.Type == core.ServiceTypeExternalName || policy == nil && headlessWithoutSelector ||
		policy != nil && *policy != core.IPFamilyPolicySingleStack {
		return nil
	}
	at := field.NewPath("spec", "ipFamilyPolicy")
	if len(s.Spec.ClusterIPs) == 2 {
		errs = append(errs, field.Invalid(at, core.IPFamilyPolicySingleStack,
			"must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified"))
	}
	if len(s.Spec.IPFamilies) == 2 {
		errs = append(errs, field.Invalid(at, core.IPFamilyPolicySingleStack,
			"must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"))
	}
	return errs
}

// The node ports an API server gives out by default.
const firstNodePort, lastNodePort = 30000, 32767

// nodePortsOutOfRange warns of node ports that the API server's default range does not have. Its range is a flag, so a
// port outside it is not certainly wrong.
func nodePortsOutOfRange(s *core.Service) (warnings []string) {
	for i, port := range s.Spec.Ports {
		if port.NodePort != 0 && (port.NodePort < firstNodePort || port.NodePort > lastNodePort) {
			warnings = append(warnings, fmt.Sprintf("spec.ports[%d].nodePort: %d is outside the default range %d-%d",
				i, port.NodePort, firstNodePort, lastNodePort))
		}
	}
	return warnings
}

// enforceMountableSecrets is pkg/serviceaccount.EnforceMountableSecretsAnnotation, whose package is not linked.
const enforceMountableSecrets = "kubernetes.io/enforce-mountable-secrets"

var serviceAccountStrategy = mirrored[*core.ServiceAccount]{
	ObjectTyper: legacyscheme.Scheme,
	namespaced:  true,
	validate:    corevalidation.ValidateServiceAccount,
	warn: func(s *core.ServiceAccount) []string {
		if _, set := s.Annotations[enforceMountableSecrets]; !set {
			return nil
		}
		return []string{"metadata.annotations[" + enforceMountableSecrets +
			"]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"}
	},
}

var endpointsStrategy = mirrored[*core.Endpoints]{
	ObjectTyper: legacyscheme.Scheme,
	namespaced:  true,
	validate:    corevalidation.ValidateEndpointsCreate,
	warn: func(e *core.Endpoints) (warnings []string) {
		for i, subset := range e.Subsets {
			at := field.NewPath("subsets").Index(i)
			for j, address := range subset.Addresses {
				ip := at.Child("addresses").Index(j).Child("ip")
				warnings = append(warnings, utilvalidation.GetWarningsForIP(ip, address.IP)...)
			}
			for j, address := range subset.NotReadyAddresses {
				ip := at.Child("notReadyAddresses").Index(j).Child("ip")
				warnings = append(warnings, utilvalidation.GetWarningsForIP(ip, address.IP)...)
			}
		}
		return warnings
	},
}

var endpointSliceStrategy = mirrored[*discovery.EndpointSlice]{
	ObjectTyper: legacyscheme.Scheme,
	namespaced:  true,
	prepare: func(e *discovery.EndpointSlice) {
		for i := range e.Endpoints {
			e.Endpoints[i].DeprecatedTopology = nil // v1 cannot write it
		}
	},
	validate: discoveryvalidation.ValidateEndpointSliceCreate,
	warn: func(e *discovery.EndpointSlice) (warnings []string) {
		if e.AddressType == discovery.AddressTypeFQDN {
			return []string{"addressType: FQDN endpoints are deprecated"}
		}
		for i, endpoint := range e.Endpoints {
			for j, address := range endpoint.Addresses {
				at := field.NewPath("endpoints").Index(i).Child("addresses").Index(j)
				warnings = append(warnings, utilvalidation.GetWarningsForIP(at, address)...)
			}
		}
		return warnings
	},
}

var apiServiceStrategy = mirrored[*apiregistration.APIService]{
	prepare: func(a *apiregistration.APIService) {
		a.Status = apiregistration.APIServiceStatus{}
	},
	validate: apiregistrationvalidation.ValidateAPIService,
}
