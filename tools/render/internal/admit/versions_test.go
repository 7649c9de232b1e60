package admit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func TestRemovedAPIIsRefused(t *testing.T) {
	t.Parallel()
	v := New(nil)
	for _, test := range []struct{ apiVersion, kind, message string }{
		{"policy/v1beta1", "PodDisruptionBudget", "is not served since Kubernetes 1.25; use policy/v1 PodDisruptionBudget"},
		{"policy/v1beta1", "PodSecurityPolicy", "is not served since Kubernetes 1.25; nothing replaces it"},
		{"extensions/v1beta1", "Ingress", "is not served since Kubernetes 1.22; use networking.k8s.io/v1 Ingress"},
		{"extensions/v1beta1", "Deployment", "is not served since Kubernetes 1.16; use apps/v1 Deployment"},
		{"apps/v1beta2", "StatefulSet", "is not served since Kubernetes 1.16; use apps/v1 StatefulSet"},
		{"batch/v1beta1", "CronJob", "is not served since Kubernetes 1.25; use batch/v1 CronJob"},
		{"autoscaling/v2beta2", "HorizontalPodAutoscaler", "is not served since Kubernetes 1.26; use autoscaling/v2 HorizontalPodAutoscaler"},
		{"autoscaling/v2beta1", "HorizontalPodAutoscaler", "is not served since Kubernetes 1.25; use autoscaling/v2 HorizontalPodAutoscaler"},
		{"networking.k8s.io/v1beta1", "Ingress", "is not served since Kubernetes 1.22; use networking.k8s.io/v1 Ingress"},
		{"rbac.authorization.k8s.io/v1beta1", "Role", "is not served since Kubernetes 1.22; use rbac.authorization.k8s.io/v1 Role"},
		{
			"flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema",
			"is not served since Kubernetes 1.32; use flowcontrol.apiserver.k8s.io/v1 FlowSchema",
		},
		{
			"apiextensions.k8s.io/v1beta1", "CustomResourceDefinition",
			"is not served since Kubernetes 1.22; use apiextensions.k8s.io/v1 CustomResourceDefinition",
		},
		{
			"apiregistration.k8s.io/v1beta1", "APIService",
			"is not served since Kubernetes 1.22; use apiregistration.k8s.io/v1 APIService",
		},
	} {
		object := parse(t, "{metadata: {name: a, namespace: ns}}")
		object.SetAPIVersion(test.apiVersion)
		object.SetKind(test.kind)
		wantFaults(t, v.Validate(object), Fault{
			Path: "apiVersion", Value: test.apiVersion, Message: test.apiVersion + " " + test.kind + " " + test.message,
		})
		if v.Known(object.GroupVersionKind()) {
			t.Errorf("%s %s counts as known", test.apiVersion, test.kind)
		}
	}
}

func TestVersionThatNeverExistedIsRefused(t *testing.T) {
	t.Parallel()
	wantFaults(t, validate(t, "{apiVersion: apps/v2, kind: Deployment, metadata: {name: a}}"),
		Fault{Path: "apiVersion", Message: `Deployment has no version "v2"; use apps/v1`, Value: "apps/v2"})
	wantFaultAt(t, validate(t, "{apiVersion: autoscaling/v3, kind: HorizontalPodAutoscaler}"), "apiVersion", "use autoscaling/v2")
}

func TestMisspelledBuiltinKindIsRefused(t *testing.T) {
	t.Parallel()
	wantFaults(t, validate(t, "{apiVersion: apps/v1, kind: Deploymnet, metadata: {name: a}}"),
		Fault{Path: "kind", Message: `Kubernetes has no apps/v1 Deploymnet; did you mean "Deployment"?`, Value: "Deploymnet"})
	wantFaultAt(t, validate(t, "{apiVersion: apps/v1, kind: Pod}"), "kind", "Kubernetes has no apps/v1 Pod")
}

func TestDeprecatedAndSwitchedOffVersionsAreWarnedOf(t *testing.T) {
	t.Parallel()
	got := validate(t, samples["/Endpoints"].valid)
	wantPass(t, got)
	want := []string{"apiVersion: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"}
	if diff := cmp.Diff(want, texts(got.Warnings)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	got = validate(t, samples["certificates.k8s.io/ClusterTrustBundle"].valid)
	wantPass(t, got)
	if len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0].Message, "--runtime-config=certificates.k8s.io/v1beta1=true") {
		t.Errorf("warnings: %q", texts(got.Warnings))
	}
}

