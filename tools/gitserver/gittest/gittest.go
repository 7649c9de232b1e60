// Package gittest runs the Git server for tests, as a process of its own on the loopback, and the git client.
package gittest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/mlops-platform/tools/gitserver/internal/app"
)

// asServer makes the test program be the server.
const asServer = "GITTEST_SERVE"

// Main runs the tests of a package, or the server for them. Call it from TestMain.
func Main(m *testing.M) int {
	if os.Getenv(asServer) != "" {
		return app.Main(os.Args[1:], os.Stderr) //nolint:forbidigo // for this package it is the main program
	}
	return m.Run()
}

// Token is the password of every server here.
const Token = "0123456789abcdef0123456789abcdef"

// Server is one that runs.
type Server struct {
	URL       string // such as http://127.0.0.1:40123
	Dir       string // of the repositories
	TokenFile string

	cmd   *exec.Cmd
	ended chan struct{}
	mu    sync.Mutex
	log   bytes.Buffer
}

// Start starts a server on a folder and waits until it listens. It ends with the test.
func Start(t *testing.T, dir string, flags ...string) *Server {
	t.Helper()
	s := Begin(t, dir, flags...)
	Until(t, "the server listens", s.Listening)
	return s
}

// Begin starts a server on a folder and does not wait.
func Begin(t *testing.T, dir string, flags ...string) *Server {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Dir: dir, TokenFile: filepath.Join(t.TempDir(), "token"), ended: make(chan struct{})}
	if err := os.WriteFile(s.TokenFile, []byte(Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.CommandContext(t.Context(), program,
		append([]string{"--dir", dir, "--listen", "127.0.0.1:0", "--token-file", s.TokenFile}, flags...)...)
	s.cmd.Env = append(os.Environ(), asServer+"=1")
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.follow(stderr)
	t.Cleanup(func() { s.Kill(t) })
	return s
}

func (s *Server) follow(stderr io.Reader) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		s.mu.Lock()
		s.log.Write(append(lines.Bytes(), '\n'))
		var said struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &said) == nil && said.Msg == "listening" {
			s.URL = "http://" + said.Address
		}
		s.mu.Unlock()
	}
	close(s.ended)
}

// Listening tells whether the server has said so.
func (s *Server) Listening() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.URL != ""
}

// Log is all that the server has said.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// Kill ends the server as a power cut would, and waits until what it has started has ended too.
func (s *Server) Kill(t *testing.T) {
	t.Helper()
	s.end(t, syscall.SIGKILL)
}

// Stop asks the server to end and returns its exit code.
func (s *Server) Stop(t *testing.T) int {
	t.Helper()
	return s.end(t, syscall.SIGTERM)
}

func (s *Server) end(t *testing.T, signal syscall.Signal) int {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	<-s.ended // stderr is closed: git's processes have it too
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Wait() // the exit code says it
	}
	return s.cmd.ProcessState.ExitCode()
}

// Remote is the address of a repository with the token in it.
func (s *Server) Remote(name string) string {
	return strings.Replace(s.URL, "://", "://tester:"+Token+"@", 1) + "/" + name
}

// Address is the address of a repository.
func (s *Server) Address(name string) string { return s.URL + "/" + name }

// Until waits until something is so, for a minute at most.
func Until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited a minute in vain until %s", what)
		}
	}
}

// Environ is that of a git without anybody's settings.
func Environ() []string {
	return append(os.Environ(),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=tester", "GIT_AUTHOR_EMAIL=tester@example.com",
		"GIT_COMMITTER_NAME=tester", "GIT_COMMITTER_EMAIL=tester@example.com",
	)
}

// Try runs git in a folder and returns all that it says.
func Try(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir, cmd.Env = dir, Environ()
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// Git runs git in a folder, which must work.
func Git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := Try(t, dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// WorkingCopy makes a repository with one commit on main.
func WorkingCopy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	Git(t, dir, "init", "-q", "--initial-branch=main", ".")
	Commit(t, dir, "README.md", "one")
	return dir
}

// Commit writes a file, commits it and returns the commit's hash.
func Commit(t *testing.T, dir, file, content string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	Git(t, dir, "add", "--", file)
	Git(t, dir, "commit", "-q", "-m", file)
	return Git(t, dir, "rev-parse", "HEAD")
}
