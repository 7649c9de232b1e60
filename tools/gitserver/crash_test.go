package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.com/mlops-platform/tools/gitserver/gittest"
)

// received lists what a push that is under way has written so far.
func received(t *testing.T, bare string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(bare, "objects", "*incoming-*", "pack", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// manyFiles commits so many objects that git receives them as a pack: from 100 on.
func manyFiles(t *testing.T, work string) string {
	t.Helper()
	for i := range 120 {
		if err := os.WriteFile(filepath.Join(work, fmt.Sprintf("file-%d", i)), []byte(noise(t, 32<<10)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gittest.Git(t, work, "add", "--all")
	gittest.Git(t, work, "commit", "-q", "-m", "many")
	return gittest.Git(t, work, "rev-parse", "HEAD")
}

// stalling is a way to the server that passes on so many bytes of each connection and drops the rest.
func stalling(t *testing.T, s *gittest.Server, bytes int64) (way string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	server := strings.TrimPrefix(s.URL, "http://")
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			onward, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(client, onward) // until the server ends
				client.Close()
			}()
			go func() {
				_, _ = io.CopyN(onward, client, bytes)
				_, _ = io.Copy(io.Discard, client) // until the client ends
				onward.Close()
			}()
		}
	}()
	return strings.Replace(s.Remote("a.git"), server, listener.Addr().String(), 1)
}

func TestAServerKilledInTheMiddleOfAPushLeavesTheRepositoryWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := gittest.Start(t, dir)
	work := gittest.WorkingCopy(t)
	before := gittest.Git(t, work, "rev-parse", "HEAD")
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	bare := filepath.Join(dir, "a.git")
	after := manyFiles(t, work)
	way := stalling(t, s, 2<<20)
	pushed := make(chan error, 1)
	go func() {
		_, err := gittest.Try(t, work, "push", way, "main")
		pushed <- err
	}()
	gittest.Until(t, "objects arrive", func() bool { return len(received(t, bare)) > 0 })
	s.Kill(t)
	if err := <-pushed; err == nil {
		t.Fatal("the push was told that it went through")
	}
	gittest.Git(t, bare, "fsck", "--strict")
	if got := gittest.Git(t, bare, "rev-parse", "main"); got != before {
		t.Fatalf("main is %s; want %s as before", got, before)
	}
	s = gittest.Start(t, dir)
	if left := received(t, bare); len(left) > 0 {
		t.Errorf("left after a new start: %q", left)
	}
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	if got := gittest.Git(t, bare, "rev-parse", "main"); got != after {
		t.Fatalf("main is %s after the second try; want %s", got, after)
	}
}

func TestAPushWhoseClientGoesChangesNothing(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir(), "--max-pushes", "1")
	work := gittest.WorkingCopy(t)
	before := gittest.Git(t, work, "rev-parse", "HEAD")
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	bare := filepath.Join(s.Dir, "a.git")
	manyFiles(t, work)
	push := exec.CommandContext(t.Context(), "git", "push", stalling(t, s, 2<<20), "main")
	push.Dir, push.Env, push.SysProcAttr = work, gittest.Environ(), &syscall.SysProcAttr{Setpgid: true}
	if err := push.Start(); err != nil {
		t.Fatal(err)
	}
	gittest.Until(t, "objects arrive", func() bool { return len(received(t, bare)) > 0 })
	if err := syscall.Kill(-push.Process.Pid, syscall.SIGKILL); err != nil { // the group: git has children
		t.Fatal(err)
	}
	_ = push.Wait() // it was killed
	// Only one push at a time is let in: this one waits until nothing of the other is at work.
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "HEAD^:refs/heads/other")
	if got := gittest.Git(t, bare, "rev-parse", "main"); got != before {
		t.Errorf("main is %s; want %s", got, before)
	}
	gittest.Until(t, "what had arrived is removed", func() bool { return len(received(t, bare)) == 0 })
}

func TestLocksOfKilledPushesAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := gittest.Start(t, dir)
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("deep/a.git"), "main")
	s.Kill(t)
	bare := filepath.Join(dir, "deep", "a.git")
	for _, lock := range []string{"refs/heads/main.lock", "packed-refs.lock", "HEAD.lock"} {
		if err := os.WriteFile(filepath.Join(bare, lock), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "deep", ".new-1", "objects"), 0o755); err != nil {
		t.Fatal(err)
	}
	// As at the root of a file system of its own, where only root may look.
	if err := os.Mkdir(filepath.Join(dir, "lost+found"), 0o000); err != nil {
		t.Fatal(err)
	}
	s = gittest.Start(t, dir)
	gittest.Commit(t, work, "README.md", "two")
	gittest.Git(t, work, "push", "-q", s.Remote("deep/a.git"), "main")
	if _, err := os.Stat(filepath.Join(dir, "deep", ".new-1")); !os.IsNotExist(err) {
		t.Errorf("the repository that was being made is still there: %v", err)
	}
}

func TestASecondServerWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := gittest.Start(t, dir)
	second := gittest.Begin(t, dir)
	gittest.Until(t, "the second waits", func() bool { return strings.Contains(second.Log(), "waiting") })
	if second.Listening() {
		t.Error("two servers listen on one folder")
	}
	first.Kill(t)
	gittest.Until(t, "the second listens", second.Listening)
}

func TestPushesThatCreateARepositoryAtOnceMakeOne(t *testing.T) {
	t.Parallel()
	s := gittest.Start(t, t.TempDir())
	work := gittest.WorkingCopy(t)
	const pushes = 4
	ended := make(chan error, pushes)
	for i := range pushes {
		go func() {
			out, err := gittest.Try(t, work, "push", s.Remote("a/b.git"), fmt.Sprintf("main:branch-%d", i))
			if err != nil {
				err = fmt.Errorf("%w\n%s", err, out)
			}
			ended <- err
		}()
	}
	for range pushes {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if got := strings.Count(gittest.Git(t, work, "ls-remote", "--heads", s.Address("a/b.git")), "branch-"); got != pushes {
		t.Errorf("%d branches; want %d", got, pushes)
	}
	left, err := filepath.Glob(filepath.Join(s.Dir, "a", ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q, %v", left, err)
	}
}