func TestUnknownKindIsNotChecked(t *testing.T) {
	t.Parallel()
	got := validate(t, "{apiVersion: example.com/v1, kind: Widget, metadata: {name: a}}")
	wantUnchecked(t, got, "add its definition")
	if !got.UnknownKind {
		t.Error("UnknownKind is false")
	}
}

func TestUnsupportedKindsAreNotCheckedAndSayWhy(t *testing.T) {
	t.Parallel()
	for manifest, part := range map[string]string{
		"{apiVersion: v1, kind: Event, metadata: {name: a, namespace: ns}}":                          "not kept in Git",
		"{apiVersion: resource.k8s.io/v1beta1, kind: ResourceClaim, metadata: {name: a}}":            "not linked",
		"{apiVersion: authentication.k8s.io/v1, kind: TokenReview, metadata: {name: a}}":             "request to the API server",
		"{apiVersion: v1, kind: List, items: []}":                                                    "not an object that a cluster stores",
		"{apiVersion: admissionregistration.k8s.io/v1alpha1, kind: MutatingAdmissionPolicy}":         "newer than the library",
		"{apiVersion: apps/v1, kind: DeploymentList, items: []}":                                     "not an object that a cluster stores",
		"{apiVersion: events.k8s.io/v1, kind: Event, metadata: {name: a, namespace: ns}, reason: x}": "not kept in Git",
	} {
		got := validate(t, manifest)
		wantUnchecked(t, got, part)
		if got.UnknownKind {
			t.Errorf("%s: UnknownKind is true", manifest)
		}
	}
}

func TestScopesAreKnownForBuiltinRemovedNewerAndCustomKinds(t *testing.T) {
	t.Parallel()
	v := New(parseAll(t, widgets, strings.NewReplacer("Namespaced", "Cluster", "Widget", "Gadget", "widgets", "gadgets").Replace(widgets)))
	for kind, want := range map[schema.GroupKind]Scope{
		gk("", "Pod"):       Namespaced,
		gk("", "Namespace"): Cluster,
		gk("", "Event"):     Namespaced,
		gk("rbac.authorization.k8s.io", "ClusterRole"):                Cluster,
		gk("rbac.authorization.k8s.io", "Role"):                       Namespaced,
		gk("apiextensions.k8s.io", "CustomResourceDefinition"):        Cluster,
		gk("apiregistration.k8s.io", "APIService"):                    Cluster,
		gk("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): Cluster,
		gk("certificates.k8s.io", "PodCertificateRequest"):            Namespaced,
		gk("resource.k8s.io", "ResourceClaim"):                        Namespaced,
		gk("extensions", "Ingress"):                                   Namespaced,
		gk("policy", "PodSecurityPolicy"):                             Cluster,
		gk("example.com", "Widget"):                                   Namespaced,
		gk("example.com", "Gadget"):                                   Cluster,
		gk("example.com", "Gizmo"):                                    ScopeUnknown,
	} {
		if got := v.Scope(kind); got != want {
			t.Errorf("%v: got %v, want %v", kind, got, want)
		}
	}
}

func TestKnownMeansServed(t *testing.T) {
	t.Parallel()
	v := New(parseAll(t, widgets))
	for kind, want := range map[schema.GroupVersionKind]bool{
		gvk("", "v1", "Pod"):                            true,
		gvk("", "v1", "PodList"):                        false,
		gvk("", "v2", "Pod"):                            false,
		gvk("policy", "v1beta1", "PodDisruptionBudget"): false,
		gvk("resource.k8s.io", "v1", "ResourceClaim"):   true,
		gvk("example.com", "v1", "Widget"):              true,
		gvk("example.com", "v1alpha1", "Widget"):        false,
		gvk("example.com", "v9", "Widget"):              false,
		gvk("apps", "__internal", "Deployment"):         false,
	} {
		if got := v.Known(kind); got != want {
			t.Errorf("%v: got %v, want %v", kind, got, want)
		}
	}
}
