package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// State is what the first process knows of another one.
type State struct {
	Name string `json:"name"`
	// PID is the node's number for it, not the machine's.
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Ready   bool      `json:"ready"`
	// Ended says how, once it has.
	Ended string `json:"ended,omitempty"`
}

// supervisor starts the node's processes and keeps the table of them in a file.
type supervisor struct {
	file     string
	complain func(error) // of what no caller is there to hear

	mutex  sync.Mutex
	states []*State
}

func newSupervisor(file string, complain func(error)) *supervisor {
	return &supervisor{file: file, complain: complain}
}

func (s *supervisor) start(p Process) error {
	log, err := os.OpenFile(logFile(p.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer nothing.Close()
	program, err := exec.LookPath(p.Args[0])
	if err != nil {
		return err
	}
	s.mutex.Lock() // reap must not meet the process before the table has it
	defer s.mutex.Unlock()
	started, err := os.StartProcess(program, p.Args, &os.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: []*os.File{nothing, log, log}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	s.states = append(s.states, &State{Name: p.Name, PID: started.Pid, Started: time.Now()})
	return s.write()
}

// reap waits for every process that ends: those that lost their parent become the first process's.
func (s *supervisor) reap() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	for ; ; <-ended {
		for {
			var status syscall.WaitStatus
			pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if err != nil || pid <= 0 {
				break
			}
			s.note(pid, status)
		}
	}
}

func (s *supervisor) note(pid int, status syscall.WaitStatus) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, state := range s.states {
		if state.PID != pid || state.Ended != "" {
			continue
		}
		state.Ready = false
		state.Ended = fmt.Sprintf("exit code %d", status.ExitStatus())
		if status.Signaled() {
			state.Ended = "signal: " + status.Signal().String()
		}
		if err := s.write(); err != nil {
			s.complain(err)
		}
	}
}

// untilReady returns when the process does its work, has ended, or the node is told to end.
func (s *supervisor) untilReady(ctx context.Context, p Process) error {
	probe, err := p.Ready.prepare()
	if err != nil {
		return err
	}
	tick := time.NewTicker(probeInterval)
	defer tick.Stop()
	for {
		if probe(ctx) == nil {
			return s.ready(p.Name)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if s.ended(p.Name) {
			return fmt.Errorf("%s ended", p.Name)
		}
	}
}

func (s *supervisor) ready(name string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, state := range s.states {
		if state.Name == name && state.Ended == "" {
			state.Ready = true
		}
	}
	return s.write()
}

func (s *supervisor) ended(name string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, state := range s.states {
		if state.Name == name {
			return state.Ended != ""
		}
	}
	return false
}

// write replaces the table; the caller holds the mutex.
func (s *supervisor) write() error {
	data, err := json.MarshalIndent(s.states, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.file+".tmp", data, 0o600); err != nil {
		return err
	}
	return os.Rename(s.file+".tmp", s.file)
}
