// Package app is the command line of delivery.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"example.com/mlops-platform/tools/delivery/internal/github"
)

// Exit codes.
const (
	exitDone    = 0
	exitRefused = 1
	exitUsage   = 2
)

// command is one verb: what it takes, what it does.
type command struct {
	name, args, what string
	least, most      int // arguments; most is -1 for any number
	run              func(context.Context, *options) error
}

func commands() []command {
	return []command{
		{"changed", "NAME PATHSPEC…", "tells whether the push or pull request touches these paths", 2, -1, changed},
		{"findings", "", "turns `render check --format json` into annotations, and SARIF in -out", 0, 0, findings},
		{"comment", "KEY", "makes the one comment KEY of the pull request say what stdin says", 1, 1, comment},
		{"summary", "", "adds what stdin says to the page of the run", 0, 0, summary},
		{"missing", "ENV", "lists the images of services that ENV does not run as the sources are now", 1, 1, missing},
		{"tag", "SERVICE VARIANT", "prints the tag of an image, which follows from its sources", 2, 2, tag},
		{"digest", "IMAGE:TAG", "prints the digest of an image in its registry, nothing when it is not there", 1, 1, digest},
		{"provenance", "BASE@DIGEST", "prints where and of what this run builds: SLSA's predicate", 1, 1, provenance},
		{"move", "ENV FILE…", "makes the overlays of ENV run the images that the files name", 2, -1, move},
		{"promote", "ROOM", "copies what dev runs of an app, or of workflows, to prod", 1, 1, promote},
		{"propose", "PATH…", "opens a pull request with what changed of these paths; -branch, -title, -body", 1, -1, propose},
	}
}

const about = `delivery does what a job of CI does between its commands.

`

const codes = `
In a job of GitHub's it reads the GITHUB_ variables and writes outputs and summaries; elsewhere it prints.
Exit codes: 0 done; 1 refused or failed, and the message says what is to be done; 2 usage.

`

// options are a command line taken apart, and the process around it.
type options struct {
	args                     []string
	root                     string
	out, branch, title, body string
	github                   *github.Environment
	stdin                    io.Reader
	stdout, stderr           io.Writer
}

type usageError struct{ error }

// Main runs the command line and returns the exit code.
func Main(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := &options{github: github.FromEnvironment(getenv), stdin: stdin, stdout: stdout, stderr: stderr}
	err := run(ctx, o, args)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "delivery: %s\n", err)
		return exitUsage
	default:
		fmt.Fprintf(stderr, "delivery: %s\n", err)
		return exitRefused
	}
}

func run(ctx context.Context, o *options, args []string) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("want a command: %s", names())}
	}
	flags := flag.NewFlagSet("delivery", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.root, "root", ".", "the folder of the repository")
	flags.StringVar(&o.out, "out", "", "findings: the file of the SARIF log")
	flags.StringVar(&o.branch, "branch", "", "propose: the branch of the pull request")
	flags.StringVar(&o.title, "title", "", "propose: its title")
	flags.StringVar(&o.body, "body", "", "propose: the file with its text")
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		if err := flags.Parse(args[1:]); errors.Is(err, flag.ErrHelp) {
			help(o.stderr, flags)
			return err
		} else if err != nil {
			return usageError{err}
		}
		o.args = flags.Args()
		if len(o.args) < c.least || c.most >= 0 && len(o.args) > c.most {
			return usageError{fmt.Errorf("%s: want %s", c.name, strings.TrimSpace(c.name+" "+c.args))}
		}
		return c.run(ctx, o)
	}
	if strings.TrimLeft(args[0], "-") == "help" || args[0] == "-h" {
		help(o.stderr, flags)
		return nil
	}
	return usageError{fmt.Errorf("no command %q: %s", args[0], names())}
}

func names() string {
	var all []string
	for _, c := range commands() {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

func help(w io.Writer, flags *flag.FlagSet) {
	fmt.Fprint(w, about)
	for _, c := range commands() {
		fmt.Fprintf(w, "  delivery %-30s %s\n", strings.TrimSpace(c.name+" "+c.args), c.what)
	}
	fmt.Fprint(w, codes)
	flags.SetOutput(w)
	flags.PrintDefaults()
}

// maxInput bounds what is read from stdin: a difference of the whole platform is a few megabytes.
const maxInput = 64 << 20

func (o *options) read() (string, error) {
	data, err := io.ReadAll(io.LimitReader(o.stdin, maxInput+1))
	if err != nil {
		return "", fmt.Errorf("reading stdin: %w", err)
	}
	if len(data) > maxInput {
		return "", fmt.Errorf("stdin has more than %d bytes", maxInput)
	}
	return string(data), nil
}

// output gives a value to the next jobs, or to a person.
func (o *options) output(name, value string) error {
	if !o.github.OnGitHub() {
		fmt.Fprintf(o.stdout, "%s=%s\n", name, value)
		return nil
	}
	fmt.Fprintf(o.stderr, "%s=%s\n", name, value)
	return o.github.SetOutput(name, value)
}
