package admit

import (
	"encoding/json"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// object wraps fields that no YAML file could hold.
func object(fields map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: fields}
}

// nested returns an object with lists in lists, depth levels deep.
func nested(depth int) *unstructured.Unstructured {
	var inner any = "x"
	for range depth {
		inner = []any{inner}
	}
	return object(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": inner})
}

func TestHostileObjectsAreRefusedWithoutPanic(t *testing.T) {
	t.Parallel()
	cyclic := map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}
	cyclic["data"] = []any{cyclic, cyclic}
	shared := any("x")
	for range 64 {
		shared = []any{shared, shared} // 2^64 values in 64 small lists
	}
	for name, test := range map[string]struct {
		object   *unstructured.Unstructured
		at, part string
	}{
		"nil":                 {nil, "", "the object is empty"},
		"nil fields":          {object(nil), "", "the object is empty"},
		"no fields":           {object(map[string]any{}), "kind", "Required value"},
		"version of a number": {object(map[string]any{"apiVersion": int64(1), "kind": "Pod"}), "apiVersion", "must be a string"},
		"kind of a list":      {object(map[string]any{"apiVersion": "v1", "kind": []any{}}), "kind", "must be a string"},
		"two slashes":         {object(map[string]any{"apiVersion": "a/b/c", "kind": "Pod"}), "apiVersion", "GROUP/VERSION"},
		"slash only":          {object(map[string]any{"apiVersion": "apps/", "kind": "Pod"}), "apiVersion", "GROUP/VERSION"},
		"internal version":    {object(map[string]any{"apiVersion": "apps/__internal", "kind": "Deployment"}), "apiVersion", "has no version"},
		"deep":                {nested(maxDepth + 1), "", "exceeded max depth"},
		"very deep":           {nested(1_000_000), "", "exceeded max depth"},
		"cyclic":              {object(cyclic), "", "exceeded max depth"},
		"exploding":           {object(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": shared}), "", "too large"},
		"huge":                {object(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"a": strings.Repeat("x", 4<<20)}}), "", "too large"},
		"channel":             {object(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"a": []any{make(chan int)}}}), "spec.a[0]", "is not a JSON value"},
		"not a number":        {object(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": math.NaN()}), "spec", "NaN is not a JSON number"},
		"bad number":          {object(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": json.Number("x")}), "spec", "is not a number"},
		"metadata of a list":  {object(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": []any{}}), "metadata", "must be an object"},
		"spec of text":        {object(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": "x"}), "spec", "must be an object"},
		"null everywhere": {
			object(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": nil, "spec": map[string]any{"containers": []any{nil}}}),
			"spec.containers[0].name", "Required value",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := New(nil).Validate(test.object)
			if got.Status != Fail {
				t.Fatalf("got %v %q, want fail", got.Status, got.Reason)
			}
			for _, fault := range got.Faults {
				if fault.Path == test.at && strings.Contains(fault.Message, test.part) {
					return
				}
			}
			t.Fatalf("got faults %q, want one at %q with %q", texts(got.Faults), test.at, test.part)
		})
	}
}

func TestEveryFieldOfEverySampleMayHaveAnyType(t *testing.T) {
	t.Parallel()
	v := New(parseAll(t, widgets))
	valid := []string{widget("{size: 20, ports: [{name: a, port: 1}], limits: {cpu: {soft: 1}}, template: {apiVersion: v1, kind: Pod}}")}
	for _, s := range samples {
		valid = append(valid, s.valid)
	}
	for _, manifest := range valid {
		original := parse(t, manifest)
		for _, junk := range []any{nil, "", "x", int64(-1), 1.5, true, []any{}, []any{nil}, []any{[]any{}}, map[string]any{}, map[string]any{"": nil}} {
			replaceEach(original.Object, junk, func() {
				got := v.Validate(original)
				if strings.Contains(got.Reason, "panicked") {
					data, _ := json.Marshal(original.Object)
					t.Errorf("%s\n%s", got.Reason, data)
				}
			})
		}
	}
}

// replaceEach calls do once for every value in an object, while junk stands in its place.
func replaceEach(at any, junk any, do func()) {
	switch v := at.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = junk
			do()
			v[key] = value
			replaceEach(value, junk, do)
		}
	case []any:
		for i, value := range v {
			v[i] = junk
			do()
			v[i] = value
			replaceEach(value, junk, do)
		}
	}
}

func TestHostileDefinitionsAreIgnoredOrRefusedWithoutPanic(t *testing.T) {
	t.Parallel()
	original := parse(t, widgets)
	resource := parse(t, widget("{size: 20}"))
	for _, junk := range []any{nil, "x", int64(-1), []any{nil}, []any{"x"}, map[string]any{"": nil}, map[string]any{"x": map[string]any{}}} {
		replaceEach(original.Object, junk, func() {
			v := New([]*unstructured.Unstructured{nil, object(nil), original})
			for _, got := range []Result{v.Validate(original), v.Validate(resource)} {
				if strings.Contains(got.Reason, "panicked") {
					data, _ := json.Marshal(original.Object)
					t.Errorf("%s\n%s", got.Reason, data)
				}
			}
		})
	}
}

func TestPanicOfTheLibraryIsNoVerdict(t *testing.T) {
	t.Parallel()
	v := New(parseAll(t, widgets))
	v.definitions[gk("example.com", "Widget")].versions["v1"].compile = func() (*compiled, error) { panic("boom") }
	wantUnchecked(t, v.Validate(parse(t, widget("{size: 20}"))), "boom at")
}

func TestObjectTooLargeForEtcdIsWarnedOf(t *testing.T) {
	t.Parallel()
	got := validate(t, widget("{size: 20, anything: {a: "+strings.Repeat("x", 2<<20)+"}}"), widgets)
	wantPass(t, got)
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0].Message, "larger than etcd stores") {
		t.Errorf("warnings: %q", texts(got.Warnings))
	}
}

func TestGoNumbersCountAsJSONNumbers(t *testing.T) {
	t.Parallel()
	for _, replicas := range []any{int(2), int8(2), int16(2), int32(2), uint(2), uint8(2), uint16(2), uint32(2), uint64(2), float32(2), 2.0, json.Number("2")} {
		wantPass(t, spoiled(t, "spec.replicas", replicas))
	}
}

func TestConcurrentUseGivesTheSameResults(t *testing.T) {
	t.Parallel()
	v := New(parseAll(t, widgets))
	manifests := []string{widget("{size: 5}"), deploymentManifest, widgets, widget("{size: 20, colour: red}"), "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget}"}
	var want []Result
	for _, manifest := range manifests {
		want = append(want, New(parseAll(t, widgets)).Validate(parse(t, manifest)))
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i, manifest := range manifests {
				if diff := cmp.Diff(want[i], v.Validate(parse(t, manifest))); diff != "" {
					t.Errorf("differs (-alone +together):\n%s", diff)
				}
			}
		})
	}
	wait.Wait()
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	// Not parallel: it counts the goroutines of the process.
	before := runtime.NumGoroutine()
	v := New(parseAll(t, widgets))
	for _, s := range samples {
		v.Validate(parse(t, s.valid))
	}
	v.Validate(parse(t, widget("{size: 20}")))
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
