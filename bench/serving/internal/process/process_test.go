package process_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/mlops-platform/bench/serving/internal/process"
)

func start(t *testing.T, script string) *process.Process {
	t.Helper()
	folder := t.TempDir()
	started, err := process.Start(process.Spec{
		Command: []string{"sh", "-c", script}, Dir: folder, Core: 0, Log: filepath.Join(folder, "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := started.Stop(context.WithoutCancel(t.Context()), 0); err != nil {
			t.Error(err)
		}
	})
	return started
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatal("still not so: ", what)
		case <-ticker.C:
		}
	}
}

// stubborn starts a server whose child ignores being asked to end, and gives the child's id.
func stubborn(t *testing.T, then string) (*process.Process, int) {
	t.Helper()
	child := filepath.Join(t.TempDir(), "child")
	server := start(t, `sh -c 'trap "" TERM; echo $$ >`+child+`; while :; do sleep 0.05; done' & `+then)
	var id int
	eventually(t, "the child runs", func() bool {
		text, _ := os.ReadFile(child) // not there yet is one of the answers
		id, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return id > 0
	})
	return server, id
}

func TestNothingOfAServerIsLeftWhenItIsStopped(t *testing.T) {
	server, child := stubborn(t, "wait")
	if err := server.Stop(t.Context(), 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child is gone", func() bool { return gone(child) })
}

func TestWorkersDoNotOutliveTheFirstProcess(t *testing.T) {
	server, child := stubborn(t, "wait")
	if err := server.Terminate(); err != nil {
		t.Fatal(err)
	}
	<-server.Exited()
	eventually(t, "the child is gone", func() bool { return gone(child) })
}

func TestAnOrphanIsFoundWhenItsServerEndedBefore(t *testing.T) {
	server, child := stubborn(t, "sleep 0.2; exit 1")
	<-server.Exited()
	if err := server.Stop(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child is gone", func() bool { return gone(child) })
}

// gone tells whether a process has ended; one that nobody has waited for yet has, too.
func gone(id int) bool {
	if syscall.Kill(id, 0) != nil {
		return true
	}
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(id), "stat"))
	return err != nil || strings.Contains(string(text), ") Z ")
}

func TestAFrozenServerUsesNoTimeAndGoesOnWhenThawed(t *testing.T) {
	server := start(t, "while :; do :; done")
	used := func() time.Duration {
		usage, err := server.Usage()
		if err != nil {
			t.Fatal(err)
		}
		return usage.CPU
	}
	eventually(t, "it runs", func() bool { return used() > 0 })
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	var last time.Duration
	eventually(t, "it stands still", func() bool {
		before := last
		last = used()
		return before == last
	})
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it runs again", func() bool { return used() > last })
}

func TestAServerThatEndsIsToldWithTheEndOfItsLog(t *testing.T) {
	server := start(t, "echo no such model >&2; exit 3")
	_, err := process.Await(t.Context(), server, http.MethodGet, "http://127.0.0.1:1/", nil)
	if err == nil || !strings.Contains(err.Error(), "no such model") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("said: %v", err)
	}
}

func TestAServerThatNeverAnswersIsGivenUp(t *testing.T) {
	server := start(t, "sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := process.Await(ctx, server, http.MethodGet, "http://127.0.0.1:1/", nil); err == nil {
		t.Error("nobody listens, and yet it answered")
	}
}
