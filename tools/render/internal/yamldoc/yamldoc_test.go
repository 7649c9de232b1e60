package yamldoc

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func TestReadSplitsAStream(t *testing.T) {
	t.Parallel()
	docs, err := Read("f.yaml", []byte("# head\n---\na: 1\n---\n---\n# nothing\n---\nb: |\n  text\n  ---x\n...\n---\nnull\n---\n\nc: {d: e}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	var objects []map[string]any
	for _, d := range docs {
		lines, objects = append(lines, d.Line), append(objects, d.Object)
	}
	want := []map[string]any{{"a": int64(1)}, {"b": "text\n---x\n"}, {"c": map[string]any{"d": "e"}}}
	if diff := cmp.Diff(want, objects); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{3, 8, 16}, lines); diff != "" {
		t.Error(diff)
	}
}

func TestScalarsAreThoseOfKubernetes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"on":         true, // YAML 1.1, as kubectl reads it
		"no":         false,
		`"on"`:       "on",
		"'1'":        "1",
		"1":          int64(1),
		"1.0":        int64(1),
		"1.5":        1.5,
		"1e3":        int64(1000),
		"0x1f":       int64(31),
		"017":        int64(15),
		"1_000":      int64(1000),
		"~":          nil,
		"2026-01-02": "2026-01-02",
		"1:30":       "1:30",
		"-0":         int64(0),
		"|-\n  on":   "on",
		">-\n  1":    "1",
		"é ✓":        "é ✓",
		"!!str 1":    "1",
		"":           nil,
	} {
		docs, err := Read("f.yaml", []byte("a: "+text+"\n"))
		if err != nil || len(docs) != 1 {
			t.Errorf("%q: %d documents, %v", text, len(docs), err)
			continue
		}
		if diff := cmp.Diff(want, docs[0].Object["a"]); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func TestFaultsNameFileAndLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: {b: c":                     "f.yaml:1: did not find expected ',' or '}'",
		"a: 1\nb: {c: d\n\n\n":         "f.yaml:2: did not find expected ',' or '}'",
		"a: 1\nb: [c\nd: e\n":          "f.yaml:3: did not find expected ',' or ']'",
		"a:\n  - b\n - c\n":            "f.yaml:3: did not find expected key",
		"a: 1\nb\n":                    "f.yaml:2: could not find expected ':'",
		"a: b: c\n":                    "f.yaml:1: mapping values are not allowed in this context",
		"a: 1\n\tb: 2\n":               "f.yaml:2: found a tab character that violates indentation",
		"a: 'b\n":                      "f.yaml:1: found unexpected end of stream",
		"a: *b\n":                      "f.yaml:1: unknown anchor 'b' referenced",
		"a: 1\n---\nb: 1\n---\nc: {\n": "f.yaml:5: did not find expected node content",
		"a: 1\nb: 2\na: 3\n":           `f.yaml:3: key "a" is already set in line 1`,
		"a:\n- b: 1\n  b: 2\n":         `f.yaml:3: key "b" is already set in line 2`,
		"a: 1\n---\n- b\n":             "f.yaml:3: want a mapping (key: value), found a list",
		"a: 1\n---\n0: 1\n0.0: 2\n":    `f.yaml:3: two keys read as "0"`,
		"just text\n":                  `f.yaml:1: want a mapping (key: value), found the text "just text"`,
		"a: \x00\n":                    "f.yaml: not a text file in UTF-8",
	} {
		_, err := Read("f.yaml", []byte(text))
		if err == nil {
			t.Errorf("%q: no error", text)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	t.Parallel()
	deep := func(n int) []byte {
		return []byte("x: 1\na: " + strings.Repeat("{a: ", n) + "1" + strings.Repeat("}", n) + "\n")
	}
	if _, err := Read("f.yaml", deep(MaxDepth-2)); err != nil {
		t.Error(err)
	}
	if _, err := Read("f.yaml", deep(MaxDepth)); err == nil || !strings.HasPrefix(err.Error(), "f.yaml:2: nested more than 500 levels") {
		t.Errorf("got %v", err)
	}
}

func TestDuplicateFindsTheFirst(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"a: 1\nb: 2\n":                    0,
		"a: 1\n---\na: 1\n":               0,
		"a: 1\n---\nb: [{c: 1,\nc: 2}]\n": 4,
		"a: &x {b: 1}\nc: {<<: *x, b: 2}": 0,
		"a: {<<: {b: 1}, <<: {c: 1}}":     0,
		"a: {b: 1}\nc: [b\n":              0, // not YAML: Syntax says so
	} {
		if line, _ := Duplicate([]byte(text)); line != want {
			t.Errorf("%q: line %d, want %d", text, line, want)
		}
	}
}

func TestAtKeepsWhatIsNoYAMLError(t *testing.T) {
	t.Parallel()
	if got := At("f.yaml", errors.New("strange")).Error(); got != "f.yaml: strange" {
		t.Error(got)
	}
	var s struct{ A []string }
	err := yaml.Unmarshal([]byte("x: 1\na: {b: c}\n"), &s)
	if got := At("f.yaml", err).Error(); got != "f.yaml:2: found a mapping, want a list" {
		t.Error(got)
	}
}
