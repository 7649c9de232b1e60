// Command diff measures `render diff` against what it replaces: both revisions in a worktree each, and the kustomize
// program over every overlay of both; see README.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
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
	err := run(ctx, os.Args[1:], os.Stderr)
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

func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("diff", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("rounds", 7, "times that each way is measured for each edit")
	out := flags.String("results", "", "raw file to write (bench/results/diff-DATE.json)")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 0 || *rounds < 1 {
		return fmt.Errorf("%w: no arguments, and one round at least", errUsage)
	}
	if *out == "" {
		*out = filepath.Join("bench", "results", "diff-"+time.Now().UTC().Format(time.DateOnly)+".json")
	}
	scratch, err := os.MkdirTemp("", "bench-diff-*")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	b, err := prepare(ctx, scratch, stderr)
	if err != nil {
		return err
	}
	results := Results{At: time.Now().UTC().Format(time.RFC3339), Commit: b.commit, Machine: machine(), Tools: b.tools,
		Overlays: len(b.overlays), Rounds: *rounds}
	for _, e := range edits {
		s, err := b.measure(ctx, e, *rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		fmt.Fprintf(stderr, "%-28s render diff %s  kustomize %s  two at once %s  %.1f and %.1f times\n", e.Name,
			s.Render, s.Sequential, s.Parallel, s.Sequential.Median/s.Render.Median, s.Parallel.Median/s.Render.Median)
		results.Scenarios = append(results.Scenarios, s)
	}
	return write(*out, results)
}

// Results are the raw file.
type Results struct {
	At        string            `json:"at"`
	Commit    string            `json:"commit"`
	Machine   map[string]string `json:"machine"`
	Tools     map[string]string `json:"tools"`
	Overlays  int               `json:"overlays"` // that kustomize builds on each side
	Rounds    int               `json:"rounds"`
	Scenarios []Scenario        `json:"scenarios"`
}

// Scenario is one edit, measured every way. Times are in seconds.
type Scenario struct {
	Edit
	Summary json.RawMessage `json:"summary"` // what render diff says of it
	// Rendered are the Applications that render diff rendered of each side.
	Rendered   json.RawMessage `json:"rendered"`
	Render     Times           `json:"renderDiff"`
	Sequential Times           `json:"kustomizeOneByOne"`
	Parallel   Times           `json:"kustomizeTwoAtOnce"`
}

// Times are measurements of one way.
type Times struct {
	Median float64   `json:"median"`
	Lowest float64   `json:"lowest"`
	Most   float64   `json:"highest"`
	Values []float64 `json:"values"`
}

func (t Times) String() string {
	return fmt.Sprintf("%.2f s (%.2f to %.2f)", t.Median, t.Lowest, t.Most)
}

func timesOf(values []float64) Times {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Times{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Lowest: sorted[0], Most: sorted[n-1], Values: values}
}

// write replaces the file as a whole.
func write(file string, r Results) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := os.WriteFile(file+".new", append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}
