package admit

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// parse reads one YAML document. Tabs, which Go source indents with and YAML forbids, count as spaces.
func parse(t testing.TB, manifest string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(manifest, "\t", "  ")), &u.Object); err != nil {
		t.Fatalf("parsing the test's YAML: %v\n%s", err, manifest)
	}
	return u
}

// parseAll reads several documents.
func parseAll(t testing.TB, manifests ...string) (objects []*unstructured.Unstructured) {
	t.Helper()
	for _, manifest := range manifests {
		objects = append(objects, parse(t, manifest))
	}
	return objects
}

// set puts value at a path of map keys and list indices, or removes what is there if value is nil.
func set(t testing.TB, u *unstructured.Unstructured, path string, value any) {
	t.Helper()
	steps := strings.Split(path, ".")
	var at any = u.Object
	for _, step := range steps[:len(steps)-1] {
		switch v := at.(type) {
		case map[string]any:
			at = v[step]
		case []any:
			at = v[index(t, step)]
		default:
			t.Fatalf("%s: nothing at %s", path, step)
		}
	}
	last := steps[len(steps)-1]
	switch v := at.(type) {
	case map[string]any:
		if value == nil {
			delete(v, last)
			return
		}
		v[last] = value
	case []any:
		v[index(t, last)] = value
	default:
		t.Fatalf("%s: nothing at %s", path, last)
	}
}

func index(t testing.TB, step string) int {
	t.Helper()
	i, err := strconv.Atoi(step)
	if err != nil {
		t.Fatalf("%q is not a list index", step)
	}
	return i
}

// validate validates a manifest in a cluster with the given custom resource definitions.
func validate(t testing.TB, manifest string, crds ...string) Result {
	t.Helper()
	return New(parseAll(t, crds...)).Validate(parse(t, manifest))
}

// texts returns faults as the API server prints them.
func texts(faults []Fault) []string {
	lines := make([]string, len(faults))
	for i, fault := range faults {
		lines[i] = fault.String()
	}
	return lines
}

// wantPass fails the test unless the API server would accept the object.
func wantPass(t testing.TB, got Result) {
	t.Helper()
	if got.Status != Pass {
		t.Fatalf("got %v %q %q, want pass", got.Status, texts(got.Faults), got.Reason)
	}
}

// wantFaults fails the test unless the object is refused for exactly these reasons.
func wantFaults(t testing.TB, got Result, want ...Fault) {
	t.Helper()
	if got.Status != Fail {
		t.Fatalf("got %v %q, want fail", got.Status, got.Reason)
	}
	if diff := cmp.Diff(want, got.Faults); diff != "" {
		t.Fatalf("faults (-want +got):\n%s", diff)
	}
}

// wantFaultAt fails the test unless the object is refused for something at path whose message contains part.
func wantFaultAt(t testing.TB, got Result, path, part string) {
	t.Helper()
	if got.Status != Fail {
		t.Fatalf("got %v %q, want fail", got.Status, got.Reason)
	}
	for _, fault := range got.Faults {
		if fault.Path == path && strings.Contains(fault.Message, part) {
			return
		}
	}
	t.Fatalf("got faults %q, want one at %q with %q", texts(got.Faults), path, part)
}

// wantUnchecked fails the test unless nothing was decided, for a reason that contains part.
func wantUnchecked(t testing.TB, got Result, part string) {
	t.Helper()
	if got.Status != NotChecked || !strings.Contains(got.Reason, part) || len(got.Faults) > 0 {
		t.Fatalf("got %v %q %q, want not checked because of %q", got.Status, texts(got.Faults), got.Reason, part)
	}
}
