package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"example.com/mlops-platform/tools/delivery/internal/github"
)

// into is the branch that the clusters follow.
const into = "main"

// propose opens a pull request with what a job has changed, or updates the one that is open.
func propose(ctx context.Context, o *options) error {
	if o.branch == "" || o.branch == into || o.title == "" {
		return usageError{errors.New("propose: want -branch, which is not main, and -title")}
	}
	from, err := o.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	changed, err := o.changedSince(ctx, from, o.args...)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		fmt.Fprintf(o.stderr, "nothing to propose: %v are as in %s\n", o.args, from[:12])
		return nil
	}
	p := &github.Proposal{Branch: o.branch, From: from, Into: into, Title: o.title, Files: map[string][]byte{}}
	for _, file := range changed {
		if p.Files[file], err = os.ReadFile(filepath.Join(o.root, file)); err != nil {
			return fmt.Errorf("a proposal changes files, and removes none: %w", err)
		}
	}
	if o.body != "" {
		text, err := os.ReadFile(o.body)
		if err != nil {
			return err
		}
		p.Body = string(text)
	}
	p.Body += fmt.Sprintf("\nMade by [this run](%s) of %s.\n", o.github.RunURL(), from)
	client, err := o.github.Client()
	if err != nil {
		return err
	}
	address, err := client.Propose(ctx, p)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stderr, "proposed: %s\n", address)
	return o.github.Summarise("Proposed: " + address)
}
