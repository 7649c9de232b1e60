package revision

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestASparseOrPartialCloneIsRead(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t, map[string]string{"a": "1"})
	file := filepath.Join(dir, ".git/config")
	must(t, os.WriteFile(file, []byte("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n"+
		"\tpartialClone = origin\n"), 0o600))
	if c, err := Open(dir, "HEAD"); err != nil || !c.Equal("a", []byte("1")) {
		t.Errorf("%v", err)
	}
	must(t, os.WriteFile(file, []byte("[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n"), 0o600))
	if _, err := Open(dir, "HEAD"); err == nil {
		t.Error("references that cannot be read are read")
	}
}

func TestALinkedWorktreeIsRead(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t, map[string]string{"a": "1"}, map[string]string{"a": "2"})
	linked := filepath.Join(filepath.Dir(dir), filepath.Base(dir)+"-linked")
	cmd := exec.Command("git", "worktree", "add", "-q", "--detach", linked, "HEAD^")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { os.RemoveAll(linked) })
	for rev, want := range map[string]string{"HEAD": "1", "main": "2"} {
		if c, err := Open(linked, rev); err != nil || !c.Equal("a", []byte(want)) {
			t.Errorf("%s: %v", rev, err)
		}
	}
}
