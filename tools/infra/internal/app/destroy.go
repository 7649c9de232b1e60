package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"example.com/mlops-platform/tools/infra/internal/account"
	"example.com/mlops-platform/tools/infra/internal/changes"
	"example.com/mlops-platform/tools/infra/internal/cluster"
)

// destroy takes an environment down in the order in which nothing is left: what the cluster made first, then what
// Terraform made; then it looks.
func destroy(ctx context.Context, o *options, s *session) error {
	e := s.environment
	if err := os.MkdirAll(filepath.Dir(planFile(e)), 0o750); err != nil {
		return err
	}
	if err := forget(e); err != nil {
		return err
	}
	if err := s.initialise(ctx); err != nil {
		return err
	}
	fmt.Fprintf(o.stderr, "planning the end of %s in %s\n", e.Name, s.account.ID)
	file := e.Out(".destroy.tfplan")
	defer func() { _ = os.Remove(file) }()
	if _, err := s.terraform.Plan(ctx, file, "-destroy"); err != nil {
		return err
	}
	planJSON, err := s.terraform.Show(ctx, file)
	if err != nil {
		return err
	}
	read, err := changes.Read(planJSON)
	if err != nil {
		return err
	}
	if read.Destroys() == 0 {
		fmt.Fprintf(o.stderr, "the state of %s holds nothing\n", e.Name)
		return leftovers(ctx, o, s)
	}

	read.Print(o.stdout, e.Name)
	if err := refuseGuarded(ctx, s, read); err != nil {
		return err
	}
	if err := confirm(o); err != nil {
		return err
	}
	if err := emptyCluster(ctx, o, s, read.Variable("admin_role_arn")); err != nil {
		return err
	}
	if err := s.terraform.Apply(ctx, file); err != nil {
		return fmt.Errorf("terraform destroy: %w; make destroy ENV=%s goes on from here", err, e.Name)
	}
	return leftovers(ctx, o, s)
}

// refuseGuarded stops before anything is touched where a protection would stop Terraform half-way.
func refuseGuarded(ctx context.Context, s *session, read *changes.Changes) error {
	var lines []string
	for _, guard := range read.Guards() {
		lines = append(lines, fmt.Sprintf("%s: %s", guard.Address, guard.Setting))
	}
	for _, bucket := range read.GuardedBuckets() {
		empty, err := s.account.IsEmpty(ctx, bucket.Name)
		if err != nil {
			return fmt.Errorf("looking into the bucket %s: %w", bucket.Name, err)
		}
		if !empty {
			lines = append(lines, fmt.Sprintf("%s: force_destroy = false, and %s is not empty", bucket.Address, bucket.Name))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	name := s.environment.Name
	return fmt.Errorf("%s is protected (nothing is changed):\n  %s\n"+
		"lift these in terraform/envs/%s/main.tf (deletion_protection = false of rds and alb, force_destroy = true of s3), "+
		"have it reviewed, make plan and make apply, then destroy", name, strings.Join(lines, "\n  "), name)
}

// emptyCluster ends what Terraform does not know: ties to target groups, and nodes that Karpenter started.
func emptyCluster(ctx context.Context, o *options, s *session, role string) error {
	name := s.environment.Prefix()
	found, err := s.account.Cluster(ctx, name)
	if err != nil {
		return err
	}
	switch {
	case o.clusterGone, found == nil:
		fmt.Fprintf(o.stderr, "cluster %s: not emptied, it is gone\n", name)
		if err := endInstances(ctx, o, s); err != nil {
			return err
		}
	default:
		config, err := cluster.Config(found, s.account.Config, s.account.Caller, role)
		if err != nil {
			return withWayOn(o, err)
		}
		if err := cluster.Reach(ctx, config); err != nil {
			return withWayOn(o, err)
		}
		say := func(format string, arguments ...any) {
			fmt.Fprintf(o.stderr, "cluster "+name+": "+format+"\n", arguments...)
		}
		drain := cluster.Drain{Config: config, Say: say, Limit: o.limit, Poll: o.poll}
		if err := drain.Run(ctx); err != nil {
			return withWayOn(o, err)
		}
	}
	return waitForInstances(ctx, o, s)
}

func withWayOn(o *options, err error) error {
	return fmt.Errorf("the cluster is not emptied: %w\n"+
		"its API is reached from inside the VPC or from allow_public_endpoint_from, as admin_role_arn.\n"+
		"If it is gone or will not answer any more: make destroy ENV=%s FLAGS=-cluster-gone\n"+
		"nothing of Terraform's is destroyed", err, o.environment)
}

// endInstances ends Karpenter's instances where Karpenter cannot: nothing else would, and they hold the subnets.
func endInstances(ctx context.Context, o *options, s *session) error {
	ids, err := s.account.KarpenterInstances(ctx, s.environment.Prefix())
	if err != nil || len(ids) == 0 {
		return err
	}
	fmt.Fprintf(o.stderr, "ending %d instances of Karpenter: %s\n", len(ids), strings.Join(ids, ", "))
	return s.account.EndInstances(ctx, ids)
}

func waitForInstances(ctx context.Context, o *options, s *session) error {
	var left []string
	err := wait.PollUntilContextTimeout(ctx, o.poll, o.limit, true, func(ctx context.Context) (bool, error) {
		var err error
		left, err = s.account.KarpenterInstances(ctx, s.environment.Prefix())
		return len(left) == 0, err
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return withWayOn(o, fmt.Errorf("after %s Karpenter's instances still run: %s", o.limit, strings.Join(left, ", ")))
	}
	return err
}

// leftovers looks for what is left of an environment. What is left on purpose is listed and is no fault.
func leftovers(ctx context.Context, o *options, s *session) error {
	names := account.Names{
		Environment: s.environment.Name, Prefix: s.environment.Prefix(), Account: s.account.ID,
	}
	looking, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	found, err := s.account.Leftovers(looking, names)
	unwanted := 0
	for _, each := range found {
		why := each.Kept
		if why == "" {
			unwanted++
			why = "left"
		}
		fmt.Fprintf(o.stdout, "%s %s: %s\n", each.Kind, each.ID, why)
	}
	if err != nil {
		return fmt.Errorf("not all could be looked for: %w", err)
	}
	if unwanted > 0 {
		return fmt.Errorf("%d left of %s in %s: delete them by hand, or find out who uses them",
			unwanted, s.environment.Name, s.environment.Region)
	}
	fmt.Fprintf(o.stdout, "nothing is left of %s\n", s.environment.Name)
	return nil
}
