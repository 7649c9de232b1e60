// Package process runs a server on one core and says what it and its children cost.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// Spec says what to run.
type Spec struct {
	Command []string
	Env     []string // on top of this process's own
	Dir     string
	Core    int
	Log     string // file that gets its output
}

// Process is a running server, with every process that it started.
type Process struct {
	command *exec.Cmd
	exited  chan struct{}
	log     string
}

// Start runs the command pinned to its core, in a process group of its own.
func Start(spec Spec) (*Process, error) {
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	arguments := append([]string{"-c", strconv.Itoa(spec.Core)}, spec.Command...)
	command := exec.Command("taskset", arguments...)
	command.Dir, command.Stdout, command.Stderr = spec.Dir, log, log
	command.Env = append(os.Environ(), spec.Env...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, err
	}
	process := &Process{command: command, exited: make(chan struct{}), log: spec.Log}
	go func() {
		_ = command.Wait() // how it ended is asked of ProcessState by who stops it
		close(process.exited)
	}()
	return process, nil
}

// Exited is closed when the first process of the tree is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Log is the file that has the server's output.
func (p *Process) Log() string { return p.log }

// Usage is what the whole tree has used so far.
func (p *Process) Usage() (Usage, error) {
	ids, err := p.tree()
	if err != nil {
		return Usage{}, err
	}
	var total Usage
	for _, id := range ids {
		one, err := usageOf("/proc", id)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // ended since it was listed
		}
		if err != nil {
			return Usage{}, err
		}
		total.CPU += one.CPU
		total.Memory += one.Memory
	}
	return total, nil
}

// Freeze stops the whole tree, so that it takes no time from the server that is being measured.
func (p *Process) Freeze() error { return p.signalAll(syscall.SIGSTOP) }

// Thaw lets a frozen tree go on.
func (p *Process) Thaw() error { return p.signalAll(syscall.SIGCONT) }

// Terminate asks the first process to end, as Kubernetes does. When it has, the rest is killed, as in a container.
func (p *Process) Terminate() error {
	ids, err := p.tree()
	if err != nil {
		return err
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	go func() {
		<-p.exited
		_ = p.kill(ids) // what cannot be killed is reported by Stop
	}()
	return nil
}

// Stop ends the tree: it asks first, and after the grace period kills what is left.
func (p *Process) Stop(ctx context.Context, grace time.Duration) error {
	ids, err := p.tree()
	if err != nil {
		return err
	}
	if err := p.Thaw(); err != nil {
		return err
	}
	if err := p.Terminate(); err != nil {
		return err
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
	case <-ctx.Done():
	}
	if err := p.kill(ids); err != nil {
		return err
	}
	<-p.exited
	return nil
}

// kill ends the processes given and whatever is in the group: an orphan is no longer in the tree.
func (p *Process) kill(ids []int) error {
	for _, id := range append(ids, -p.command.Process.Pid) {
		if err := syscall.Kill(id, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d: %w", id, err)
		}
	}
	return nil
}

func (p *Process) signalAll(signal syscall.Signal) error {
	ids, err := p.tree()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := syscall.Kill(id, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d: %w", id, err)
		}
	}
	return nil
}

func (p *Process) tree() ([]int, error) { return descendants("/proc", p.command.Process.Pid) }
