package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"example.com/mlops-platform/bench/serving/internal/report"
	"example.com/mlops-platform/bench/serving/internal/scenario"
)

// distributions are the packages whose release is the version of a peer.
var distributions = map[string]string{
	"floor": "starlette", "mlflow": "mlflow", "mlserver": "mlserver", "litserve": "litserve", "bentoml": "bentoml",
}

// describe says what is measured, on what.
func describe(ctx context.Context, bench *scenario.Bench) (report.Results, error) {
	root := bench.Site.Root
	// Ends in -dirty when what is measured is not what is committed.
	commit, err := exec.CommandContext(ctx, "git", "-C", root, "describe", "--always", "--dirty", "--exclude=*",
		"--abbrev=12").Output()
	if err != nil {
		return report.Results{}, fmt.Errorf("git describe: %w", err)
	}
	results := report.Results{
		Started: time.Now().UTC().Format(time.RFC3339),
		Commit:  strings.TrimSpace(string(commit)),
		Machine: map[string]string{"cpu": cpuModel(), "cores": strconv.Itoa(cores()), "kernel": kernel()},
		Settings: map[string]string{
			"rounds": strconv.Itoa(bench.Pace.Rounds), "slice_s": strconv.Itoa(bench.Pace.Slice),
			"phase_s": bench.Pace.Phase.String(), "idle_s": bench.Pace.Idle.String(),
		},
	}
	for _, c := range bench.Contenders {
		version := "this commit"
		if distribution, there := distributions[c.Peer]; there {
			version = locked(filepath.Join(root, "bench", "serving", "peers", c.Peer, "requirements.txt"), distribution)
		}
		results.Contenders = append(results.Contenders, report.Contender{
			Name: c.Name, Peer: c.Peer, What: c.What, Version: version,
		})
	}
	return results, nil
}

// locked gives the version of a distribution in a lock file, or nothing.
func locked(path, distribution string) string {
	return firstAfter(path, distribution+"==")
}

func cpuModel() string { return strings.TrimLeft(firstAfter("/proc/cpuinfo", "model name\t:"), " ") }

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

// cores counts those of the machine; this process itself is pinned to one.
func cores() int {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return 0
	}
	defer file.Close()
	count := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "processor\t") {
			count++
		}
	}
	return count
}

// firstAfter gives what follows the prefix on the first line that has it, up to a space or backslash at its end.
func firstAfter(path, prefix string) string {
	file, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if rest, found := strings.CutPrefix(lines.Text(), prefix); found {
			return strings.TrimRight(rest, " \\")
		}
	}
	return "unknown"
}
