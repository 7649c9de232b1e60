package facts

import (
	"maps"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const file = `kind: ConfigMap
data:
  environment: dev
  repoURL: https://git.example.com/org/repo.git
  value: "old" # why
`

// FuzzUpdate: whatever a value is, either it is refused, or a YAML reader finds
// exactly it in the file, and nothing else has changed.
func FuzzUpdate(f *testing.F) {
	for _, seed := range []string{"x", "5432", "yes", "null", "a: b", "a #b", `"`, "'", "- a", "rds!db", "ünïcode", "{", "*a", "0x1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		values, err := texts(map[string]any{"environment": "dev", "value": value})
		if err != nil {
			return
		}
		updated, err := Update("facts.yaml", []byte(file), values)
		if err != nil {
			t.Fatalf("%q is refused: %v", value, err)
		}
		var got struct {
			Kind string
			Data map[string]string
		}
		if err := yaml.UnmarshalStrict(updated, &got); err != nil {
			t.Fatalf("%q: %v in\n%s", value, err, updated)
		}
		want := map[string]string{"environment": "dev", "repoURL": "https://git.example.com/org/repo.git", "value": value}
		if !maps.Equal(got.Data, want) || !strings.HasSuffix(string(updated), " # why\n") {
			t.Errorf("%q: got %q and\n%s", value, got.Data, updated)
		}
	})
}

func TestAValueOverSeveralLinesIsNotEditedBlindly(t *testing.T) {
	_, err := Update("facts.yaml", []byte("data:\n  environment: dev\n  value: |\n    old\n"),
		map[string]string{"environment": "dev", "value": "new"})
	if err == nil {
		t.Error("a block scalar was replaced; want it refused, or the file whole")
	}
}
