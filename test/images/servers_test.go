package images

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheServingImageIsAliveWithoutARegistryAndEndsWhenAsked(t *testing.T) {
	port := freePort(t)
	server := start(t, open(t, "inference-api"), []string{
		"HOST=127.0.0.1", "PORT=" + port, "MODEL_NAME=absent", "MLFLOW_TRACKING_URI=http://127.0.0.1:" + freePort(t),
	})
	server.answers(t, "http://127.0.0.1:"+port+"/livez", http.StatusOK)
	server.answers(t, "http://127.0.0.1:"+port+"/readyz", http.StatusServiceUnavailable)
	server.ends(t)
}

func TestTheMLflowImageServes(t *testing.T) {
	port := freePort(t)
	server := start(t, open(t, "mlflow"), []string{"MLFLOW_WORKERS=1"}, "mlflow", "server", "--host", "127.0.0.1", "--port", port,
		"--backend-store-uri", "sqlite:////tmp/mlflow.db", "--no-serve-artifacts", "--default-artifact-root", "/tmp/files")
	server.answers(t, "http://127.0.0.1:"+port+"/health", http.StatusOK)
	server.ends(t)
}

func TestThePipelinesImageBringsItsData(t *testing.T) {
	output, code := open(t, "pipelines").run(t, "sh", "-euc", `
		pipelines seed --out=/tmp/seed --model=flight-delay
		pipelines ingest --in=/tmp/seed --out=/tmp/out --model=flight-delay --month=2013-02
		ls /tmp/out/raw`)
	if code != 0 || !strings.Contains(output, "2013-01") {
		t.Errorf("exit code %d, want 0 and the months:\n%s", code, output)
	}
}

// server is a command that runs in an image.
type server struct {
	command *exec.Cmd
	output  *bytes.Buffer
	done    chan error
}

// start runs a command in an image, or the image's own, until the test ends.
func start(t *testing.T, in image, env []string, args ...string) *server {
	t.Helper()
	if len(args) == 0 {
		args = in.cmd
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &server{command: in.command(ctx, env, args...), output: &bytes.Buffer{}, done: make(chan error, 1)}
	server.command.Stdout, server.command.Stderr = server.output, server.output
	if err := server.command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		server.done <- server.command.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return server
}

// answers waits until a URL answers with a status.
func (s *server) answers(t *testing.T, url string, want int) {
	t.Helper()
	var last error
	for deadline := time.After(2 * time.Minute); ; {
		response, err := http.Get(url) //nolint:gosec // our own port
		if err == nil {
			response.Body.Close()
			if response.StatusCode == want {
				return
			}
			err = fmt.Errorf("status %d, want %d", response.StatusCode, want)
		}
		last = err
		select {
		case err := <-s.done:
			t.Fatalf("ended before %s answered: %v\n%s", url, err, s.output)
		case <-deadline:
			t.Fatalf("%s: %v\n%s", url, last, s.output)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ends sends SIGTERM as a kubelet does, and waits for exit code 0.
func (s *server) ends(t *testing.T) {
	t.Helper()
	// The command is process 1 of its own namespace, and the child of unshare in ours.
	children, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", s.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatalf("not one child: %v", err)
	}
	if err := syscall.Kill(child, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.done:
		if err != nil {
			t.Errorf("ended with %v, want exit code 0\n%s", err, s.output)
		}
	case <-time.After(time.Minute):
		t.Errorf("still there a minute after SIGTERM")
	}
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
