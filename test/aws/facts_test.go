package aws

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"example.com/mlops-platform/test/aws/tools"
)

// buildRender builds the tool once for all tests, as a user's make does.
var buildRender = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "render-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "render")
	if _, err := run(tools.Root(), nil, "go", "build", "-o", program, "./tools/render"); err != nil {
		return "", err
	}
	// render runs no command, so it cannot ask Go where the pinned releases are.
	cache, err := run(tools.Root(), nil, "go", "env", "GOMODCACHE")
	if err != nil {
		return "", err
	}
	return program, os.Setenv("GOMODCACHE", strings.TrimSpace(string(cache)))
})

// checkFacts gives the outputs to `render facts`, as the README says, and has the cluster checked with what it wrote.
func checkFacts(t *testing.T, e environment) {
	t.Helper()
	render := must[string](t)(buildRender())
	repository := t.TempDir()
	files := must[[]byte](t)(run(tools.Root(), nil, "git", "ls-files", "-z"))
	for _, name := range strings.Split(strings.TrimRight(string(files), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(tools.Root(), name))
		if err != nil {
			continue // deleted, and not yet committed
		}
		path := filepath.Join(repository, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	must[[]byte](t)(run(repository, nil, "git", "init", "--quiet"))
	must[[]byte](t)(run(repository, e.outputs, render, "facts", e.name))

	written := must[[]byte](t)(os.ReadFile(filepath.Join(repository, "clusters", e.name, "facts", "facts.yaml")))
	for key, value := range e.facts {
		if !bytes.Contains(written, []byte(value)) {
			t.Errorf("the fact %s is %q, and not in the file", key, value)
		}
	}
	said, err := run(repository, nil, render, "check", e.name)
	if err != nil {
		t.Errorf("render check %s with the facts of the applied environment: %v\n%s", e.name, err, said)
	}
}

// run runs a command in a folder and returns what it prints; its error has what it said besides.
func run(folder string, input []byte, program string, arguments ...string) ([]byte, error) {
	command := exec.Command(program, arguments...)
	command.Dir, command.Stdin = folder, bytes.NewReader(input)
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		return output, &failure{strings.Join(command.Args, " "), said.String(), err}
	}
	return output, nil
}

type failure struct {
	command, said string
	err           error
}

func (f *failure) Error() string { return f.command + ": " + f.err.Error() + "\n" + f.said }
func (f *failure) Unwrap() error { return f.err }
