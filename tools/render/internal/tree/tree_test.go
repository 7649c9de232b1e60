package tree

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// repo writes files below a new folder and opens it.
func repo(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func link(t *testing.T, tr *Tree, target, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(tr.Dir(), name)); err != nil {
		t.Fatal(err)
	}
}

func TestLinkInsideTheRepositoryIsFollowed(t *testing.T) {
	t.Parallel()
	tr := repo(t, map[string]string{"real/a.yaml": "a: 1"})
	link(t, tr, "real", "alias")
	data, err := tr.ReadFile("alias/a.yaml")
	if err != nil || string(data) != "a: 1" {
		t.Fatalf("got %q, %v", data, err)
	}
}

func TestLinkOutOfTheRepositoryIsRefused(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	tr := repo(t, map[string]string{"a/b.yaml": ""})
	rel, err := filepath.Rel(filepath.Join(tr.Dir(), "a"), outside)
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"a/absolute": outside, "a/relative": rel, "a/up": "../.."} {
		link(t, tr, target, name)
		if _, _, err := tr.Resolve(name); !errors.Is(err, ErrOutside) {
			t.Errorf("%s -> %s: got %v, want ErrOutside", name, target, err)
		}
	}
}

func TestLinkLoopEndsInAnError(t *testing.T) {
	t.Parallel()
	tr := repo(t, nil)
	link(t, tr, "b", "a")
	link(t, tr, "a", "b")
	if _, _, err := tr.Resolve("a"); err == nil || !strings.Contains(err.Error(), "symbolic links") {
		t.Fatalf("got %v", err)
	}
}

func TestPathAboveTheRootIsRefused(t *testing.T) {
	t.Parallel()
	tr := repo(t, nil)
	for _, p := range []string{"..", "../x", "a/../../x", "/etc/passwd"} {
		if _, err := tr.ReadFile(p); err == nil {
			t.Errorf("%s was read", p)
		}
	}
}

func TestLongLineIsNamed(t *testing.T) {
	t.Parallel()
	tr := repo(t, map[string]string{"a.yaml": "x: 1\ny: " + strings.Repeat("y", 3<<20) + "\n"})
	_, err := tr.ReadFile("a.yaml")
	if err == nil || !strings.Contains(err.Error(), "a.yaml:2: line of 3.1 MB") {
		t.Fatalf("got %v", err)
	}
}

func TestFileOverTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	tr := repo(t, map[string]string{"a.yaml": strings.Repeat("x: 1\n", 2<<20)})
	if _, err := tr.ReadFile("a.yaml"); err == nil || !strings.Contains(err.Error(), "the limit is 8 MB") {
		t.Fatalf("got %v", err)
	}
}

func TestAliasBombIsRefused(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		prev := "*a" + string(rune('0'+i-1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(prev+", ", 8) + prev + "]\n")
	}
	tr := repo(t, map[string]string{"bomb.yaml": b.String(), "fine.yaml": "a: &x {k: v}\nb: *x\n"})
	v := NewView(tr)
	if _, err := v.ReadFile("/bomb.yaml"); err == nil || !strings.Contains(err.Error(), "bomb.yaml:1: aliases expand") {
		t.Fatalf("got %v", err)
	}
	if _, err := v.ReadFile("/fine.yaml"); err != nil {
		t.Fatal(err)
	}
}

func TestViewRemembersReadsAndNeverWrites(t *testing.T) {
	t.Parallel()
	tr := repo(t, map[string]string{"a/k.yaml": "old", "a/other": "o"})
	v := NewView(tr)
	if err := v.WriteFile("/a/k.yaml", []byte("new")); err != nil {
		t.Fatal(err)
	}
	if data, err := v.In("a").ReadFile("k.yaml"); err != nil || string(data) != "new" {
		t.Fatalf("got %q, %v", data, err)
	}
	if _, err := v.ReadFile("/a/other"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/other"}, v.Reads()); diff != "" {
		t.Error(diff)
	}
	disk, err := os.ReadFile(filepath.Join(tr.Dir(), "a/k.yaml"))
	if err != nil || string(disk) != "old" {
		t.Fatalf("the file on disk is now %q, %v", disk, err)
	}
}

func TestMountedFolderIsReadableUnderItsName(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "crd.yaml"), []byte("c"), 0o600); err != nil {
		t.Fatal(err)
	}
	tr := repo(t, nil)
	tr.Mount(".modules/example.com/m@v1", other)
	data, err := tr.ReadFile(".modules/example.com/m@v1/crd.yaml")
	if err != nil || string(data) != "c" {
		t.Fatalf("got %q, %v", data, err)
	}
}

func TestGlobMatchesLikeFilepathGlob(t *testing.T) {
	t.Parallel()
	tr := repo(t, map[string]string{"clusters/dev/root.yaml": "", "clusters/prod/root.yaml": "", "clusters/base/x.yaml": ""})
	got, err := NewView(tr).Glob("clusters/*/root.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"clusters/dev/root.yaml", "clusters/prod/root.yaml"}, got); diff != "" {
		t.Error(diff)
	}
}
