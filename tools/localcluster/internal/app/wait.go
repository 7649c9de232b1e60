package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/addons"
	"example.com/mlops-platform/tools/localcluster/internal/instance"
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

// untilAPIServer waits for it, and gives the processes that wait for rights theirs.
func (c *cluster) untilAPIServer(ctx context.Context) error {
	err := c.untilReady(ctx, func(ready []string) bool { return slices.Contains(ready, "kube-apiserver") })
	if err != nil {
		return err
	}
	return c.apply(ctx, addons.Rights)
}

func (c *cluster) untilProcesses(ctx context.Context) error {
	addresses, err := c.instance.Addresses()
	if err != nil {
		return err
	}
	wanted := len(node.Processes(c.instance, addresses))
	return c.untilReady(ctx, func(ready []string) bool { return len(ready) == wanted })
}

// untilReady waits until those of the node's processes that are ready are enough.
func (c *cluster) untilReady(ctx context.Context, enough func(ready []string) bool) error {
	waiting := ""
	err := poll(ctx, func() (bool, error) {
		states, err := node.States(c.instance)
		if err != nil {
			return false, err
		}
		var ready []string
		for _, s := range states {
			if s.Ended != "" {
				return false, fmt.Errorf("%s ended: %s; its log: %s", s.Name, s.Ended, node.Log(c.instance, s.Name))
			}
			if s.Ready {
				ready = append(ready, s.Name)
			}
			waiting = s.Name
		}
		return enough(ready), c.initFault()
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

// untilNodeReady waits for what the kubelet that runs now says: what an earlier
// one said is believed for 40 s.
func (c *cluster) untilNodeReady(ctx context.Context) error {
	states, err := node.States(c.instance)
	if err != nil {
		return err
	}
	var started time.Time
	for _, s := range states {
		if s.Name == "kubelet" {
			started = s.Started.Truncate(time.Second) // as precise as the API is
		}
	}
	return poll(ctx, func() (bool, error) {
		out, err := c.kubectl(ctx, nil, "get", "node", c.instance.ID, "--ignore-not-found",
			`-o=jsonpath={.status.conditions[?(@.type=="Ready")]}`)
		if err != nil || out == "" {
			return false, err
		}
		var ready struct {
			Status            string
			LastHeartbeatTime time.Time
		}
		if err := json.Unmarshal([]byte(out), &ready); err != nil {
			return false, fmt.Errorf("condition of the node: %w", err)
		}
		return ready.Status == "True" && !ready.LastHeartbeatTime.Before(started), nil
	})
}

func (c *cluster) applyAddons(ctx context.Context) error {
	addresses, err := c.instance.Addresses()
	if err != nil {
		return err
	}
	manifests, err := addons.Manifests(addresses, c.bin)
	if err != nil {
		return err
	}
	if err := c.apply(ctx, manifests); err != nil {
		return err
	}
	return untilNamesResolve(ctx, addresses)
}

// untilNamesResolve asks the name server itself: what the API says of its pod
// may be from before the node was started anew.
func untilNamesResolve(ctx context.Context, a instance.Addresses) error {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, net.JoinHostPort(a.DNS().String(), "53"))
	}}
	var last error
	err := poll(ctx, func() (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		var found []string
		found, last = resolver.LookupHost(ctx, "kubernetes.default.svc.cluster.local.")
		return last == nil && slices.Contains(found, a.API().String()), nil
	})
	if err != nil {
		return fmt.Errorf("the name server at %s does not answer (%w): kubectl -n kube-system get pods", a.DNS(),
			errors.Join(err, last))
	}
	return nil
}

// apply does not have kubectl validate: it would ask every API first, and that
// of metrics-server answers 30 s late when its pod does not run.
func (c *cluster) apply(ctx context.Context, manifests string) error {
	_, err := c.kubectl(ctx, strings.NewReader(manifests),
		"apply", "--server-side", "--validate=false", "--field-manager=localcluster", "-f", "-")
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
