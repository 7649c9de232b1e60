// Package app is the command line of platform.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"example.com/mlops-platform/internal/daemon"
	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/kube"
)

// Exit codes.
const (
	ok     = 0
	failed = 1
	usage  = 2
)

const help = `platform runs the whole platform on this machine.

  platform up      from this working copy to a served prediction; what is there already stays
  platform status  applications, workflows, models and the service on one page; fails when something is wrong
  platform push    push the commit that is checked out, and show what changes in the cluster until it is live
  platform down    stop and remove what up made
  platform port    print the port of 127.0.0.1 at which the pages are

Exit codes: 0 done, 1 something failed or is wrong, 2 usage.

`

// config is what the flags say.
type config struct {
	root, name, model, month string
	limit                    time.Duration
	train, build             bool
}

// platform is what every command works on.
type platform struct {
	config
	stdout io.Writer
	stages *stage.Stages
}

// Main runs the command line and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("platform", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var c config
	flags.StringVar(&c.root, "root", ".", "folder of the working copy")
	flags.StringVar(&c.name, "name", "local", "name of the cluster: see localcluster --help")
	flags.StringVar(&c.model, "model", "flight-delay", "the model to train and serve")
	flags.StringVar(&c.month, "month", "2013-02", "the month that decides about the first model, as YYYY-MM")
	flags.BoolVar(&c.train, "train", true, "train a first model where there is none; else up ends when all is synced")
	flags.BoolVar(&c.build, "build", true, "build images and bring them into the node; else those there are used")
	flags.DurationVar(&c.limit, "limit", 90*time.Minute, "give up after this time")
	port := flags.Int("port", 0, "door: the port to listen on")
	flags.Usage = func() { fmt.Fprint(stderr, help); flags.PrintDefaults() }
	command := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return ok
		}
		return usage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "platform: unexpected argument %q; see platform --help\n", flags.Arg(0))
		return usage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, c.limit, fmt.Errorf("not done after %s", c.limit))
	defer cancel()
	var err error
	if c.root, err = filepath.Abs(c.root); err == nil {
		p := &platform{config: c, stdout: stdout, stages: stage.To(stderr)}
		err = p.run(ctx, command, *port)
	}
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "platform: %v; see platform --help\n", err)
		return usage
	case err != nil:
		fmt.Fprintf(stderr, "platform: %v\n", err)
		return failed
	}
	return ok
}

var errUsage = errors.New("usage")

func (p *platform) run(ctx context.Context, command string, port int) error {
	switch command {
	case "up":
		return p.up(ctx)
	case "down":
		return p.down(ctx)
	case "status":
		return p.status(ctx)
	case "push":
		return p.push(ctx)
	case "door":
		return p.door(ctx, port)
	case "port":
		return p.printPort()
	}
	return fmt.Errorf("%w: there is no command %q", errUsage, command)
}

// path is a path in the working copy.
func (p *platform) path(elements ...string) string {
	return filepath.Join(append([]string{p.root}, elements...)...)
}

// state is a path in the folder that holds what up leaves.
func (p *platform) state(elements ...string) string {
	return filepath.Join(append([]string{p.root, "out", "platform", p.name}, elements...)...)
}

func (p *platform) kubeconfig() string { return p.path("out", "localcluster", p.name, "kubeconfig") }

func (p *platform) tool(name string) string { return p.path(".tools", "bin", name) }

func (p *platform) cluster() (*kube.Cluster, error) {
	return kube.Open(p.kubeconfig(), p.tool("kubectl"))
}

func (p *platform) servers() *daemon.Set { return daemon.In(p.state("servers")) }
