// Package app is the command line of infra.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"example.com/mlops-platform/tools/infra/internal/account"
	"example.com/mlops-platform/tools/infra/internal/environment"
	"example.com/mlops-platform/tools/infra/internal/terraform"
)

// Exit codes.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitCannotRun = 3
)

const help = `infra works on one environment of terraform/envs.

  infra plan ENV                     saves a plan, says what it does and what the environment costs
  infra apply ENV                    does what the saved plan says, then writes the facts of the cluster
  infra destroy [-cluster-gone] ENV  empties the cluster, destroys everything, looks for what is left
  infra leftovers ENV                looks for what is left of an environment

CONFIRM=ENV in the environment answers the question before something is lost. STATE_BUCKET and STATE_REGION name
another place of the state than that of terraform/bootstrap.

Exit codes: 0 done; 1 refused, failed, or something is left; 2 usage; 3 it could not start: a program, credentials, the
bucket of the state or the settings are missing. 1 changed nothing where the message says so.

`

// options is what a command works with.
type options struct {
	command, environment string

	root, render string
	clusterGone  bool
	limit, poll  time.Duration
	getenv       func(string) string
	stdin        io.Reader
	stdout       io.Writer
	stderr       io.Writer
}

type (
	usageError struct{ error }
	cannotRun  struct{ error }
)

var commands = map[string]func(context.Context, *options, *session) error{
	"plan":      plan,
	"apply":     apply,
	"destroy":   destroy,
	"leftovers": leftovers,
}

// Main runs the command line and returns the exit code.
func Main(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := &options{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	err := run(ctx, o, args)
	var usage usageError
	var cannot cannotRun
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "infra: %s\n", err)
		return exitUsage
	case errors.As(err, &cannot):
		fmt.Fprintf(stderr, "infra: cannot run: %s\n", err)
		return exitCannotRun
	default:
		fmt.Fprintf(stderr, "infra: %s\n", err)
		return exitFailed
	}
}

func run(ctx context.Context, o *options, args []string) error {
	if err := o.parse(args); err != nil {
		return err
	}
	s, err := open(ctx, o)
	if err != nil {
		return cannotRun{err}
	}
	return commands[o.command](ctx, o, s)
}

func (o *options) parse(args []string) error {
	flags := flag.NewFlagSet("infra", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.root, "root", ".", "the folder of the repository")
	flags.StringVar(&o.render, "render", "", "the program render (default: go run ./tools/render)")
	flags.BoolVar(&o.clusterGone, "cluster-gone", false, "destroy: do not empty the cluster; end Karpenter's instances")
	flags.DurationVar(&o.limit, "limit", 15*time.Minute, "destroy: how long to wait for nodes and bindings to go")
	flags.DurationVar(&o.poll, "poll", 5*time.Second, "destroy: time between two looks")
	if len(args) > 0 && commands[args[0]] != nil {
		o.command, args = args[0], args[1:]
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(o.stderr, help)
		flags.SetOutput(o.stderr)
		flags.PrintDefaults()
		return err
	} else if err != nil {
		return usageError{err}
	}
	if o.command == "" {
		return usageError{errors.New("want a command: plan, apply, destroy or leftovers")}
	}
	if flags.NArg() != 1 || flags.Arg(0) == "" {
		return usageError{fmt.Errorf("%s: want one environment: make %s ENV=dev", o.command, o.command)}
	}
	o.environment = flags.Arg(0)
	root, err := filepath.Abs(o.root)
	o.root = root
	return err
}

// session is what every command needs: an environment, the account that it is in, and Terraform.
type session struct {
	environment *environment.Environment
	account     *account.Account
	terraform   *terraform.Terraform
}

// open checks all that a command needs before it does anything.
func open(ctx context.Context, o *options) (*session, error) {
	e, err := environment.Open(o.root, o.environment, o.getenv)
	if err != nil {
		return nil, err
	}
	program := o.getenv("TERRAFORM")
	if program == "" {
		program = "terraform"
	}
	if _, err := exec.LookPath(program); err != nil {
		return nil, fmt.Errorf("terraform: %w; developer.hashicorp.com/terraform/install", err)
	}
	opened, err := account.Open(ctx, e.Region)
	if err != nil {
		return nil, err
	}
	if opened.ID != e.Account {
		return nil, fmt.Errorf("the credentials (%s) are for the account %s, %s is in %s: terraform/envs/%s/terraform.tfvars",
			opened.Caller, opened.ID, e.Name, e.Account, e.Name)
	}
	t := &terraform.Terraform{Program: program, Plugins: o.getenv("TF_PLUGIN_DIR"), Folder: e.Folder(), Log: o.stdout}
	return &session{e, opened, t}, nil
}

// initialise makes the folder ready for Terraform, with the state in its bucket.
func (s *session) initialise(ctx context.Context) error {
	e := s.environment
	if err := s.account.HasBucket(ctx, e.StateBucket, e.StateRegion); err != nil {
		return cannotRun{fmt.Errorf("the bucket of the state, %s in %s, cannot be used; terraform/bootstrap makes it, "+
			"STATE_BUCKET names another: %w", e.StateBucket, e.StateRegion, err)}
	}
	if err := s.terraform.Init(ctx, e.StateBucket, e.StateRegion); err != nil {
		return cannotRun{err}
	}
	return nil
}
