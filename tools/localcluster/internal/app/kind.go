package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// kindImage is what kind v0.33.0 has of the minor release that the node is built from.
const kindImage = "kindest/node:v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0"

// runKind leaves the cluster to kind. It gives the cluster alone: neither our
// names nor metrics.
func (c *cluster) runKind(ctx context.Context, command string, args []string) error {
	switch command {
	case "up":
		return c.kindUp(ctx)
	case "down":
		if _, err := c.kind(ctx, "delete", "cluster"); err != nil {
			return err
		}
		return os.RemoveAll(c.instance.Dir)
	case "status":
		there, err := c.kindRuns(ctx)
		if err == nil && !there {
			err = fmt.Errorf("%s does not run; localcluster up --provider kind starts it", c.instance.ID)
		}
		if err != nil {
			return err
		}
		nodes, err := c.kind(ctx, "get", "nodes")
		fmt.Fprint(c.stdout, nodes)
		return err
	case "load":
		if len(args) == 0 {
			return fmt.Errorf("%w: load takes the files to load", errUsage)
		}
		var faults error
		for _, file := range args {
			faults = errors.Join(faults, c.stages.Do(filepath.Base(file), func() error {
				_, err := c.kind(ctx, "load", "image-archive", file)
				return err
			}))
		}
		return faults
	case "kubeconfig":
		return c.kubeconfig()
	}
	return fmt.Errorf("%w: %q is not for --provider kind; ask kind and docker", errUsage, command)
}

func (c *cluster) kindUp(ctx context.Context) error {
	var needs []need
	for _, p := range [][2]string{{"docker", "docs.docker.com/engine/install"}, {"kind", "kind.sigs.k8s.io"}} {
		needs = append(needs, need{p[0], "any", p[1], func() (string, bool) {
			file, err := exec.LookPath(p[0])
			return file, err == nil
		}})
	}
	if err := check(needs, c.stages); err != nil {
		return err
	}
	if err := os.MkdirAll(c.instance.Dir, 0o755); err != nil {
		return err
	}
	there, err := c.kindRuns(ctx)
	if err != nil {
		return err
	}
	args := []string{"create", "cluster", "--image", kindImage, "--wait", phaseLimit.String()}
	if there {
		args = []string{"export", "kubeconfig"}
	}
	err = c.stages.Do("kind "+strings.Join(args[:2], " "), func() error {
		_, err := c.kind(ctx, append(args, "--kubeconfig", c.instance.Kubeconfig())...)
		return err
	})
	if err == nil {
		c.stages.Say("\n  export KUBECONFIG=%s", c.instance.Kubeconfig())
	}
	return err
}

func (c *cluster) kindRuns(ctx context.Context) (bool, error) {
	out, err := exec.CommandContext(ctx, "kind", "get", "clusters", "--quiet").Output()
	if err != nil {
		return false, fmt.Errorf("kind get clusters: %w", err)
	}
	return slices.Contains(strings.Fields(string(out)), c.instance.ID), nil
}

// kind runs a command on this cluster and returns what it prints.
func (c *cluster) kind(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "kind", append(args, "--name", c.instance.ID)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kind %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}
