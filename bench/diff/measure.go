package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Edit is one change to the working tree.
type Edit struct {
	Name string `json:"name"`
	File string `json:"file"`
	From string `json:"from"`
	To   string `json:"to"`
}

// edits reach from nothing that is rendered to nearly everything.
var edits = []Edit{
	{"nothing that is rendered", "README.md", "\n", "\n\n"},
	{"one overlay", "apps/mlflow/overlays/prod/kustomization.yaml", "newTag: 0.1.0", "newTag: 0.1.1"},
	{"a base of three clusters", "apps/inference-api/base/deployment.yaml", "PeriodSeconds: 60", "PeriodSeconds: 61"},
	{"a fact of one cluster", "clusters/dev/facts/facts.yaml", "region: ", "region: x-"},
	{"every Application", "clusters/base/common/sync.yaml", "Prune=confirm", "Prune=false"},
}

// bench is a clone of this repository and the programs to be measured.
type bench struct {
	clone, scratch    string
	render, kustomize string
	env               []string // makes git take remote bases from local mirrors
	commit            string
	tools             map[string]string
	overlays          []string
}

// measure times every way in turn, round by round, so that what else the machine does falls on all of them.
func (b *bench) measure(ctx context.Context, e Edit, rounds int) (Scenario, error) {
	s := Scenario{Edit: e}
	file := filepath.Join(b.clone, e.File)
	before, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	if !bytes.Contains(before, []byte(e.From)) {
		return s, fmt.Errorf("%s does not contain %q", e.File, e.From)
	}
	if err := os.WriteFile(file, bytes.Replace(before, []byte(e.From), []byte(e.To), 1), 0o644); err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, before, 0o644)) }()
	var said struct{ Summary, Rendered json.RawMessage }
	var render, sequential, parallel []float64
	for range rounds {
		out, took, err := b.renderDiff(ctx)
		if err != nil {
			return s, err
		}
		if err := json.Unmarshal(out, &said); err != nil {
			return s, fmt.Errorf("reading what render diff says: %w", err)
		}
		render = append(render, took)
		for _, way := range []struct {
			at   int
			into *[]float64
		}{{1, &sequential}, {2, &parallel}} {
			took, err := b.byHand(ctx, way.at)
			if err != nil {
				return s, err
			}
			*way.into = append(*way.into, took)
		}
	}
	s.Summary, s.Rendered = said.Summary, said.Rendered
	s.Render, s.Sequential, s.Parallel = timesOf(render), timesOf(sequential), timesOf(parallel)
	return s, err
}

func (b *bench) renderDiff(ctx context.Context) (out []byte, seconds float64, err error) {
	start := time.Now()
	cmd := exec.CommandContext(ctx, b.render, "diff", "--base", "HEAD", "--format", "json")
	cmd.Dir = b.clone
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err = cmd.Output()
	seconds = time.Since(start).Seconds()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil // there is a difference
	}
	if err != nil {
		return nil, 0, fmt.Errorf("render diff: %w: %s", err, complaint.String())
	}
	return out, seconds, nil
}

// byHand checks the base out and builds every overlay of both sides, at most atOnce at a time. Their outputs are kept
// in files, as somebody would who then compares them; the comparison itself is not done.
func (b *bench) byHand(ctx context.Context, atOnce int) (float64, error) {
	work := filepath.Join(b.scratch, "base")
	start := time.Now()
	if _, err := b.git(ctx, b.clone, "worktree", "add", "-q", "--detach", work, "HEAD"); err != nil {
		return 0, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, side := range []string{work, b.clone} {
		for _, dir := range b.overlays {
			g.Go(func() error { return b.build(ctx, side, dir) })
		}
	}
	err := g.Wait()
	took := time.Since(start).Seconds()
	_, gone := b.git(context.WithoutCancel(ctx), b.clone, "worktree", "remove", "--force", work)
	return took, errors.Join(err, gone)
}

func (b *bench) build(ctx context.Context, side, dir string) error {
	name := filepath.Base(side) + "-" + strings.ReplaceAll(dir, "/", "_") + ".yaml"
	cmd := exec.CommandContext(ctx, b.kustomize, "build", dir, "-o", filepath.Join(b.scratch, name))
	cmd.Dir, cmd.Env = side, b.env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kustomize build %s: %w: %s", dir, err, out)
	}
	return nil
}

func (b *bench) git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
