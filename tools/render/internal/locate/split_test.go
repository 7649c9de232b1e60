package locate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitTakesAFieldPathApart(t *testing.T) {
	t.Parallel()
	for p, want := range map[string][]string{
		"":                  nil,
		"spec":              {"spec"},
		"spec.replicas":     {"spec", "replicas"},
		"spec.a[0].b":       {"spec", "a", "0", "b"},
		"spec.a[main].b[1]": {"spec", "a", "main", "b", "1"},
		"metadata.annotations[argocd.argoproj.io/sync-wave]": {"metadata", "annotations", "argocd.argoproj.io/sync-wave"},
		`data["x.y"].z`: {"data", "x.y", "z"},
		"data['x]y":     {"data", "x", "y"},
		"a[b":           {"a", "b"},
		"a..b.":         {"a", "b"},
		"[0][1]":        {"0", "1"},
		"a[]":           {"a", ""},
	} {
		if diff := cmp.Diff(want, Split(p)); diff != "" {
			t.Errorf("%q:\n%s", p, diff)
		}
	}
}

// FuzzSplit: no panic, and no part is longer than the path.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"spec.a[0].b", `data["x.y"]`, "a[b", "]", "[", "..", "a[']"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, p string) {
		total := 0
		for _, part := range Split(p) {
			total += len(part)
		}
		if total > len(p) {
			t.Fatalf("%q: parts of %d bytes", p, total)
		}
		if k := lastKey(p); !strings.Contains(p, k) {
			t.Fatalf("%q: last key %q", p, k)
		}
	})
}
