// Package smarthttp answers git clients: it decides who may do what and how much, and leaves the protocol to
// `git http-backend`.
package smarthttp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"example.com/mlops-platform/tools/gitserver/internal/repository"
)

// Limits bound what clients can take.
type Limits struct {
	Body    int64         // bytes of one request
	Request time.Duration // from its first byte to the last of the answer
	Fetches int           // at a time
	Pushes  int           // at a time; apart, so that nobody who may only fetch can keep out who may push
	Wait    time.Duration // for one that is at work to end
}

// Handler serves the repositories of a store.
type Handler struct {
	Store  *repository.Store
	Token  TokenFile
	Limits Limits
	Moved  func(name string, move repository.Move) // is told of each branch that a push has moved
	Log    *slog.Logger

	fetches, pushes chan struct{}
}

// Ready returns the handler with its limits in force.
func (h Handler) Ready() http.Handler {
	h.fetches = make(chan struct{}, h.Limits.Fetches)
	h.pushes = make(chan struct{}, h.Limits.Pushes)
	return http.HandlerFunc(h.serve)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/healthz" {
		h.health(w)
		return
	}
	started := time.Now()
	answer := &answer{ResponseWriter: w}
	user := h.git(answer, r)
	h.Log.Info("request", "method", r.Method, "path", r.URL.Path, "service", r.URL.Query().Get("service"),
		"status", answer.status, "bytes", answer.bytes, "took_ms", time.Since(started).Milliseconds(),
		"remote", r.RemoteAddr, "agent", r.UserAgent(), "user", user)
}

// health answers 200 when a request could be served.
func (h *Handler) health(w http.ResponseWriter) {
	_, err := os.ReadDir(h.Store.Dir())
	if _, tokenErr := h.Token.Token(); err != nil || tokenErr != nil {
		h.Log.Error("not healthy", "error", errors.Join(err, tokenErr).Error())
		http.Error(w, "the folder or the token cannot be read; the log says why", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// git serves a request of a git client and returns the name of who pushed.
func (h *Handler) git(w http.ResponseWriter, r *http.Request) string {
	route, is := parse(r)
	if !is {
		http.Error(w, "not found: here is smart HTTP of git, and nothing else", http.StatusNotFound)
		return ""
	}
	user := ""
	if route.push() {
		var err error
		if user, err = h.Token.allow(r); err != nil {
			h.refuse(w, err)
			return ""
		}
	}
	if r.ContentLength > h.Limits.Body {
		http.Error(w, "the request is too large", http.StatusRequestEntityTooLarge)
		return user
	}
	slots := h.fetches
	if route.push() {
		slots = h.pushes
	}
	if !h.enter(r.Context(), slots) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many requests are at work", http.StatusServiceUnavailable)
		return user
	}
	defer func() { <-slots }()
	if route.push() {
		if err := h.Store.Create(r.Context(), route.name); err != nil {
			h.Log.Error("repository not created", "repository", route.name, "error", err.Error())
			http.Error(w, "the repository cannot be created; the server's log says why", http.StatusInternalServerError)
			return user
		}
	} else if !h.Store.Exists(route.name) {
		http.Error(w, "there is no such repository", http.StatusNotFound)
		return user
	}
	h.backend(w, r, route, user)
	if route.action == receivePack {
		h.announce(r.Context(), route.name, user)
	}
	return user
}

func (h *Handler) refuse(w http.ResponseWriter, err error) {
	if errors.Is(err, errWrongToken) {
		w.Header().Set("WWW-Authenticate", `Basic realm="push", charset="UTF-8"`)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	h.Log.Error("token not read", "error", err.Error())
	http.Error(w, "the token cannot be read; the server's log says why", http.StatusInternalServerError)
}

// enter waits for a free slot.
func (h *Handler) enter(ctx context.Context, slots chan struct{}) bool {
	ctx, cancel := context.WithTimeout(ctx, h.Limits.Wait)
	defer cancel()
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// announce tells what a push has moved, also when the client has gone meanwhile.
func (h *Handler) announce(ctx context.Context, name, user string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	moves, err := h.Store.Moved(ctx, name)
	if err != nil {
		h.Log.Error("branches not read after a push", "repository", name, "error", err.Error())
		return
	}
	for _, move := range moves {
		h.Log.Info("moved", "repository", name, "ref", move.Ref, "before", move.Before, "after", move.After, "user", user)
		h.Moved(name, move)
	}
}
