// Package run runs the programs that a work is made of, and keeps what they say.
package run

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Command is a program to run to its end.
type Command struct {
	Dir  string
	Args []string
	Env  []string // NAME=value, on top of this program's environment
	// Log is the file that gets all that the program writes to stderr; the empty string keeps it in memory only.
	Log   string
	Stdin io.Reader
	// Line is called with each line of stderr, without its end. May be nil.
	Line func(string)
}

// tail is how many of the last lines of a failed program are told.
const tail = 20

// grace is how long a program may take to end after it was asked to.
const grace = 20 * time.Second

// Output runs the program and returns what it wrote to stdout. The error of one that fails has the last lines of what
// it said, and where the rest is.
func (c Command) Output(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Stdin = c.Dir, c.Stdin
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = grace
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	log, err := c.log()
	if err != nil {
		return "", err
	}
	defer log.Close()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	last := c.follow(io.TeeReader(stderr, log))
	if err := cmd.Wait(); err != nil {
		return stdout.String(), c.failure(err, last)
	}
	return stdout.String(), nil
}

type discard struct{ io.Writer }

func (discard) Close() error { return nil }

func (c Command) log() (io.WriteCloser, error) {
	if c.Log == "" {
		return discard{io.Discard}, nil
	}
	if err := os.MkdirAll(filepath.Dir(c.Log), 0o755); err != nil {
		return nil, err
	}
	return os.Create(c.Log)
}

// follow reads to the end and returns the last lines.
func (c Command) follow(r io.Reader) []string {
	var last []string
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			if last = append(last, line); len(last) > tail {
				last = last[1:]
			}
			if c.Line != nil {
				c.Line(line)
			}
		}
		if err != nil {
			return last
		}
	}
}

func (c Command) failure(err error, last []string) error {
	said := ""
	for _, line := range last {
		said += "\n  " + line
	}
	if c.Log != "" {
		said += "\n  all of it: " + c.Log
	}
	return fmt.Errorf("%s: %w%s", strings.Join(c.Args, " "), err, said)
}
