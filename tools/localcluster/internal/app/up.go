package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/cgroup"
	"example.com/mlops-platform/tools/localcluster/internal/network"
	"example.com/mlops-platform/tools/localcluster/internal/node"
	"example.com/mlops-platform/tools/localcluster/internal/pki"
)

// Each phase has its limit: a busy machine takes several times as long as a
// quiet one, on which the slowest phase takes some 10 s.
const phaseLimit = 3 * time.Minute

func (c *cluster) up(ctx context.Context) error {
	if err := check(c.needs(), c.stages); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.dir), 0o755); err != nil {
		return err
	}
	unlock, err := c.lock(ctx, filepath.Dir(c.dir))
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.MkdirAll(c.instance.Dir, 0o755); err != nil {
		return err
	}
	running, err := c.wellOrStopped(ctx)
	if err != nil {
		return err
	}
	if running {
		c.stages.Say("%s runs already", c.instance.ID)
	} else if err := c.stages.Do("node", func() error { return c.start(ctx) }); err != nil {
		return err
	}
	phases := []struct {
		name string
		work func(context.Context) error
	}{
		{"API server", c.untilAPIServer},
		{"other processes", c.untilProcesses},
		{"images", c.loadOwn},
		{"node is Ready", c.untilNodeReady},
		{"addons", c.applyAddons},
	}
	for _, phase := range phases {
		err := c.stages.Do(phase.name, func() error {
			ctx, cancel := context.WithTimeout(ctx, phaseLimit)
			defer cancel()
			return phase.work(ctx)
		})
		if err != nil {
			return fmt.Errorf("%s: %w; up goes on from here, down removes it", phase.name, err)
		}
	}
	c.stages.Say("\n  export KUBECONFIG=%s", c.instance.Kubeconfig())
	return nil
}

// wellOrStopped tells whether the node runs. One of which a process has ended,
// or that another release has started, is stopped, to be started anew from its
// folder.
func (c *cluster) wellOrStopped(ctx context.Context) (bool, error) {
	pid, err := node.Find(c.instance)
	if err != nil {
		return false, err
	}
	if pid != 0 {
		ill, err := c.ill()
		if err != nil {
			return false, err
		}
		if ill == "" {
			return true, nil
		}
		c.stages.Say("starting the node anew: %s", ill)
	}
	return false, c.stop(ctx)
}

// ill says what is wrong with the node that runs, "" for nothing.
func (c *cluster) ill() (string, error) {
	states, err := node.States(c.instance)
	if err != nil {
		return "", err
	}
	if len(states) == 0 {
		return "it had not started a process", nil
	}
	for _, s := range states {
		if s.Ended != "" {
			return fmt.Sprintf("%s had ended (%s)", s.Name, s.Ended), nil
		}
	}
	addresses, err := c.instance.Addresses()
	if err != nil {
		return "", err
	}
	current, err := node.Current(c.instance, addresses)
	if err != nil || current {
		return "", err
	}
	return "it was started otherwise than this release starts it", nil
}

// start makes the node and lets it go once it is linked.
func (c *cluster) start(ctx context.Context) error {
	if err := cgroup.Make(c.instance.Cgroup()); err != nil {
		return err
	}
	// Two that start at once must not choose the same addresses: they are taken when the link has them. /run is a
	// folder that every machine has, and to lock it leaves nothing behind.
	unlock, err := c.lock(ctx, "/run")
	if err != nil {
		return err
	}
	defer unlock()
	taken, err := network.Taken()
	if err != nil {
		return err
	}
	addresses, err := c.instance.Choose(taken)
	if err != nil {
		return err
	}
	if err := pki.WriteCluster(c.instance, addresses); err != nil {
		return err
	}
	if err := node.WriteConfig(c.instance, addresses); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	pid, linked, err := node.Start(c.instance, program, c.bin, c.dir)
	if err != nil {
		return err
	}
	defer linked.Close()
	if err := network.Link(c.instance, addresses, pid); err != nil {
		return errors.Join(err, c.initFault())
	}
	_, err = linked.Write([]byte{1})
	return errors.Join(err, c.initFault())
}

// lock waits until nobody else holds the folder.
func (c *cluster) lock(ctx context.Context, dir string) (unlock func(), err error) {
	file, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	said := false
	err = poll(ctx, func() (bool, error) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err == nil, err
		}
		if !said {
			c.stages.Say("waiting for another up or down to end")
			said = true
		}
		return false, nil
	})
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return func() { file.Close() }, nil
}
