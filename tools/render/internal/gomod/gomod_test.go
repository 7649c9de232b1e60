package gomod

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// cached puts one file into a module of a new cache and returns the cache and
// the module's hash.
func cached(t *testing.T, modules ...string) (cache string, sums string) {
	t.Helper()
	cache = t.TempDir()
	for _, m := range modules {
		dir := filepath.Join(cache, filepath.FromSlash(m))
		write(t, filepath.Join(dir, "base/kustomization.yaml"), "resources: []\n")
		sum, err := dirhash.HashDir(dir, m, dirhash.Hash1)
		if err != nil {
			t.Fatal(err)
		}
		sums += strings.Replace(m, "@", " ", 1) + " " + sum + "\n"
	}
	return cache, sums
}

func write(t *testing.T, file, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// load opens a repository of these files with a cache.
func load(t *testing.T, cache string, files map[string]string) (*Modules, *tree.Tree) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		write(t, filepath.Join(dir, name), data)
	}
	tr, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(tr, []string{"go.mod", "tools/*/go.mod"})
	if err != nil {
		t.Fatal(err)
	}
	m.cache = cache
	return m, tr
}

func TestFindReadsTheRequiredVersion(t *testing.T) {
	t.Parallel()
	cache, sums := cached(t, "example.com/org/lib@v1.2.0", "example.com/org/lib/v2@v2.0.1", "example.com/old@v3.0.0+incompatible")
	m, tr := load(t, cache, map[string]string{
		"go.mod":         "module x\nrequire example.com/org/lib v1.2.0\n",
		"go.sum":         sums,
		"tools/a/go.mod": "module a\nrequire (\n\texample.com/org/lib/v2 v2.0.1\n\texample.com/old v3.0.0+incompatible\n)\n",
		"tools/a/go.sum": sums,
		"tools/b/go.mod": "module b\nrequire example.com/org/lib v1.2.0\n",
	})
	for _, want := range []struct{ repo, ref, dir string }{
		{"example.com/org/lib", "v1.2.0", ".modules/example.com/org/lib@v1.2.0"},
		{"example.com/org/lib.git", "v2.0.1", ".modules/example.com/org/lib/v2@v2.0.1"},
		{"example.com/old", "v3.0.0", ".modules/example.com/old@v3.0.0+incompatible"},
	} {
		dir, err := m.Find(want.repo, want.ref)
		if err != nil || dir != want.dir {
			t.Errorf("%s at %s: %q, %v", want.repo, want.ref, dir, err)
			continue
		}
		if _, err := tr.ReadFile(dir + "/base/kustomization.yaml"); err != nil {
			t.Error(err)
		}
	}
	if dir, err := m.Module("example.com/org/lib/v2"); err != nil || dir != ".modules/example.com/org/lib/v2@v2.0.1" {
		t.Errorf("%q, %v", dir, err)
	}
	if err := m.Verify(); err != nil {
		t.Error(err)
	}
	if got := Name(".modules/example.com/org/lib@v1.2.0/base"); got != "example.com/org/lib@v1.2.0/base" {
		t.Error(got)
	}
}

func TestWhatCannotBeProvedIsRefused(t *testing.T) {
	t.Parallel()
	cache, sums := cached(t, "example.com/sum@v1.0.0", "example.com/replaced@v1.0.0", "example.com/sumless@v1.0.0")
	lines := strings.SplitAfter(sums, "\n")
	m, _ := load(t, cache, map[string]string{
		"go.mod": "module x\nrequire (\n\texample.com/sum v1.0.0\n\texample.com/replaced v1.0.0\n\texample.com/sumless v1.0.0\n" +
			"\texample.com/absent v1.0.0\n)\nreplace example.com/replaced => ../x\n",
		"go.sum": lines[0] + lines[1] + "example.com/absent v1.0.0 h1:x\nexample.com/sumless v1.0.0/go.mod h1:x\n",
	})
	for ref, want := range map[[2]string]string{
		{"example.com/none", "v1.0.0"}:     "is not a module that a go.mod of this repository requires",
		{"example.com/replaced", "v1.0.0"}: "is not a module that a go.mod of this repository requires",
		{"example.com/sum", "v1.0.1"}:      `at "v1.0.1": the go.mod files require v1.0.0`,
		{"example.com/sum", ""}:            `at "": the go.mod files require v1.0.0`,
		{"example.com/sumless", "v1.0.0"}:  "has no hash in go.sum",
		{"example.com/absent", "v1.0.0"}:   "is not in the module cache",
	} {
		if dir, err := m.Find(ref[0], ref[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %q, %v", ref, dir, err)
		}
	}
}

func TestTamperedModuleFailsVerify(t *testing.T) {
	t.Parallel()
	cache, sums := cached(t, "example.com/lib@v1.0.0", "example.com/unread@v1.0.0")
	write(t, filepath.Join(cache, "example.com/lib@v1.0.0/base/more.yaml"), "a: 1\n")
	write(t, filepath.Join(cache, "example.com/unread@v1.0.0/base/more.yaml"), "a: 1\n")
	m, _ := load(t, cache, map[string]string{
		"go.mod": "module x\nrequire (\n\texample.com/lib v1.0.0\n\texample.com/unread v1.0.0\n)\n", "go.sum": sums,
	})
	if err := m.Verify(); err != nil {
		t.Errorf("nothing was read: %v", err)
	}
	var wg sync.WaitGroup
	for range 8 { // the hash runs beside those who read
		wg.Go(func() {
			if _, err := m.Find("example.com/lib", "v1.0.0"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	err := m.Verify()
	if err == nil || !strings.Contains(err.Error(), "module example.com/lib v1.0.0 in the cache is not the one in go.sum") {
		t.Errorf("got %v", err)
	}
}

func TestBrokenGoModIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module x\nrequires y\n")
	tr, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(tr, []string{"go.mod"}); err == nil || !strings.Contains(err.Error(), "go.mod:2: unknown directive: requires") {
		t.Errorf("got %v", err)
	}
	if _, err := Load(tr, []string{"none/go.mod"}); err != nil {
		t.Error(err)
	}
	if _, err := Load(tr, []string{"[/go.mod"}); err == nil {
		t.Error("a pattern that is none was taken")
	}
}
