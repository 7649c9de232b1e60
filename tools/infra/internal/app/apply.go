package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/mlops-platform/tools/infra/internal/changes"
)

// apply does exactly what the saved plan says, and writes the facts of the cluster.
func apply(ctx context.Context, o *options, s *session) error {
	e := s.environment
	saved, err := checkFingerprint(e)
	if err != nil {
		return fmt.Errorf("%w (nothing is changed)", err)
	}
	if saved.Account != s.account.ID {
		return fmt.Errorf("the plan is for the account %s (nothing is changed)", saved.Account)
	}
	// The plan was made in this folder, which is ready since, unless somebody cleaned up.
	if _, err := os.Stat(filepath.Join(e.Folder(), ".terraform")); err != nil {
		if err := s.initialise(ctx); err != nil {
			return err
		}
	}
	planJSON, err := s.terraform.Show(ctx, planFile(e))
	if err != nil {
		return err
	}
	read, err := changes.Read(planJSON)
	if err != nil {
		return err
	}
	if lost := read.Losses(); len(lost) > 0 {
		fmt.Fprintf(o.stderr, "this plan takes away what no code makes again:\n  %s\n", strings.Join(lost, "\n  "))
		if err := confirm(o); err != nil {
			return err
		}
	}

	// Used up, whatever becomes of it: a second apply of it would be refused by Terraform, in words less clear.
	applied := s.terraform.Apply(ctx, planFile(e))
	if err := forget(e); err != nil {
		return err
	}
	if applied != nil {
		return fmt.Errorf("terraform apply: %w; what is done is in the state, make plan ENV=%s says what is missing",
			applied, e.Name)
	}
	outputs, err := s.terraform.Outputs(ctx)
	if err != nil {
		return err
	}
	return writeFacts(ctx, o, outputs)
}

// writeFacts hands the outputs to render and says what is to be committed.
func writeFacts(ctx context.Context, o *options, outputs []byte) error {
	facts := "clusters/" + o.environment + "/facts"
	render := []string{"go", "run", "./tools/render"}
	if o.render != "" {
		render = []string{o.render}
	}
	command := exec.CommandContext(ctx, render[0], append(render[1:], "facts", o.environment)...)
	command.Dir, command.Stdin = o.root, bytes.NewReader(outputs)
	command.Stdout, command.Stderr = o.stderr, o.stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s is applied, but %s is not written: %w; mend it, then: terraform -chdir=terraform/envs/%s "+
			"output -json | go run ./tools/render facts %s", o.environment, facts, err, o.environment, o.environment)
	}
	status := exec.CommandContext(ctx, "git", "status", "--porcelain", "--", facts)
	status.Dir = o.root
	if said, err := status.Output(); err == nil && len(bytes.TrimSpace(said)) == 0 {
		fmt.Fprintf(o.stdout, "\n%s is applied; the facts are as they were: nothing to commit\n", o.environment)
		return nil
	}
	fmt.Fprintf(o.stdout, "\n%s is applied. Argo CD learns of it when the facts are committed:\n"+
		"  git add %s && git commit -m \"%s: new facts\" && git push\n", o.environment, facts, o.environment)
	return nil
}

// confirm asks for the name of the environment, unless CONFIRM has it already.
func confirm(o *options) error {
	name := o.environment
	if given := o.getenv("CONFIRM"); given != "" {
		if given == name {
			return nil
		}
		return fmt.Errorf("CONFIRM is %q, not %q (nothing is changed)", given, name)
	}
	fmt.Fprintf(o.stderr, "type %s to go on: ", name)
	line, err := bufio.NewReader(o.stdin).ReadString('\n')
	if strings.TrimSpace(line) == name {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrClosed) && line == "" {
		return fmt.Errorf("nobody answered: CONFIRM=%s answers (nothing is changed)", name)
	}
	return fmt.Errorf("%q is not %q (nothing is changed)", strings.TrimSpace(line), name)
}
