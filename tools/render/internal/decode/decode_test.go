package decode

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

type outer struct {
	Name  string            `json:"name"`
	Count int64             `json:"count"`
	Inner inner             `json:"inner"`
	List  []inner           `json:"list"`
	Words map[string]string `json:"words"`
}

type inner struct {
	RepoURL string `json:"repoURL"`
	Open    bool   `json:"open"`
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFieldNamesCountToTheLetter(t *testing.T) {
	t.Parallel()
	var got outer
	if err := Into(object(t, "name: a\ninner: {repoUrl: b}"), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(outer{Name: "a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStrictListsEveryUnknownFieldWithItsPath(t *testing.T) {
	t.Parallel()
	got := Strict(object(t, "nam: a\ninner: {repoUrl: b}\nlist: [{repoURL: c}, {of: true}]"), &outer{})
	want := []Fault{
		{"inner.repoUrl", `unknown field "inner.repoUrl"`},
		{"list[1].of", `unknown field "list[1].of"`},
		{"nam", `unknown field "nam"`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := Strict(object(t, "name: a\nlist: [{open: true}]"), &outer{}); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestWrongTypeNamesFieldAndBothTypes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Fault{
		"inner: [a]":            {"inner", "inner: found a list, want a mapping"},
		"list: {a: b}":          {"list", "list: found a mapping, want a list"},
		"list: [{open: maybe}]": {"list.open", "list.open: found text, want true or false"},
		"name: true":            {"name", "name: found true or false, want text"},
		"count: many":           {"count", "count: found text, want a whole number"},
		"words: {a: 1}":         {"words", "words: found a number, want text"},
	} {
		err := Into(object(t, text), &outer{})
		var got *Fault
		if !errors.As(err, &got) {
			t.Errorf("%s: got %v", text, err)
			continue
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
		if strict := Strict(object(t, text), &outer{}); len(strict) != 1 || strict[0] != want {
			t.Errorf("%s: strict gives %v", text, strict)
		}
	}
}
