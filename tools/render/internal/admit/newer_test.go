package admit

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	utilversion "k8s.io/apimachinery/pkg/util/version"
)

// newerPaths returns the paths of what was not checked.
func newerPaths(got Result) (paths []string) {
	for _, fault := range got.Newer {
		paths = append(paths, fault.Path)
	}
	return paths
}

func TestFieldNewerThanTheLibraryIsNotChecked(t *testing.T) {
	t.Parallel()
	const spec = "spec.template.spec"
	for name, test := range map[string]struct{ path, value, newer string }{
		"host name override":     {spec + ".hostnameOverride", "gpu.example.com", spec + ".hostnameOverride"},
		"workload reference":     {spec + ".workloadRef", "{name: a, podGroup: b}", spec + ".workloadRef"},
		"restart rules":          {spec + ".containers.0.restartPolicyRules", "[{action: Restart}]", spec + ".containers[0].restartPolicyRules"},
		"restart policy":         {spec + ".containers.0.restartPolicy", "Never", spec + ".containers[0].restartPolicy"},
		"pod resources":          {spec + ".resources", "{limits: {cpu: 1}}", spec + ".resources"},
		"image volume":           {spec + ".volumes", "[{name: model, image: {reference: a}}]", spec + ".volumes[0].image"},
		"env from a file":        {spec + ".containers.0.env", "[{name: A, valueFrom: {fileKeyRef: {volumeName: a, path: b, key: c}}}]", spec + ".containers[0].env[0].valueFrom.fileKeyRef"},
		"pod certificate":        {spec + ".volumes", "[{name: a, projected: {sources: [{podCertificate: {signerName: a/b}}]}}]", spec + ".volumes[0].projected.sources[0].podCertificate"},
		"claims of a container":  {spec + ".containers.0.resources", "{claims: [{name: gpu}]}", spec + ".containers[0].resources.claims"},
		"claims of a pod":        {spec + ".resourceClaims", "[{name: gpu, resourceClaimTemplateName: gpu}]", spec + ".resourceClaims"},
		"restart policy of init": {spec + ".initContainers", "[{name: i, image: i, restartPolicy: OnFailure}]", spec + ".initContainers[0].restartPolicy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := spoiled(t, test.path, parseValue(t, test.value))
			wantPass(t, got)
			if diff := cmp.Diff([]string{test.newer}, newerPaths(got)); diff != "" {
				t.Errorf("not checked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValueNewerThanTheLibraryIsNotChecked(t *testing.T) {
	t.Parallel()
	service := "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns}, spec: {ports: [{port: 80}], trafficDistribution: VALUE}}"
	got := validate(t, strings.Replace(service, "VALUE", "PreferSameNode", 1))
	wantPass(t, got)
	want := []Fault{{
		Path: "spec.trafficDistribution", Value: "PreferSameNode",
		Message: "not checked: this value came with Kubernetes 1.34, the validation library is 1.33",
	}}
	if diff := cmp.Diff(want, got.Newer); diff != "" {
		t.Errorf("not checked (-want +got):\n%s", diff)
	}
	wantFaultAt(t, validate(t, strings.Replace(service, "VALUE", "PreferFar", 1)), "spec.trafficDistribution", "Unsupported value")
	got = validate(t, strings.Replace(service, "VALUE", "PreferClose", 1))
	wantPass(t, got)
	if len(got.Newer) > 0 {
		t.Errorf("not checked: %q", texts(got.Newer))
	}
}

func TestRestartPoliciesThatAreNotNewerAreStillChecked(t *testing.T) {
	t.Parallel()
	got := spoiled(t, "spec.template.spec.initContainers", parseValue(t, "[{name: proxy, image: proxy, restartPolicy: Always}]"))
	wantPass(t, got)
	if len(got.Newer) > 0 {
		t.Errorf("not checked: %q", texts(got.Newer))
	}
	wantFaultAt(t, spoiled(t, "spec.template.spec.initContainers", parseValue(t, "[{name: proxy, image: proxy, restartPolicy: Sometimes}]")),
		"spec.template.spec.initContainers[0].restartPolicy", "Unsupported value")
	wantFaultAt(t, spoiled(t, "spec.template.spec.containers.0.restartPolicy", "Sometimes"),
		"spec.template.spec.containers[0].restartPolicy", "Forbidden")
}

func TestTheRestOfAnObjectWithANewerFieldIsChecked(t *testing.T) {
	t.Parallel()
	object := parse(t, deploymentManifest)
	set(t, object, "spec.template.spec.hostnameOverride", "a")
	set(t, object, "spec.template.spec.containers.0.imag", "a")
	set(t, object, "spec.replicas", int64(-1))
	got := New(nil).Validate(object)
	wantFaultAt(t, got, "spec.template.spec.containers[0].imag", "unknown field")
	wantFaultAt(t, got, "spec.replicas", "must be greater than or equal to 0")
	if len(got.Faults) != 2 {
		t.Errorf("faults: %q", texts(got.Faults))
	}
	if diff := cmp.Diff([]string{"spec.template.spec.hostnameOverride"}, newerPaths(got)); diff != "" {
		t.Errorf("not checked (-want +got):\n%s", diff)
	}
}

func TestKindNewerThanTheLibraryIsNotChecked(t *testing.T) {
	t.Parallel()
	for kind, newer := range newerKinds {
		object := parse(t, "{metadata: {name: a, namespace: ns}}")
		object.SetGroupVersionKind(kind)
		v := New(nil)
		got := v.Validate(object)
		wantUnchecked(t, got, "came with Kubernetes "+newer.since)
		if !v.Known(kind) || len(got.Newer) != 1 || got.UnknownKind {
			t.Errorf("%v: known %v, newer %q, unknown %v", kind, v.Known(kind), texts(got.Newer), got.UnknownKind)
		}
	}
}

func TestCelFunctionNewerThanTheLibraryIsNotChecked(t *testing.T) {
	t.Parallel()
	rule := func(expression string) string {
		return strings.Replace(widgets, "self.minimum <= self.size", expression, 1)
	}
	got := validate(t, rule(`[1, 2].distinct().size() == self.size`))
	wantPass(t, got)
	if len(got.Newer) != 1 || !strings.Contains(got.Newer[0].Message, "the expression uses distinct, which came with Kubernetes 1.34") {
		t.Errorf("not checked: %q", texts(got.Newer))
	}
	wantFaultAt(t, validate(t, rule(`nonsense(self.size)`)),
		"spec.versions[2].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule", "undeclared reference to 'nonsense'")
}

func TestTheTableOfNewerFieldsFitsTheLibrary(t *testing.T) {
	t.Parallel()
	library := utilversion.MustParseGeneric(LibraryVersion)
	for _, f := range newerFields {
		since := utilversion.MustParseGeneric(f.since)
		if !library.LessThan(since) || clusterRelease.LessThan(since) {
			t.Errorf("%v.%s: %s is not between %s and %s", f.owner, f.name, f.since, LibraryVersion, ClusterVersion)
		}
		if !reachable(f) {
			t.Errorf("%v.%s: no built-in kind contains it", f.owner, f.name)
		}
	}
	for kind := range newerKinds {
		if n, ok := natives[kind.GroupKind()]; ok && n.family().scheme.Recognizes(kind) {
			t.Errorf("%v: the library has it", kind)
		}
	}
}

// reachable reports whether any kind's plan takes the field out.
func reachable(f newerField) bool {
	var search func(p *plan) bool
	search = func(p *plan) bool {
		for _, candidate := range p.newer[f.name] {
			if reflect.DeepEqual(candidate, f) {
				return true
			}
		}
		for _, below := range p.below {
			if search(below) {
				return true
			}
		}
		return false
	}
	for kind, n := range natives {
		for _, gv := range n.family().scheme.VersionsForGroupKind(kind) {
			prototype, err := n.family().scheme.New(gv.WithKind(kind.Kind))
			if err != nil {
				continue
			}
			if p := planFor(reflect.TypeOf(prototype)); p != nil && search(p) {
				return true
			}
		}
	}
	return false
}
