package admit

import (
	"maps"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func sampleKey(kind schema.GroupKind) string { return kind.Group + "/" + kind.Kind }

func TestEveryBuiltinKindIsReallyValidated(t *testing.T) {
	t.Parallel()
	v := New(nil)
	for kind := range natives {
		t.Run(sampleKey(kind), func(t *testing.T) {
			t.Parallel()
			s, ok := samples[sampleKey(kind)]
			if !ok {
				t.Fatal("no sample object of this kind")
			}
			object := parse(t, s.valid)
			if got := object.GroupVersionKind().GroupKind(); got != kind {
				t.Fatalf("the sample is a %v", got)
			}
			if !v.Known(object.GroupVersionKind()) {
				t.Errorf("Known(%v) is false", object.GroupVersionKind())
			}
			wantPass(t, v.Validate(object))
			set(t, object, s.spoil, s.with)
			wantFaultAt(t, v.Validate(object), s.at, "")
		})
	}
	if extra := len(samples) - len(natives); extra != 0 {
		t.Errorf("%d samples more than kinds", extra)
	}
}

func TestEveryStorableBuiltinKindIsValidatedOrNotCheckedWithAReason(t *testing.T) {
	t.Parallel()
	v := New(nil)
	for _, scheme := range history() {
		for kind := range scheme.AllKnownTypes() {
			object := recall(kind)
			if object == nil || !hasMetadata(object) || removedIn(object) != "" || kind.Group == "meta.k8s.io" {
				continue
			}
			if !storable(kind.GroupKind()) {
				t.Errorf("%v is in neither table", kind)
			}
			if v.Scope(kind.GroupKind()) == ScopeUnknown {
				t.Errorf("%v has no scope", kind)
			}
		}
	}
	for kind := range unsupported {
		if _, both := natives[kind]; both {
			t.Errorf("%v is in both tables", kind)
		}
	}
}

func hasMetadata(object runtime.Object) bool {
	type hasObjectMeta interface{ GetGenerateName() string }
	_, ok := object.(hasObjectMeta)
	return ok
}

func TestUnsupportedKindsNeverPass(t *testing.T) {
	t.Parallel()
	v := New(nil)
	kinds := slices.SortedFunc(maps.Keys(unsupported), func(a, b schema.GroupKind) int {
		return slices.Compare([]string{a.Group, a.Kind}, []string{b.Group, b.Kind})
	})
	for _, kind := range kinds {
		for _, version := range []string{"v1", "v1beta1", "v1alpha1"} {
			object := parse(t, "{metadata: {name: a, namespace: ns}}")
			object.SetGroupVersionKind(kind.WithVersion(version))
			got := v.Validate(object)
			if got.Status == Pass {
				t.Errorf("%v %s passed without being checked", kind, version)
			}
			if got.Status == NotChecked && got.Reason == "" {
				t.Errorf("%v %s is not checked for no reason", kind, version)
			}
		}
	}
}
