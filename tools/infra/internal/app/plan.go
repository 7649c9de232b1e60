package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"example.com/mlops-platform/tools/cost/estimate"
	"example.com/mlops-platform/tools/infra/internal/changes"
	"example.com/mlops-platform/tools/infra/internal/environment"
)

// plan saves a plan and says what it does and what the environment costs after it.
func plan(ctx context.Context, o *options, s *session) error {
	e := s.environment
	if err := os.MkdirAll(filepath.Dir(planFile(e)), 0o750); err != nil {
		return err
	}
	// Whatever comes now, the plan that was there is not the one that is shown.
	if err := forget(e); err != nil {
		return err
	}
	if err := s.initialise(ctx); err != nil {
		return err
	}
	fmt.Fprintf(o.stderr, "planning %s in %s\n", e.Name, s.account.ID)
	changed, err := s.terraform.Plan(ctx, planFile(e))
	if err != nil {
		return err
	}
	planJSON, err := s.terraform.Show(ctx, planFile(e))
	if err != nil {
		return err
	}
	read, err := changes.Read(planJSON)
	if err != nil {
		return err
	}
	read.Print(o.stdout, e.Name)
	printCost(o, e, planJSON)
	if !changed {
		fmt.Fprintf(o.stdout, "\nnothing to do: %s is as the code says\n", e.Name)
		return forget(e)
	}
	if err := saveFingerprint(e, s.account.ID); err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "\nevery detail: terraform -chdir=terraform/envs/%s show %s\n", e.Name, planFile(e))
	fmt.Fprintf(o.stdout, "to do it:     make apply ENV=%s\n", e.Name)
	return nil
}

// printCost writes the estimate. One that cannot be had is no reason to hold a plan back.
func printCost(o *options, e *environment.Environment, planJSON []byte) {
	prices, err := estimate.ListPrices()
	if err != nil {
		fmt.Fprintf(o.stderr, "no cost estimate: %s\n", err)
		return
	}
	file := filepath.Join(e.Folder(), "cost.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintf(o.stderr, "no cost estimate: %s\n", err)
		return
	}
	assumed, err := estimate.ReadAssumptions(data)
	if err != nil {
		fmt.Fprintf(o.stderr, "no cost estimate: %s: %s\n", file, err)
		return
	}
	result, err := estimate.Of(planJSON, prices, assumed)
	if err != nil {
		fmt.Fprintf(o.stderr, "no cost estimate: %s\n", err)
		return
	}
	fmt.Fprintf(o.stdout, "\nwhat %s costs after it:\n\n", e.Name)
	result.Print(o.stdout, e.Name, prices, assumed)
}
