package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/mlops-platform/tools/gitserver/gittest"
)

// message is a request that a receiver got.
type message struct {
	Event, Type, Signature string
	Body                   map[string]any
}

// receiver keeps messages and answers with the statuses in turn, the last one again and again.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	got      []message
	statuses []int
}

func receive(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		text, err := io.ReadAll(request.Body)
		m := message{
			Event: request.Header.Get("X-GitHub-Event"), Type: request.Header.Get("Content-Type"),
			Signature: request.Header.Get("X-Hub-Signature-256"),
		}
		if err == nil {
			err = json.Unmarshal(text, &m.Body)
		}
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		status := r.statuses[0]
		if len(r.statuses) > 1 {
			r.statuses = r.statuses[1:]
		}
		r.got = append(r.got, m)
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message(nil), r.got...)
}

func (r *receiver) wait(t *testing.T, count int) []message {
	t.Helper()
	gittest.Until(t, "the messages have come", func() bool { return len(r.messages()) >= count })
	return r.messages()
}

const zeroes = "0000000000000000000000000000000000000000"

func TestAPushIsToldInTheFormThatArgoCDReads(t *testing.T) {
	t.Parallel()
	r := receive(t, http.StatusOK)
	s := gittest.Start(t, t.TempDir(), "--webhook", r.URL+"/api/webhook", "--public-url", "http://git.example.internal")
	work := gittest.WorkingCopy(t)
	first := gittest.Git(t, work, "rev-parse", "HEAD")
	gittest.Git(t, work, "push", "-q", s.Remote("platform.git"), "main")
	second := gittest.Commit(t, work, "README.md", "two")
	r.wait(t, 1)
	gittest.Git(t, work, "push", "-q", s.Remote("platform.git"), "main")
	want := func(before, after string, created bool) message {
		return message{Event: "push", Type: "application/json", Body: map[string]any{
			"ref": "refs/heads/main", "before": before, "after": after, "created": created, "deleted": false,
			"repository": map[string]any{
				"name": "platform", "full_name": "platform", "default_branch": "main",
				"html_url":  "http://git.example.internal/platform",
				"clone_url": "http://git.example.internal/platform.git",
			},
		}}
	}
	got := r.wait(t, 2)
	if diff := cmp.Diff([]message{want(zeroes, first, true), want(first, second, false)}, got); diff != "" {
		t.Errorf("messages, wanted (-) and got (+):\n%s", diff)
	}
}

func TestEachBranchThatMovedIsToldOnceAndNothingElse(t *testing.T) {
	t.Parallel()
	r := receive(t, http.StatusOK)
	s := gittest.Start(t, t.TempDir(), "--webhook", r.URL)
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "tag", "v1")
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main", "main:topic", "v1")
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main") // nothing new
	gittest.Git(t, work, "ls-remote", s.Address("a.git"))
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "--delete", "topic")
	var told []string
	for _, m := range r.wait(t, 3) {
		word := ""
		if m.Body["deleted"] == true {
			word = " deleted"
		}
		told = append(told, m.Body["ref"].(string)+word)
	}
	// A deletion that was pushed before the creation was sent would be told alone.
	if got := strings.Join(told, ", "); got != "refs/heads/main, refs/heads/topic, refs/heads/topic deleted" {
		t.Errorf("told: %s", got)
	}
}

func TestWhoIsBusyIsToldAgain(t *testing.T) {
	t.Parallel()
	r := receive(t, http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusOK)
	s := gittest.Start(t, t.TempDir(), "--webhook", r.URL)
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	r.wait(t, 3)
	gittest.Until(t, "the log says so", func() bool { return strings.Contains(s.Log(), `"msg":"webhook sent"`) })
	if !strings.Contains(s.Log(), `"tries":3`) {
		t.Errorf("log:\n%s\nwant three tries", s.Log())
	}
}

func TestARefusalIsNotRepeatedAndHoldsUpNobody(t *testing.T) {
	t.Parallel()
	refuses, works := receive(t, http.StatusBadRequest), receive(t, http.StatusOK)
	s := gittest.Start(t, t.TempDir(), "--webhook", refuses.URL, "--webhook", works.URL)
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	works.wait(t, 1)
	gittest.Until(t, "the log says so", func() bool { return strings.Contains(s.Log(), `"msg":"webhook refused"`) })
	if got := len(refuses.messages()); got != 1 {
		t.Errorf("asked %d times; want once", got)
	}
}

func TestAPushDoesNotWaitForWhoIsTold(t *testing.T) {
	t.Parallel()
	// Nobody listens on a port that was just closed.
	gone := receive(t, http.StatusOK)
	gone.Close()
	s := gittest.Start(t, t.TempDir(), "--webhook", gone.URL)
	work := gittest.WorkingCopy(t)
	gittest.Git(t, work, "push", "-q", s.Remote("a.git"), "main")
	gittest.Git(t, work, "clone", "-q", s.Address("a.git"), filepath.Join(t.TempDir(), "clone"))
	if strings.Contains(s.Log(), "webhook given up") {
		t.Error("the push waited until the message was given up")
	}
}
