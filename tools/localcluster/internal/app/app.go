// Package app is the command line of localcluster.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"syscall"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/localcluster/internal/instance"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

// Exit codes.
const (
	ok     = 0
	failed = 1
	usage  = 2
)

const help = `localcluster runs one real Kubernetes node on this machine, without Docker and without a registry. It
needs root.

  localcluster up           start the node, or go on where an earlier up ended; when it runs, do nothing
  localcluster down         end it and remove all of it
  localcluster status       say which processes run; fails when one that should does not
  localcluster load FILE…   bring images into the node: archives as docker save or buildah push make them; prints a line
                            for each, "loaded" or "present", its ID and its name, between tabs
  localcluster images       print the images of the node: name, ID and size, between tabs
  localcluster logs [NAME]  print the log of a process; without a name, list them
  localcluster kubeconfig   print the path of the administrator's kubeconfig

Exit codes: 0 done, 1 something failed or is missing, 2 usage.

`

// config is what the flags say.
type config struct {
	name, dir, bin, provider string
}

// cluster is what every command works on.
type cluster struct {
	config
	instance instance.Instance
	stdout   io.Writer
	stages   *stage.Stages
}

// Main runs the command line, of which the first element is the program's name, and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	if name, base, bin, is := node.IsInit(args); is {
		return runInit(name, base, bin, stderr)
	}
	flags := flag.NewFlagSet("localcluster", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var c config
	flags.StringVar(&c.name, "name", "local", "name of the cluster, at most seven letters and digits")
	flags.StringVar(&c.dir, "dir", "out/localcluster", "folder below which each cluster has its own")
	flags.StringVar(&c.bin, "bin", ".tools/bin", "folder of the programs that are built from pinned modules")
	flags.StringVar(&c.provider, "provider", "node",
		"node, or kind where Docker and kind are; no test of ours covers kind, and it has neither names of ours nor metrics")
	flags.Usage = func() { fmt.Fprint(stderr, help); flags.PrintDefaults() }
	command, args := "", args[1:]
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return ok
		}
		return usage
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := run(ctx, command, c, flags.Args(), stdout, stderr)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "localcluster: %v; see localcluster --help\n", err)
		return usage
	case err != nil:
		fmt.Fprintf(stderr, "localcluster: %v\n", err)
		return failed
	}
	return ok
}

var errUsage = errors.New("usage")

func run(ctx context.Context, command string, c config, args []string, stdout, stderr io.Writer) error {
	var err error
	if c.dir, err = filepath.Abs(c.dir); err != nil {
		return err
	}
	if c.bin, err = filepath.Abs(c.bin); err != nil {
		return err
	}
	if c.provider == "kind" {
		c.dir += "-kind" // or one would remove the other's
	} else if c.provider != "node" {
		return fmt.Errorf("%w: the provider is node or kind, not %q", errUsage, c.provider)
	}
	named, err := instance.Named(c.name, c.dir)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	cl := &cluster{config: c, instance: named, stdout: stdout, stages: stage.To(stderr)}
	takes := map[string]int{"load": -1, "logs": 1}
	if most := takes[command]; most >= 0 && len(args) > most {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, args[most])
	}
	if c.provider == "kind" {
		return cl.runKind(ctx, command, args)
	}
	switch command {
	case "up":
		return cl.up(ctx)
	case "down":
		return cl.down(ctx)
	case "status":
		return cl.status()
	case "load":
		return cl.load(ctx, args)
	case "images":
		return cl.images(ctx)
	case "logs":
		return cl.logs(args)
	case "kubeconfig":
		return cl.kubeconfig()
	}
	return fmt.Errorf("%w: there is no command %q", errUsage, command)
}

// runInit is the other face of this program: the first process of a node.
func runInit(name, base, bin string, stderr io.Writer) int {
	i, err := instance.Named(name, base)
	if err == nil {
		err = node.Init(i, bin, node.Linked(), stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return failed
	}
	return ok
}
