package tree

import (
	"os"
	"path/filepath"
	"testing"
)

// TestATraceHoldsOnlyOfATreeThatAnswersTheSame asks a tree a few things, and then
// changes one of them at a time.
func TestATraceHoldsOnlyOfATreeThatAnswersTheSame(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a/one": "1", "a/two": "2", "b/other": "3"}
	with := func(name, data string) map[string]string {
		out := map[string]string{name: data}
		for k, v := range files {
			if _, changed := out[k]; !changed {
				out[k] = v
			}
		}
		return out
	}
	without := func(name string) map[string]string {
		out := with(name, "")
		delete(out, name)
		return out
	}
	ask := func(tr *Tree) {
		_, _ = tr.ReadFile("a/one")
		_, _ = tr.ReadDir("a")
		tr.IsFile("c/none")
		tr.IsDir("b")
	}
	trace := &Trace{}
	ask(repo(t, files).Traced(trace))
	for name, c := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"the same":                        {files, true},
		"a file that was not read":        {with("b/other", "4"), true},
		"a file that was listed only":     {with("a/two", "4"), true},
		"a file where nobody looked":      {with("b/new", "4"), true},
		"a file that was read":            {with("a/one", "4"), false},
		"a file that was read is gone":    {without("a/one"), false},
		"a file in a folder listed":       {with("a/new", "4"), false},
		"a file in a folder listed gone":  {without("a/two"), false},
		"a file that was missed":          {with("c/none", "4"), false},
		"a folder in a folder listed":     {with("a/new/deep", "4"), false},
		"a folder that was there is gone": {without("b/other"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := trace.Holds(repo(t, c.files)); got != c.want {
				t.Errorf("holds: %v, want %v", got, c.want)
			}
		})
	}
}

func TestATraceSeesWhereALinkLeads(t *testing.T) {
	t.Parallel()
	linked := func(target string) *Tree {
		tr := repo(t, map[string]string{"a/one": "1", "b/one": "1"})
		if err := os.Symlink(target, filepath.Join(tr.Dir(), "link")); err != nil {
			t.Fatal(err)
		}
		return tr
	}
	trace := &Trace{}
	if _, err := linked("a").Traced(trace).ReadFile("link/one"); err != nil {
		t.Fatal(err)
	}
	if !trace.Holds(linked("a")) || trace.Holds(linked("b")) || trace.Holds(linked("/etc")) {
		t.Error("a link elsewhere, with the same contents there, is another answer")
	}
}

func TestAMountIsNotPartOfATrace(t *testing.T) {
	t.Parallel()
	tr := repo(t, map[string]string{"a": "1"})
	tr.Mount(".m/x@1", repo(t, map[string]string{"f": "2"}).Dir())
	trace := &Trace{}
	if _, err := tr.Traced(trace).ReadFile(".m/x@1/f"); err != nil {
		t.Fatal(err)
	}
	if got := trace.Mounts(); len(got) != 1 || got[0] != ".m/x@1" {
		t.Errorf("mounts %v", got)
	}
	if !trace.Holds(repo(t, nil)) {
		t.Error("the trace asks a tree without the mount for what is in it")
	}
}
