package fields

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// keyed is a schema in which lists of a name have these keys, at any depth.
type keyed map[string][]string

func (k keyed) Field(name string) (Schema, []string) { return k, k[name] }

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// lines writes changes as "op path: from -> to".
func lines(changes []Change) []string {
	out := []string{}
	for _, c := range changes {
		from, _ := json.Marshal(c.From)
		to, _ := json.Marshal(c.To)
		out = append(out, fmt.Sprintf("%s %s: %s -> %s", c.Op, c.Path, from, to))
	}
	return out
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to string
		want     []string
	}{
		"the same":                    {"a: 1", "a: 1.0", []string{}},
		"null is no value":            {"a: null", "{}", []string{}},
		"an empty value is one":       {"a: {}", "{}", []string{"removed a: {} -> null"}},
		"a type is part of a value":   {"a: 1", "a: '1'", []string{`changed a: 1 -> "1"`}},
		"a key with a dot":            {"a: {x.io/b: 1}", "a: {x.io/b: 2}", []string{"changed a[x.io/b]: 1 -> 2"}},
		"a map for a list":            {"a: [1]", "a: {b: 1}", []string{`changed a: [1] -> {"b":1}`}},
		"an element by its name":      {"l: [{name: a, v: 1}, {name: b, v: 1}]", "l: [{name: b, v: 2}]", []string{`removed l[name=a]: {"name":"a","v":1} -> null`, "changed l[name=b].v: 1 -> 2"}},
		"elements in another order":   {"l: [{name: a}, {name: b}]", "l: [{name: b}, {name: a}]", []string{`reordered l: ["name=a","name=b"] -> ["name=b","name=a"]`}},
		"a key of the schema":         {"ports: [{port: 1, name: a}]", "ports: [{port: 1, name: b}]", []string{`changed ports[port=1].name: "a" -> "b"`}},
		"a key that is there twice":   {"ports: [{port: 1, protocol: UDP, x: 1}, {port: 1, protocol: TCP}]", "ports: [{port: 1, protocol: UDP, x: 2}, {port: 1, protocol: TCP}]", []string{"changed ports[port=1,protocol=UDP].x: 1 -> 2"}},
		"a text put into a list":      {"args: [a, b, c]", "args: [a, x, b, c]", []string{`added args[1]: null -> "x"`}},
		"a text taken out of a list":  {"args: [a, b, c]", "args: [a, c]", []string{`removed args[1]: "b" -> null`}},
		"a text changed in a list":    {"args: [a, b, c]", "args: [a, x, c]", []string{`changed args[1]: "b" -> "x"`}},
		"an element without identity": {"l: [{v: 1}, {v: 2}]", "l: [{v: 1}, {v: 3}]", []string{"changed l[1].v: 2 -> 3"}},
		"lists of lists":              {"l: [[1, 2]]", "l: [[1, 3]]", []string{"changed l[0][1]: 2 -> 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lines(Compare(object(t, c.from), object(t, c.to), keyed{"ports": {"port"}}))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAHiddenValueSaysThatItChangedAndNothingElse(t *testing.T) {
	t.Parallel()
	from := map[string]any{"a": Hidden{}, "b": Hidden{1}}
	to := map[string]any{"a": Hidden{}, "b": Hidden{2}}
	if diff := cmp.Diff([]string{`changed b: "(hidden)" -> "(hidden)"`}, lines(Compare(from, to, nil))); diff != "" {
		t.Error(diff)
	}
}

func TestPlacesAreThoseOfTheNewObject(t *testing.T) {
	t.Parallel()
	got := Compare(object(t, "l: [{name: a, v: 1}, {name: b, v: 1}]"), object(t, "l: [{name: c}, {name: b, v: 2}]"), nil)
	var at []string
	for _, c := range got {
		at = append(at, c.At)
	}
	if diff := cmp.Diff([]string{"", "l[1].v", "l[0]"}, at); diff != "" {
		t.Error(diff)
	}
}

// FuzzCompare holds for any two objects: equal ones have no difference and others
// have some.
func FuzzCompare(f *testing.F) {
	f.Add(`{"a": [{"name": "x", "v": 1}, {"name": "y"}]}`, `{"a": [{"name": "y"}, {"name": "x", "v": 2}]}`)
	f.Add(`{"a": [1, 2, 3]}`, `{"a": [2, 3, 4]}`)
	f.Add(`{"a": [{"name": "x"}, {"name": "x"}]}`, `{"a": [{"name": "x"}]}`)
	f.Add(`{"a": null}`, `{"a": {}}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		var from, to map[string]any
		if json.Unmarshal([]byte(a), &from) != nil || json.Unmarshal([]byte(b), &to) != nil {
			return
		}
		if got := Compare(from, from, nil); len(got) > 0 {
			t.Fatalf("an object differs from itself: %v", lines(got))
		}
		there := Compare(from, to, nil)
		if Equal(from, to) && len(there) > 0 {
			t.Fatalf("equal objects differ: %v", lines(there))
		}
		if !Equal(from, to) && len(there) == 0 && !strings.Contains(a+b, "null") {
			t.Fatal("other objects do not differ")
		}
	})
}
