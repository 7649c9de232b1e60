package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"example.com/mlops-platform/bench/serving/internal/contender"
	"example.com/mlops-platform/bench/serving/internal/registry"
	"example.com/mlops-platform/bench/serving/internal/report"
	"example.com/mlops-platform/bench/serving/internal/scenario"
)

const registryPort = 18090

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
	bench, err := newBench(o, work, stderr)
	if err != nil {
		return err
	}
	results, err := describe(ctx, bench)
	if err != nil {
		return err
	}
	path := o.results
	if path == "" && !o.quick {
		date := results.Started[:len("2006-01-02")]
		path = filepath.Join(bench.Site.Root, "bench", "results", "serving-"+date+".json")
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

// newBench is the run that the options ask for, in an empty folder.
func newBench(o options, work string, progress io.Writer) (*scenario.Bench, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	environments, err := filepath.Abs(o.environments)
	if err != nil {
		return nil, err
	}
	bench := &scenario.Bench{
		Site: contender.Site{
			Root: root, Environments: environments, Models: filepath.Join(work, "models"), Work: work,
		},
		Contenders: contender.All(),
		Vegeta:     filepath.Join(environments, "vegeta"),
		Pace:       scenario.Full,
		Progress:   progress,
	}
	switch {
	case o.quick:
		bench.Pace = scenario.Quick
	case o.brief:
		bench.Pace = scenario.Brief
	}
	if len(o.contenders) > 0 {
		bench.Contenders = slices.DeleteFunc(bench.Contenders, func(c contender.Contender) bool {
			return !slices.Contains(o.contenders, c.Name)
		})
	}
	return bench, nil
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
