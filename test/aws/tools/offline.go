package tools

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Offline is a Terraform command in a folder, with its .terraform in data. It gets nothing of the caller's environment
// that could turn it into a call to an account.
func (t Tools) Offline(ctx context.Context, dir, data string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, t.Terraform, args...)
	command.Dir = dir
	command.Env = slices.DeleteFunc(os.Environ(), func(setting string) bool {
		name, _, _ := strings.Cut(setting, "=")
		return name == "TF_WORKSPACE" || slices.ContainsFunc([]string{"AWS_", "TF_VAR_", "TF_CLI_"},
			func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
	// GOGC as in hack/terraform-test.sh: a provider lives for a second, and need not tidy up.
	command.Env = append(command.Env, "TF_DATA_DIR="+data, "AWS_EC2_METADATA_DISABLED=true", "CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "GOGC=400")
	return command
}

// InitOffline is the init that goes before it.
func (t Tools) InitOffline(ctx context.Context, dir, data string) *exec.Cmd {
	args := []string{"init", "-no-color", "-input=false", "-backend=false"}
	if t.Plugins != "" {
		args = append(args, "-plugin-dir="+t.Plugins)
	}
	return t.Offline(ctx, dir, data, args...)
}
