// Package daemon starts servers that outlive the program that starts them, and
// ends them again, also from another run of the program.
package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Record is what is kept of a started server, one file each. Started is the
// process's start time as the kernel counts it: with the PID it names one
// process for good, so that a PID used anew is never signalled.
type Record struct {
	Name    string `json:"name"`
	PID     int    `json:"pid"`
	Started string `json:"started"`
	URL     string `json:"url"`
	Log     string `json:"log"`
}

// Spec is a server to start.
type Spec struct {
	Name string
	URL  string // where people reach it
	Args []string
	Env  []string // NAME=value, on top of this program's environment
	Dir  string
}

// Set is the servers of one folder.
type Set struct{ dir string }

// In returns the servers whose records and logs are in dir.
func In(dir string) *Set { return &Set{dir: dir} }

// Start starts a server in a session of its own, its output going to a log.
// Its record is written before Start returns.
func (s *Set) Start(spec Spec) (Record, error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return Record{}, err
	}
	record := Record{Name: spec.Name, URL: spec.URL, Log: filepath.Join(s.dir, spec.Name+".log")}
	log, err := os.Create(record.Log)
	if err != nil {
		return Record{}, err
	}
	defer log.Close()

	cmd := exec.Command(spec.Args[0], spec.Args[1:]...)
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.Dir = spec.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return Record{}, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	record.PID = cmd.Process.Pid
	go func() { _ = cmd.Wait() }() // or a server that ends early stays a zombie and looks alive
	if record.Started, err = startTime(record.PID); err != nil {
		return Record{}, fmt.Errorf("%s ended at once: %s", spec.Name, s.lastLine(record))
	}
	return record, s.write(record)
}

// Records lists the servers that were started, running or not.
func (s *Set) Records() ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var records []Record
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var record Record
		if err := json.Unmarshal(data, &record); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		records = append(records, record)
	}
	return records, nil
}

// Alive tells whether the very process that the record names runs.
func Alive(r Record) bool {
	started, err := startTime(r.PID)
	return err == nil && started == r.Started
}

// Stop ends a server and what it started, first asking, after the grace period
// without asking, and removes its record. It reports whether it was running.
func (s *Set) Stop(ctx context.Context, r Record, grace time.Duration) (bool, error) {
	running := Alive(r)
	if running {
		if err := end(ctx, r, grace); err != nil {
			return true, err
		}
	}
	if err := os.Remove(s.file(r)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return running, err
	}
	return running, nil
}

// end signals the whole process group: a server with workers is more than one process.
func end(ctx context.Context, r Record, grace time.Duration) error {
	_ = syscall.Kill(-r.PID, syscall.SIGTERM)
	if waitGone(ctx, r, grace) {
		return nil
	}
	_ = syscall.Kill(-r.PID, syscall.SIGKILL)
	if waitGone(ctx, r, 5*time.Second) {
		return nil
	}
	return fmt.Errorf("%s (pid %d) does not end", r.Name, r.PID)
}

func waitGone(ctx context.Context, r Record, limit time.Duration) bool {
	deadline := time.After(limit)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for Alive(r) || groupAlive(r.PID) {
		select {
		case <-tick.C:
		case <-deadline:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func groupAlive(pgid int) bool { return syscall.Kill(-pgid, 0) == nil }

func (s *Set) file(r Record) string { return filepath.Join(s.dir, r.Name+".json") }

func (s *Set) write(r Record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	temporary := s.file(r) + ".tmp"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, s.file(r))
}

func (s *Set) lastLine(r Record) string {
	lines := Tail(r.Log, 1)
	if len(lines) == 0 {
		return "it said nothing"
	}
	return lines[0]
}

// Tail returns the last n lines of a file that are not empty.
func Tail(file string, n int) []string {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-n):]
}

// startTime is the 22nd field of /proc/PID/stat, in ticks since boot. A zombie has ended.
func startTime(pid int) (string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The second field, the command in brackets, may hold spaces.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return "", os.ErrProcessDone
	}
	return fields[19], nil
}
