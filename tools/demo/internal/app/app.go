// Package app is the command line of demo.
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
	"time"

	"example.com/mlops-platform/internal/daemon"
)

// Exit codes.
const (
	ok     = 0
	failed = 1
	usage  = 2
)

const grace = 20 * time.Second // the service drains for up to 10 s

const help = `demo runs the machine-learning loop on this machine without Kubernetes.

  demo up      from nothing to a served model, retrained and rolled back under load
  demo down    end the servers that up left running
  demo status  say which servers run, and where

Exit codes: 0 done, 1 something failed, 2 usage.

`

// Main runs the command line and returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var c config
	flags.StringVar(&c.dir, "dir", "out/demo", "folder for data, models, logs and records of servers")
	flags.StringVar(&c.pipelines, "pipelines", "pipelines", "the command of the steps")
	flags.StringVar(&c.mlflow, "mlflow", "mlflow", "the command of the registry")
	flags.StringVar(&c.inference, "inference", "inference-api", "the command of the service")
	flags.IntVar(&c.mlflowPort, "mlflow-port", 5000, "port of the registry; the next free one if it is taken")
	flags.IntVar(&c.inferencePort, "inference-port", 8080, "port of the service; the next free one if it is taken")
	flags.IntVar(&c.rate, "rate", 50, "requests per second while the champion changes")
	flags.BoolVar(&c.terminal, "terminal", isTerminal(stderr), "show what is being done, and for how long")
	flags.Usage = func() { fmt.Fprint(stderr, help); flags.PrintDefaults() }
	command := ""
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return ok
		}
		return usage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "demo: unexpected argument %q; see demo --help\n", flags.Arg(0))
		return usage
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	if c.dir, err = filepath.Abs(c.dir); err == nil {
		err = run(ctx, command, c, stdout, stderr)
	}
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(stderr, help)
		return usage
	case err != nil:
		fmt.Fprintf(stderr, "demo: %v\n", err)
		return failed
	}
	return ok
}

var errUsage = errors.New("usage")

// config is what the flags say.
type config struct {
	dir, pipelines, mlflow, inference string
	mlflowPort, inferencePort, rate   int
	terminal                          bool
}

func run(ctx context.Context, command string, c config, stdout, stderr io.Writer) error {
	servers := daemon.In(filepath.Join(c.dir, "servers"))
	switch command {
	case "up":
		return up(ctx, c, servers, stderr)
	case "down":
		return down(ctx, servers, stderr)
	case "status":
		return status(servers, stdout)
	}
	return errUsage
}

func down(ctx context.Context, servers *daemon.Set, stderr io.Writer) error {
	records, err := servers.Records()
	if err != nil {
		return err
	}
	if len(records) == 0 {
		fmt.Fprintln(stderr, "nothing runs")
	}
	var faults error
	for _, record := range records {
		running, err := servers.Stop(ctx, record, grace)
		switch {
		case err != nil:
			faults = errors.Join(faults, err)
		case running:
			fmt.Fprintf(stderr, "ended %s\n", record.Name)
		default:
			fmt.Fprintf(stderr, "%s had ended already\n", record.Name)
		}
	}
	return faults
}

func status(servers *daemon.Set, stdout io.Writer) error {
	records, err := servers.Records()
	if err != nil {
		return err
	}
	for _, record := range records {
		state := "ended"
		if daemon.Alive(record) {
			state = "running"
		}
		fmt.Fprintf(stdout, "%-14s %-8s %s  log %s\n", record.Name, state, record.URL, record.Log)
	}
	if len(records) == 0 {
		return errors.New("nothing runs; make demo starts it")
	}
	return nil
}
