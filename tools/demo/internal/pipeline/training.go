package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Outcome is how a training ended.
type Outcome struct {
	Month     string // the month that decided
	Gate      string // pass or fail
	Version   string // the version that was registered
	Champion  string // the version it was compared with, or none
	Candidate string // which candidate won
	Report    string // the folder of the evaluation
}

// Prepared is what can be trained on: the months up to the one that decides.
type Prepared struct {
	Month, Source string
	Candidates    []string
	partitions    string // JSON, as the steps take it
	features      string // the folder of this kind of features
}

// Seed writes the source data and returns its folder.
func (r *Runner) Seed(ctx context.Context) (string, error) {
	done := r.Observe("seed")
	out, err := r.run(ctx, step{name: "seed", folder: "seed"})
	done("source data from the package", err)
	return filepath.Join(out, "source"), err
}

// Prepare runs ingest, validate and features for the months up to the one given.
// A month whose features are there is not computed again.
func (r *Runner) Prepare(ctx context.Context, source, month string) (Prepared, error) {
	done := r.Observe("ingest")
	out, err := r.run(ctx, step{
		name: "ingest", folder: month + "/ingest",
		inputs: map[string]string{"source": source}, args: []string{"--month=" + month},
	})
	if err != nil {
		done("", err)
		return Prepared{}, err
	}
	plan, err := readPlan(out)
	done(fmt.Sprintf("%d months, up to %s", len(plan.Months), plan.Month), err)
	if err != nil {
		return Prepared{}, err
	}

	raw := filepath.Join(out, "raw")
	done = r.Observe("validate")
	_, err = r.run(ctx, step{name: "validate", folder: month + "/validate", inputs: map[string]string{"raw": raw}})
	done("schema, ranges, nulls, duplicates", err)
	if err != nil {
		return Prepared{}, err
	}
	features := filepath.Join(r.Dir, "features", plan.FeatureSet)
	partitions, err := r.features(ctx, plan, raw, features)
	return Prepared{
		Month: plan.Month, Source: source, Candidates: plan.Candidates,
		partitions: partitions, features: features,
	}, err
}

// plan is what ingest says about what follows.
type plan struct {
	Month, FeatureSet string
	Months            []struct{ Month, Key string }
	Candidates        []string
}

func readPlan(out string) (plan, error) {
	values, err := parameters(out, "month", "feature-set", "months", "candidates")
	if err != nil {
		return plan{}, err
	}
	p := plan{Month: values[0], FeatureSet: values[1]}
	return p, errors.Join(
		json.Unmarshal([]byte(values[2]), &p.Months),
		json.Unmarshal([]byte(values[3]), &p.Candidates),
	)
}

// features computes the features of each month into store/MONTH/KEY, where Argo
// keeps them in S3, and remembers the parameter beside them, as Argo's cache does.
func (r *Runner) features(ctx context.Context, p plan, raw, store string) (string, error) {
	done := r.Observe("features")
	var partitions []string
	computed := 0
	for _, m := range p.Months {
		entry := filepath.Join(store, m.Month, m.Key)
		cached := filepath.Join(store, m.Month, m.Key+".partition")
		partition, err := os.ReadFile(cached)
		if err != nil {
			computed++
			if partition, err = r.compute(ctx, m.Month, m.Key, raw, entry, cached); err != nil {
				done("", err)
				return "", err
			}
		}
		partitions = append(partitions, string(partition))
	}
	done(fmt.Sprintf("%d computed, %d from the cache", computed, len(p.Months)-computed), nil)
	return "[" + strings.Join(partitions, ",") + "]", nil
}

func (r *Runner) compute(ctx context.Context, month, key, raw, entry, cached string) ([]byte, error) {
	out, err := r.run(ctx, step{
		name: "features", folder: "features-" + month + "-" + key[:min(8, len(key))],
		inputs: map[string]string{"raw": filepath.Join(raw, month)}, args: []string{"--month=" + month, "--key=" + key},
	})
	if err != nil {
		return nil, err
	}
	partition, err := parameter(out, "partition")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(entry), 0o755); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(entry); err != nil {
		return nil, err
	}
	if err := os.Rename(filepath.Join(out, "features"), entry); err != nil {
		return nil, err
	}
	return []byte(partition), os.WriteFile(cached, []byte(partition), 0o644)
}

