package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a clone of what the cluster syncs from.
type repository struct{ dir string }

// clone takes a copy to edit and push from, as a colleague would.
func (p *platform) clone(t *testing.T) *repository {
	t.Helper()
	address, err := p.ClusterIP(t.Context(), "git", "git")
	if err != nil || address == "" {
		t.Fatalf("the Service git/git: %q, %v", address, err)
	}
	token, err := p.Secret(t.Context(), "git", "git", "token")
	if err != nil || token == "" {
		t.Fatalf("the token to push with: %v", err)
	}
	r := &repository{dir: t.TempDir()}
	r.run(t, "clone", "--quiet", "http://platform:"+token+"@"+address+"/platform.git", ".")
	r.run(t, "config", "user.name", "e2e")
	r.run(t, "config", "user.email", "e2e@example.com")
	return r
}

func (r *repository) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(background(t), "git", args...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repository) head(t *testing.T) string {
	t.Helper()
	return r.run(t, "rev-parse", "HEAD")
}

func (r *repository) reset(t *testing.T, commit string) {
	t.Helper()
	// A commit that undoes, and no rewriting: the reader of the log sees what happened.
	r.run(t, "checkout", "--quiet", commit, "--", ".")
	r.run(t, "clean", "-fdq")
	for _, added := range strings.Fields(r.run(t, "diff", "--name-only", "--diff-filter=A", commit, "HEAD")) {
		r.run(t, "rm", "-fq", "--ignore-unmatch", added)
	}
	r.run(t, "commit", "--quiet", "--allow-empty", "-m", "undo the test")
}

// write replaces a file.
func (r *repository) write(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join(r.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// edit replaces one text in a file, which must be there once.
func (r *repository) edit(t *testing.T, file, old, with string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), old) != 1 {
		t.Fatalf("%s has %q %d times; want it once", file, old, strings.Count(string(text), old))
	}
	r.write(t, file, strings.Replace(string(text), old, with, 1))
}

// commit records all changes and returns the commit.
func (r *repository) commit(t *testing.T, subject string) string {
	t.Helper()
	r.run(t, "add", "--all")
	r.run(t, "commit", "--quiet", "-m", subject)
	return r.head(t)
}

// push publishes.
func (r *repository) push(t *testing.T) {
	t.Helper()
	r.run(t, "push", "--quiet", "origin", "HEAD:main")
}
