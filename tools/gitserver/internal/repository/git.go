package repository

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// settings hold for every repository, whenever it was made. What they do not say is git's default.
var settings = []struct{ key, value string }{
	// What a force push takes out of a branch stays in the reflog, for ever.
	{"core.logAllRefUpdates", "true"},
	{"gc.reflogExpire", "never"},
	{"gc.reflogExpireUnreachable", "never"},
	// A process that outlives its request would not be counted among those that may run.
	{"gc.autoDetach", "false"},
	{"maintenance.autoDetach", "false"},
	// A push that was accepted is on the disk. Git's default leaves out loose objects and references.
	{"core.fsync", "all"},
	{"receive.fsckObjects", "true"},
	// Continuous integration often has one commit only.
	{"receive.shallowUpdate", "true"},
	{"receive.denyDeleteCurrent", "refuse"},
	// Argo CD fetches commits by their hash.
	{"uploadpack.allowReachableSHA1InWant", "true"},
	// Only smart HTTP, no files.
	{"http.getanyfile", "false"},
	// Memory of one process: the default is 256 MiB for each thread of each core.
	{"pack.threads", "1"},
	{"pack.windowMemory", "32m"},
}

// Environment is what each process of git gets: our settings, and neither the machine's nor a person's.
func Environment() []string {
	env := []string{
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_TERMINAL_PROMPT=0",
		fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(settings)),
	}
	for i, s := range settings {
		env = append(env,
			fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, s.key),
			fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, s.value))
	}
	return env
}

// git runs one command to its end and returns what it wrote to stdout.
func git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = append(Environment(), "PATH="+os.Getenv("PATH"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