// Train trains every candidate, two at a time, lets evaluate choose and judge,
// registers the choice and, if the gate lets it pass, promotes it.
func (r *Runner) Train(ctx context.Context, p Prepared) (Outcome, error) {
	runs, err := r.candidates(ctx, p)
	if err != nil {
		return Outcome{}, err
	}
	outcome, evaluation, run, err := r.evaluate(ctx, p, runs)
	if err != nil {
		return outcome, err
	}
	if outcome.Version, err = r.register(ctx, p, outcome, evaluation, run); err != nil {
		return outcome, err
	}
	if outcome.Gate != "pass" {
		return outcome, nil
	}
	done := r.Observe("promote")
	_, err = r.run(ctx, step{name: "promote", folder: p.Month + "/promote", args: []string{
		"--version=" + outcome.Version, "--champion=" + outcome.Champion,
	}})
	done("version "+outcome.Version+" is champion", err)
	return outcome, err
}

func (r *Runner) candidates(ctx context.Context, p Prepared) ([]string, error) {
	runs := make([]string, len(p.Candidates))
	faults := make([]error, len(p.Candidates))
	places := make(chan struct{}, 2)
	var trainings sync.WaitGroup
	for i, candidate := range p.Candidates {
		trainings.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			done := r.Observe("train " + candidate)
			out, err := r.run(ctx, step{
				name: "train", folder: p.Month + "/train-" + candidate,
				inputs: map[string]string{"features": p.features},
				args:   []string{"--month=" + p.Month, "--candidate=" + candidate, "--partitions=" + p.partitions},
			})
			if err == nil {
				runs[i], err = parameter(out, "run")
			}
			faults[i] = err
			done("tracked in MLflow", err)
		})
	}
	trainings.Wait()
	return runs, errors.Join(faults...)
}

func (r *Runner) evaluate(ctx context.Context, p Prepared, runs []string) (Outcome, string, string, error) {
	done := r.Observe("evaluate")
	out, err := r.run(ctx, step{
		name: "evaluate", folder: p.Month + "/evaluate",
		inputs: map[string]string{"features": p.features},
		args: []string{
			"--month=" + p.Month, "--runs=[" + strings.Join(runs, ",") + "]", "--partitions=" + p.partitions,
		},
	})
	if err != nil {
		done("", err)
		return Outcome{}, "", "", err
	}
	values, err := parameters(out, "gate", "run", "champion")
	if err != nil {
		done("", err)
		return Outcome{}, "", "", err
	}
	outcome := Outcome{
		Month: p.Month, Gate: values[0], Champion: values[2], Report: filepath.Join(out, "evaluation"),
	}
	var run struct{ Candidate string }
	err = json.Unmarshal([]byte(values[1]), &run)
	outcome.Candidate = run.Candidate
	against := "no champion yet"
	if outcome.Champion != "none" {
		against = "against version " + outcome.Champion
	}
	done(fmt.Sprintf("%s: %s, %s", outcome.Gate, outcome.Candidate, against), err)
	return outcome, outcome.Report, values[1], err
}

func (r *Runner) register(ctx context.Context, p Prepared, o Outcome, evaluation, run string) (string, error) {
	done := r.Observe("register")
	out, err := r.run(ctx, step{
		name: "register", folder: p.Month + "/register",
		inputs: map[string]string{"evaluation": evaluation},
		args:   []string{"--run=" + run, "--gate=" + o.Gate, "--champion=" + o.Champion},
	})
	if err != nil {
		done("", err)
		return "", err
	}
	version, err := parameter(out, "version")
	done("version "+version, err)
	return version, err
}

// Rollback gives champion back to the version before, and returns which that is.
func (r *Runner) Rollback(ctx context.Context) (string, error) {
	done := r.Observe("rollback")
	out, err := r.run(ctx, step{name: "rollback", folder: "rollback", args: []string{"--to=previous"}})
	if err != nil {
		done("", err)
		return "", err
	}
	champion, err := parameter(out, "champion")
	done("version "+champion+" is champion again", err)
	return champion, err
}
