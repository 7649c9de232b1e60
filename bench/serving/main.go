// Command serving compares the inference service with other model servers on one machine; see README.md.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"example.com/mlops-platform/bench/serving/internal/contender"
	"example.com/mlops-platform/bench/serving/internal/null"
	"example.com/mlops-platform/bench/serving/internal/registry"
	"example.com/mlops-platform/bench/serving/internal/report"
	"example.com/mlops-platform/bench/serving/internal/scenario"
)

const registryPort = 18090

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
	quick                               bool
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

// measure runs the scenarios. What was measured before a failure is kept.
func measure(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	work, err := os.MkdirTemp("", "bench-serving")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(work)
		} else {
			fmt.Fprintln(stderr, "the servers' logs are in", work)
		}
	}()
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	environments, err := filepath.Abs(o.environments)
	if err != nil {
		return err
	}
	bench := &scenario.Bench{
		Site:       contender.Site{Root: root, Environments: environments, Models: filepath.Join(work, "models"), Work: work},
		Contenders: contender.All(),
		Vegeta:     filepath.Join(environments, "vegeta"),
		Pace:       scenario.Full,
		Progress:   stderr,
	}
	if o.quick {
		bench.Pace = scenario.Quick
	}
	if len(o.contenders) > 0 {
		bench.Contenders = slices.DeleteFunc(bench.Contenders, func(c contender.Contender) bool {
			return !slices.Contains(o.contenders, c.Name)
		})
	}
	results, err := describe(ctx, bench, root)
	if err != nil {
		return err
	}
	path := o.results
	if path == "" && !o.quick {
		path = filepath.Join(root, "bench", "results", "serving-"+results.Started[:len("2006-01-02")]+".json")
	}
	if path != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
	}
	bench.Record = func(sample report.Sample) error {
		results.Samples = append(results.Samples, sample)
		if path == "" {
			return nil
		}
		return results.Write(path)
	}
	if err := prepareAndRun(ctx, bench, o.only); err != nil {
		return err
	}
	if path != "" {
		if err := render(results, strings.TrimSuffix(path, ".json"), stderr); err != nil {
			return err
		}
	}
	return results.Markdown(stdout)
}

// render writes the tables and the plot beside the raw file.
func render(results report.Results, base string, stderr io.Writer) error {
	for suffix, write := range map[string]func(io.Writer) error{".md": results.Markdown, ".svg": results.Plot} {
		var page bytes.Buffer
		if err := write(&page); err != nil {
			return err
		}
		if err := os.WriteFile(base+suffix, page.Bytes(), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(stderr, "written: %s.json, .md and .svg\n", base)
	return nil
}

// prepareAndRun makes the models, starts the registry, and measures.
func prepareAndRun(ctx context.Context, bench *scenario.Bench, only []string) (err error) {
	scripts := filepath.Join(bench.Site.Root, "bench", "serving", "models")
	environment := filepath.Join(bench.Site.Environments, "mlflow")
	fmt.Fprintln(bench.Progress, "training the models")
	build := exec.CommandContext(ctx, filepath.Join(environment, "bin", "python"),
		filepath.Join(scripts, "build.py"), bench.Site.Models)
	build.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("models/build.py: %w: %s", err, output)
	}
	folder := filepath.Join(bench.Site.Work, "registry")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	bench.Registry = &registry.Registry{
		Environment: environment, Folder: folder, Port: registryPort, Core: scenario.LoadCore,
	}
	fmt.Fprintln(bench.Progress, "starting the registry")
	defer func() {
		if stopped := bench.Registry.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stopped
		}
	}()
	if err := bench.Registry.Start(ctx); err != nil {
		return err
	}
	if err := bench.Registry.Publish(ctx, filepath.Join(scripts, "publish.py"), bench.Site.Models); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := bench.Ceiling(ctx, program); err != nil {
		return err
	}
	return bench.Run(ctx, only)
}
