package tree

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFoldersAreTheSameDownToTheLastFile(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a/b/c": "1", "a/d": "2", "e/f": "3"}
	for name, c := range map[string]struct {
		change map[string]string
		want   bool
	}{
		"nothing":                  {nil, true},
		"a file beside":            {map[string]string{"e/f": "4"}, true},
		"a file deep below":        {map[string]string{"a/b/c": "4"}, false},
		"a new file deep below":    {map[string]string{"a/b/new": "4"}, false},
		"a file instead of a link": {map[string]string{"a/link": "1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := map[string]string{}
			for k, v := range files {
				other[k] = v
			}
			for k, v := range c.change {
				other[k] = v
			}
			here, there := repo(t, files), repo(t, other)
			symlink(t, here, "b/c", "a/link")
			if c.change["a/link"] == "" {
				symlink(t, there, "b/c", "a/link")
			}
			if got := CompareFolders(here, there).Same("a"); got != c.want {
				t.Errorf("same: %v, want %v", got, c.want)
			}
		})
	}
}

func symlink(t *testing.T, tr *Tree, target, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(tr.Dir(), name)); err != nil {
		t.Fatal(err)
	}
}
