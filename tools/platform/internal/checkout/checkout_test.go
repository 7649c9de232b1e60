package checkout_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/mlops-platform/tools/gitserver/gittest"
	"example.com/mlops-platform/tools/platform/internal/checkout"
	"example.com/mlops-platform/tools/platform/internal/git"
)

func TestMain(m *testing.M) { os.Exit(gittest.Main(m)) }

// remote is a repository on a server that this test started.
func remote(t *testing.T) git.Remote {
	t.Helper()
	return git.Remote{Address: gittest.Start(t, t.TempDir()).Address("platform.git"), Token: gittest.Token}
}

func push(t *testing.T, dir string, to git.Remote, force bool) checkout.Pushed {
	t.Helper()
	done, err := checkout.Checkout{Dir: dir}.Push(t.Context(), to, force)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func served(t *testing.T, r git.Remote) string {
	t.Helper()
	refs, err := r.Refs(t.Context(), "refs/heads/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(refs) > 1 {
		t.Errorf("branches: %v; want main alone", refs)
	}
	return refs[checkout.Branch]
}

func TestWhatIsCheckedOutIsServedAsMain(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	first := gittest.Git(t, work, "rev-parse", "HEAD")
	gittest.Git(t, work, "checkout", "-q", "-b", "topic")
	if done := push(t, work, to, false); done != (checkout.Pushed{Revision: first}) {
		t.Errorf("%+v; want %s, new", done, first)
	}
	if done := push(t, work, to, false); done.Changed() {
		t.Errorf("%+v; want no change", done)
	}
	second := gittest.Commit(t, work, "README.md", "two")
	gittest.Git(t, work, "checkout", "-q", "--detach")
	if done := push(t, work, to, false); done != (checkout.Pushed{Revision: second, Before: first}) {
		t.Errorf("%+v; want from %s to %s", done, first, second)
	}
	if got := served(t, to); got != second {
		t.Errorf("main is %s; want %s", got, second)
	}
}

func TestAShallowCloneIsServed(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	tip := gittest.Commit(t, work, "README.md", "two")
	shallow := filepath.Join(t.TempDir(), "shallow")
	gittest.Git(t, work, "clone", "-q", "--depth", "1", "file://"+work, shallow)
	push(t, shallow, to, false)
	if got := served(t, to); got != tip {
		t.Errorf("main is %s; want %s", got, tip)
	}
}

func TestWhatIsNotCommittedIsCounted(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	for _, name := range []string{"README.md", "new", "a name\nof two lines"} {
		if err := os.WriteFile(filepath.Join(work, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done := push(t, work, to, false)
	if want := "3 files have changes that are not committed, so not served: git status"; done.Warning() != want {
		t.Errorf("warning %q; want %q", done.Warning(), want)
	}
	gittest.Git(t, work, "add", "--all")
	gittest.Git(t, work, "commit", "-qm", "all")
	if done := push(t, work, to, false); done.Warning() != "" {
		t.Errorf("warning %q; want none", done.Warning())
	}
}

func TestCommitsOfOthersAreNotTakenOutWithoutForce(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	gittest.Commit(t, work, "README.md", "two")
	push(t, work, to, false)
	gittest.Git(t, work, "reset", "-q", "--hard", "HEAD^")
	gittest.Commit(t, work, "README.md", "three")
	if _, err := (checkout.Checkout{Dir: work}).Push(t.Context(), to, false); err == nil ||
		!strings.Contains(err.Error(), "git pull local main") {
		t.Errorf("error %v; want one that says what to do", err)
	}
	push(t, work, to, true)
}

func TestAHookOfThePersonIsNotRun(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	if err := os.MkdirAll(filepath.Join(work, ".git", "hooks"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, ".git", "hooks", "pre-push"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	push(t, work, to, false)
}

func TestAFolderWithoutGitIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	// No server is asked: the address leads nowhere.
	_, err := checkout.Checkout{Dir: t.TempDir()}.Push(t.Context(), git.Remote{Address: "http://127.0.0.1:1/x.git"}, false)
	if err == nil || !strings.Contains(err.Error(), "git init && git add . && git commit") {
		t.Errorf("error %v; want one that says what to do", err)
	}
}

func TestAWrongTokenIsAnErrorAndNoQuestion(t *testing.T) {
	t.Parallel()
	to := remote(t)
	to.Token = strings.Repeat("f", 64)
	_, err := checkout.Checkout{Dir: gittest.WorkingCopy(t)}.Push(t.Context(), to, false)
	if err == nil || strings.Contains(err.Error(), to.Token) {
		t.Errorf("error %v; want one without the token", err)
	}
}

func config(t *testing.T, work string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(work, ".git", "config"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPlainGitPushLocalServesWhatIsCheckedOut(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	c := checkout.Checkout{Dir: work}
	for range 2 { // make up can be repeated
		if err := c.Configure(t.Context(), "local", to); err != nil {
			t.Fatal(err)
		}
	}
	gittest.Git(t, work, "checkout", "-q", "-b", "topic")
	gittest.Git(t, work, "push", "-q", "local")
	gittest.Git(t, work, "checkout", "-q", "--detach")
	tip := gittest.Commit(t, work, "README.md", "two")
	gittest.Git(t, work, "push", "-q", "local")
	if got := served(t, to); got != tip {
		t.Errorf("main is %s; want %s", got, tip)
	}
	gittest.Git(t, work, "pull", "-q", "--ff-only", "local", "main")
}

func TestTheTokenIsReadableForItsOwnerOnlyAndNotInTheConfiguration(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	if err := (checkout.Checkout{Dir: work}).Configure(t.Context(), "local", to); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(config(t, work), to.Token) {
		t.Error("the token is in .git/config")
	}
	info, err := os.Stat(filepath.Join(work, ".git", "credentials-local"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the token: %v, %v; want mode 0600", info, err)
	}
	if out := gittest.Git(t, work, "status", "--porcelain"); out != "" {
		t.Errorf("the working copy has changes:\n%s", out)
	}
}

func TestTheTokenIsNotGivenToAPersonsOwnHelper(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	kept := filepath.Join(t.TempDir(), "kept")
	gittest.Git(t, work, "config", "credential.helper", "store --file="+kept)
	if err := (checkout.Checkout{Dir: work}).Configure(t.Context(), "local", to); err != nil {
		t.Fatal(err)
	}
	gittest.Git(t, work, "push", "-q", "local")
	if _, err := os.Stat(kept); !os.IsNotExist(err) {
		t.Errorf("another helper was told the token: %v", err)
	}
}

func TestRemoveLeavesTheConfigurationAsItWas(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "remote", "add", "origin", "https://example.com/origin.git")
	before := config(t, work)
	c := checkout.Checkout{Dir: work}
	if err := c.Remove(t.Context(), "local"); err != nil {
		t.Errorf("with nothing to remove: %v", err)
	}
	if err := c.Configure(t.Context(), "local", to); err != nil {
		t.Fatal(err)
	}
	if err := c.Remove(t.Context(), "local"); err != nil {
		t.Fatal(err)
	}
	if after := config(t, work); after != before {
		t.Errorf("configuration was\n%s\nand is\n%s", before, after)
	}
	if _, err := os.Stat(filepath.Join(work, ".git", "credentials-local")); !os.IsNotExist(err) {
		t.Errorf("the token is still there: %v", err)
	}
	if err := (checkout.Checkout{Dir: t.TempDir()}).Remove(t.Context(), "local"); err != nil {
		t.Errorf("in a folder without Git: %v", err)
	}
}

// A path with a quote and a space is no other command for the shell that runs the helper.
func TestAFolderMayHaveAnyName(t *testing.T) {
	t.Parallel()
	to := remote(t)
	work := filepath.Join(t.TempDir(), "it's a copy")
	gittest.Git(t, t.TempDir(), "clone", "-q", "--no-hardlinks", gittest.WorkingCopy(t), work)
	if err := (checkout.Checkout{Dir: work}).Configure(t.Context(), "local", to); err != nil {
		t.Fatal(err)
	}
	gittest.Git(t, work, "push", "-q", "local")
}
