// Package pipeline runs the steps of the training workflow as Argo Workflows
// does, but as plain processes: each gets a folder of inputs, writes a folder of
// outputs, and passes parameters on as files of one line.
package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/mlops-platform/internal/daemon"
)

// Runner runs steps for one model.
type Runner struct {
	Program string   // the command `pipelines`
	Model   string   // its --model
	Env     []string // NAME=value, on top of this program's environment
	Dir     string   // where the folders of steps, the features and the logs go
	// Observe is told of each step before it runs; what it returns is called with
	// the step's end.
	Observe func(title string) func(result string, err error)
}

// StepError is a step that said no or failed: what it said last is the reason.
type StepError struct {
	Step string
	Code int
	Said string
	Log  string
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s ended with exit code %d: %s (all it said: %s)", e.Step, e.Code, e.Said, e.Log)
}

// step is one run of a step: its folder under Dir, what it reads, its arguments.
type step struct {
	name   string            // the sub-command
	folder string            // unique among the runs of this runner
	inputs map[string]string // name below --in, and the file or folder it is
	args   []string
}

// run runs the step in an empty folder and returns its folder of outputs.
func (r *Runner) run(ctx context.Context, s step) (string, error) {
	folder := filepath.Join(r.Dir, "steps", s.folder)
	in, out := filepath.Join(folder, "in"), filepath.Join(folder, "out")
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	for _, dir := range []string{in, out} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
	}
	for name, target := range s.inputs {
		if err := os.Symlink(target, filepath.Join(in, name)); err != nil {
			return "", err
		}
	}

	log := filepath.Join(folder, "log")
	args := append([]string{s.name, "--in=" + in, "--out=" + out, "--model=" + r.Model}, s.args...)
	cmd := exec.CommandContext(ctx, r.Program, args...)
	cmd.Env = append(os.Environ(), r.Env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if writeErr := os.WriteFile(log, said.Bytes(), 0o644); writeErr != nil {
		return "", writeErr
	}
	if err != nil {
		return "", stepError(s.name, log, err)
	}
	return out, nil
}

func stepError(name, log string, err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s: %w", name, err)
	}
	said := "nothing"
	if lines := daemon.Tail(log, 1); len(lines) > 0 {
		said = message(lines[0])
	}
	return &StepError{Step: name, Code: exit.ExitCode(), Said: said, Log: log}
}

// parameter reads an output parameter, which is a file of one line.
func parameter(out, name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(out, name))
	if err != nil {
		return "", fmt.Errorf("the step wrote no parameter %s: %w", name, err)
	}
	return strings.TrimSpace(string(data)), nil
}

// parameters reads several at once, in the order of names.
func parameters(out string, names ...string) ([]string, error) {
	values := make([]string, len(names))
	for i, name := range names {
		value, err := parameter(out, name)
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}
