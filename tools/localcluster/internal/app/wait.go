package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/addons"
	"example.com/mlops-platform/tools/localcluster/internal/image"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

const pollInterval = 200 * time.Millisecond

// poll asks until the answer is nil, a fault that time does not mend, or the time is up.
func poll(ctx context.Context, ask func() (done bool, err error)) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *cluster) untilProcessesReady(ctx context.Context) error {
	addresses, err := c.instance.Addresses()
	if err != nil {
		return err
	}
	wanted := len(node.Processes(c.instance, addresses))
	waiting := ""
	err = poll(ctx, func() (bool, error) {
		states, err := node.States(c.instance)
		if err != nil {
			return false, err
		}
		ready := 0
		for _, s := range states {
			if s.Ended != "" {
				return false, fmt.Errorf("%s ended: %s; its log: %s", s.Name, s.Ended, node.Log(c.instance, s.Name))
			}
			if s.Ready {
				ready++
			}
			waiting = s.Name
		}
		return ready == wanted, c.initFault()
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s is not ready after %s; its log: %s", waiting, phaseLimit, node.Log(c.instance, waiting))
	}
	return err
}

// initFault is what ended the node's first process, nil while it runs.
func (c *cluster) initFault() error {
	pid, err := node.Find(c.instance)
	if err != nil || pid != 0 {
		return err
	}
	return fmt.Errorf("the node has ended; its log: %s", node.Log(c.instance, "init"))
}

func (c *cluster) untilNodeReady(ctx context.Context) error {
	return poll(ctx, func() (bool, error) {
		out, err := c.kubectl(ctx, nil, "get", "node", c.instance.ID, "--ignore-not-found",
			`-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
		return strings.TrimSpace(out) == "True", err
	})
}

func (c *cluster) applyAddons(ctx context.Context) error {
	addresses, err := c.instance.Addresses()
	if err != nil {
		return err
	}
	manifests := strings.NewReader(addons.Manifests(addresses))
	if _, err := c.kubectl(ctx, manifests, "apply", "--server-side", "--field-manager=localcluster", "-f", "-"); err != nil {
		return err
	}
	_, err = c.kubectl(ctx, nil, "-n", "kube-system", "rollout", "status", "deployment/coredns")
	return err
}

// kubectl runs the pinned kubectl as the administrator and returns what it prints.
func (c *cluster) kubectl(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "kubectl"),
		append([]string{"--kubeconfig", c.instance.Kubeconfig()}, args...)...)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// loadOwn brings in the images that the node itself needs.
func (c *cluster) loadOwn(ctx context.Context) error {
	for reference, program := range addons.Images() {
		var archive bytes.Buffer
		if err := image.FromBinary(&archive, reference, filepath.Join(c.bin, program)); err != nil {
			return err
		}
		if err := c.importImages(ctx, &archive); err != nil {
			return fmt.Errorf("%s: %w", reference, err)
		}
	}
	return nil
}

// load brings in archives of images.
func (c *cluster) load(ctx context.Context, files []string) error {
	if len(files) == 0 {
		return fmt.Errorf("%w: load takes the files to load", errUsage)
	}
	var faults error
	for _, file := range files {
		faults = errors.Join(faults, c.report.Phase(filepath.Base(file), func() error {
			archive, err := os.Open(file)
			if err != nil {
				return err
			}
			defer archive.Close()
			return c.importImages(ctx, archive)
		}))
	}
	return faults
}

func (c *cluster) importImages(ctx context.Context, archive io.Reader) error {
	pid, err := node.Find(c.instance)
	if err != nil {
		return err
	}
	if pid == 0 {
		return fmt.Errorf("%s does not run; localcluster up starts it", c.instance.ID)
	}
	// Through the node's own view the path is short: that of a socket has at most 107 bytes.
	socket := fmt.Sprintf("/proc/%d/root%s", pid, node.Socket)
	cmd := exec.CommandContext(ctx, "ctr", "--address", socket, "--namespace", "k8s.io", "images", "import", "-")
	cmd.Stdin = archive
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ctr images import: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
