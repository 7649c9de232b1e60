// Command serving compares the inference service with other model servers on one machine; see README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"example.com/mlops-platform/bench/serving/internal/contender"
	"example.com/mlops-platform/bench/serving/internal/null"
	"example.com/mlops-platform/bench/serving/internal/report"
	"example.com/mlops-platform/bench/serving/internal/scenario"
)

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 64
)

var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUsage)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(exitFailed)
	}
}

type options struct {
	environments, results, report, null string
	only, contenders                    []string
	quick, brief                        bool
}

func parse(arguments []string, stderr io.Writer) (options, error) {
	var o options
	var only, contenders string
	flags := flag.NewFlagSet("serving", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.environments, "environments", ".tools/bench", "folder of the servers' environments and of vegeta")
	flags.StringVar(&o.results, "results", "", "raw file to write (bench/results/serving-DATE.json; of -quick: none)")
	flags.StringVar(&o.report, "report", "", "only make the tables and the plot of this raw file anew")
	flags.StringVar(&o.null, "null", "", "only answer at this address, for the ceiling of the load generators")
	flags.StringVar(&only, "only", "", "scenarios, e.g. S1,S5 (all)")
	flags.StringVar(&contenders, "contenders", "", "contenders, e.g. floor,inference-api (all)")
	flags.BoolVar(&o.brief, "brief", false, "three rounds instead of five, and shorter phases: about a third less time")
	flags.BoolVar(&o.quick, "quick", false, "a second each: shows that all runs, its figures mean nothing")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%w: what is %q?", errUsage, flags.Arg(0))
	}
	var known []string
	for _, s := range scenario.All() {
		known = append(known, s.Name)
	}
	var err error
	if o.only, err = choice("scenario", only, known); err != nil {
		return o, err
	}
	known = nil
	for _, c := range contender.All() {
		known = append(known, c.Name)
	}
	o.contenders, err = choice("contender", contenders, known)
	return o, err
}

// choice splits a list and refuses what is not known.
func choice(kind, list string, known []string) ([]string, error) {
	if list == "" {
		return nil, nil
	}
	names := strings.Split(list, ",")
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%w: no such %s: %q (there are: %s)", errUsage, kind, name, strings.Join(known, " "))
		}
	}
	return names, nil
}

func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) error {
	o, err := parse(arguments, stderr)
	if err != nil {
		return err
	}
	switch {
	case o.null != "":
		return null.Serve(ctx, o.null)
	case o.report != "":
		results, err := report.Read(o.report)
		if err != nil {
			return err
		}
		if err := render(results, strings.TrimSuffix(o.report, ".json"), stderr); err != nil {
			return err
		}
		return results.Markdown(stdout)
	}
	return measure(ctx, o, stdout, stderr)
}
