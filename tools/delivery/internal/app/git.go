package app

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// git runs git in the repository and returns what it says, without the last line break.
func (o *options) git(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir = o.root
	var output, faults bytes.Buffer
	command.Stdout, command.Stderr = &output, &faults
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(faults.String()))
	}
	return strings.TrimRight(output.String(), "\n"), nil
}

// changedSince lists the files that differ from a commit, among these paths.
func (o *options) changedSince(ctx context.Context, commit string, paths ...string) ([]string, error) {
	said, err := o.git(ctx, append([]string{"diff", "--name-only", "--no-renames", "-z", commit, "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(said, func(r rune) bool { return r == 0 }), nil
}
