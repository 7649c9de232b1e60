package smarthttp

import (
	"log/slog"
	"net/http"
	"net/http/cgi"
	"net/url"
	"os/exec"
	"time"

	"example.com/mlops-platform/tools/gitserver/internal/repository"
)

// passed are the headers that git http-backend reads. The others, the token among them, are not for its children.
var passed = []string{"Content-Type", "Content-Encoding", "Git-Protocol", "User-Agent", "Accept-Encoding"}

// backend runs git http-backend for one request.
func (h *Handler) backend(w http.ResponseWriter, r *http.Request, route route, user string) {
	control := http.NewResponseController(w)
	deadline := time.Now().Add(h.Limits.Request)
	for _, err := range []error{
		control.SetReadDeadline(deadline), control.SetWriteDeadline(deadline),
		control.EnableFullDuplex(), // git may write before it has read all
	} {
		if err != nil {
			h.Log.Error("connection not limited", "error", err.Error())
		}
	}
	program, err := exec.LookPath("git")
	if err != nil {
		h.Log.Error("no git", "error", err.Error())
		http.Error(w, "the server has no git", http.StatusInternalServerError)
		return
	}
	if route.push() {
		// git is not stopped half-way when the client goes: it ends by itself, and what it did is announced.
		w = &patient{ResponseWriter: w}
	}
	warn := slog.NewLogLogger(h.Log.Handler(), slog.LevelWarn)
	env := append(repository.Environment(), "GIT_PROJECT_ROOT="+h.Store.Dir(), "GIT_HTTP_EXPORT_ALL=1")
	if user != "" {
		env = append(env, "REMOTE_USER="+user) // without it http-backend refuses to receive
	}
	(&cgi.Handler{
		Path: program, Args: []string{"http-backend"}, Dir: h.Store.Dir(), Env: env,
		Logger: warn, Stderr: warn.Writer(),
	}).ServeHTTP(w, h.plain(w, r, route))
}

// plain is the request with nothing in it but what was checked.
func (h *Handler) plain(w http.ResponseWriter, r *http.Request, route route) *http.Request {
	out := r.Clone(r.Context())
	out.URL = &url.URL{Path: "/" + route.name + "/" + route.action}
	if route.action == "info/refs" {
		out.URL.RawQuery = "service=" + route.service
	}
	out.Header = http.Header{}
	for _, name := range passed {
		if value := r.Header.Get(name); value != "" {
			out.Header.Set(name, value)
		}
	}
	out.Body = http.MaxBytesReader(w, r.Body, h.Limits.Body)
	// Go's CGI refuses bodies of unknown length; http-backend reads them to their end. Git sends what is over 1 MiB so.
	out.TransferEncoding = nil
	return out
}
