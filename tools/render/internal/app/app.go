// Package app is the command line of render.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sort"
	"strings"
)

// Exit codes, the contract of every command.
const (
	exitClean    = 0
	exitFindings = 1
	exitUsage    = 2
	exitFailed   = 3
)

// errFindings ends a command that worked and found errors.
var errFindings = errors.New("findings")

// usageError is a mistake in the command line itself.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// command is one verb of the command line.
type command struct {
	name, args, what string
	run              func(context.Context, *options) error
}

func commands() []command {
	return []command{
		{"check", "[CLUSTER…]", "render and validate everything; list what is wrong", check},
		{"diff", "[CLUSTER…] --base REV", "say what the working tree changes in each cluster since REV", diffTrees},
		{"build", "[CLUSTER…] --out DIR", "write every object to a file of its own", build},
		{"tree", "[CLUSTER…]", "draw clusters, applications and objects by sync wave", drawTree},
		{"images", "[CLUSTER…]", "list every container image and where it is set", listImages},
		{"facts", "CLUSTER < OUTPUTS", "write what `terraform output -json` says into the cluster's facts", writeFacts},
	}
}

// Main runs the command line and returns the exit code.
func Main(args []string, stdin, stdout, stderr *os.File) int {
	quiet()
	debug.SetGCPercent(gcPercent)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return Run(ctx, args, stdin, stdout, stderr)
}

// Run is Main for tests: any writers, no process-wide settings.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdin, stdout, stderr)
	var usage *usageError
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "render: %s\nTry: render help\n", err)
		return exitUsage
	}
	fmt.Fprintf(stderr, "render: %s\n", err)
	return exitFailed
}

func dispatch(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		help(stderr)
		return usagef("no command given")
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(stdout)
		return nil
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		o, err := parse(c, args[1:], stdout, stderr)
		if err != nil || o == nil {
			return err
		}
		o.stdin = stdin
		return c.run(ctx, o)
	}
	return usagef("unknown command %q; the commands are %s", args[0], names())
}

func names() string {
	var out []string
	for _, c := range commands() {
		out = append(out, c.name)
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// gcPercent trades memory for time: with Go's default of 100 a third of a run
// was spent collecting garbage that the run's end throws away.
const gcPercent = 200
