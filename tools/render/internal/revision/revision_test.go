package revision

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// repository makes a repository with one commit for each set of files; an empty
// text removes the file.
func repository(t *testing.T, commits ...map[string]string) (string, *git.Repository) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range commits {
		commit(t, dir, repo, files)
	}
	return dir, repo
}

func commit(t *testing.T, dir string, repo *git.Repository, files map[string]string) plumbing.Hash {
	t.Helper()
	for name, data := range files {
		p := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		if data == "" {
			must(t, os.Remove(p))
		} else if target, ok := strings.CutPrefix(data, "-> "); ok {
			must(t, os.Symlink(target, p))
		} else {
			must(t, os.WriteFile(p, []byte(data), 0o600))
		}
	}
	work, err := repo.Worktree()
	must(t, err)
	must(t, work.AddWithOptions(&git.AddOptions{All: true}))
	hash, err := work.Commit("change", &git.CommitOptions{Author: &object.Signature{Name: "t", Email: "t@example.com", When: time.Unix(1, 0)}})
	must(t, err)
	return hash
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestACommitReadsAsItsCheckoutWould(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t, map[string]string{"a/b/file": "text", "a/link": "-> b", "top": "1", "out": "-> ../x"})
	c, err := Open(dir, "HEAD")
	must(t, err)
	// The working tree may go on: the commit does not.
	must(t, os.WriteFile(filepath.Join(dir, "a/b/file"), []byte("other"), 0o600))
	tr := tree.OpenFiles(c)
	data, err := tr.ReadFile("a/link/file")
	if err != nil || string(data) != "text" {
		t.Errorf("through a link: %q, %v", data, err)
	}
	entries, err := tr.ReadDir("a")
	if want := []tree.Entry{{Name: "b", Dir: true}, {Name: "link", Dir: true}}; err != nil || !slices.Equal(entries, want) {
		t.Errorf("folder: %v, %v", entries, err)
	}
	for _, name := range []string{"none", "a/none", "top/none", "none/none"} {
		if _, _, err := tr.Resolve(name); err == nil || tr.IsFile(name) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	if _, err := c.Lstat("none/deeper"); err != fs.ErrNotExist { //nolint:errorlint // the very value is the promise
		t.Errorf("%v, want %v", err, fs.ErrNotExist)
	}
	if _, err := tr.ReadFile("out"); err == nil || !strings.Contains(err.Error(), "leaves the repository") {
		t.Errorf("a link that leads out: %v", err)
	}
	if !c.Equal("top", []byte("1")) || c.Equal("top", []byte("2")) || c.Equal("none", nil) || c.Equal("a", nil) {
		t.Error("Equal does not compare contents")
	}
}

func TestTheBaseIsWhereTheBranchLeftMain(t *testing.T) {
	t.Parallel()
	dir, repo := repository(t, map[string]string{"a": "1"}, map[string]string{"a": "2"})
	fork, err := repo.Head()
	must(t, err)
	set := func(name plumbing.ReferenceName, hash plumbing.Hash) {
		must(t, repo.Storer.SetReference(plumbing.NewHashReference(name, hash)))
	}
	set("refs/heads/feature", fork.Hash())
	must(t, repo.Storer.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/feature")))
	commit(t, dir, repo, map[string]string{"b": "1"})
	c, err := Open(dir, "")
	must(t, err)
	if c.Hash != fork.Hash().String() || c.Name != "merge base with main" {
		t.Errorf("%s %s, want %s", c.Hash, c.Name, fork.Hash())
	}
	// What is pushed counts more than what is only here.
	first, err := repo.ResolveRevision("main^")
	must(t, err)
	set("refs/remotes/origin/main", *first)
	c, err = Open(dir, "")
	must(t, err)
	if c.Hash != first.String() || c.Name != "merge base with origin/main" {
		t.Errorf("%s %s, want %s", c.Hash, c.Name, first)
	}
}

func TestWhatIsNoCommitIsRefused(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	if _, err := Open(dir, ""); err == nil || !strings.Contains(err.Error(), "no commit to compare with") {
		t.Errorf("an empty repository: %v", err)
	}
	if _, err := Open(t.TempDir(), ""); err == nil || !strings.Contains(err.Error(), "in no Git repository") {
		t.Errorf("no repository: %v", err)
	}
}

func TestAFolderOfARepositoryIsSeenAlone(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t, map[string]string{"deep/folder/file": "1", "file": "2"})
	c, err := Open(filepath.Join(dir, "deep/folder"), "HEAD")
	must(t, err)
	if data, err := c.ReadFile("file"); err != nil || string(data) != "1" {
		t.Errorf("%q, %v", data, err)
	}
	if names, err := c.ReadDir("."); err != nil || len(names) != 1 {
		t.Errorf("%v, %v", names, err)
	}
}
