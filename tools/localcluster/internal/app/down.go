package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"example.com/mlops-platform/tools/localcluster/internal/cgroup"
	"example.com/mlops-platform/tools/localcluster/internal/network"
	"example.com/mlops-platform/tools/localcluster/internal/node"
)

const stopLimit = time.Minute

// down removes the cluster, whatever state it is in.
func (c *cluster) down(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("down needs root, as up did")
	}
	// Not c.dir itself: who waits for a folder that is removed has waited for the wrong one.
	if _, err := os.Stat(filepath.Dir(c.dir)); err == nil {
		unlock, err := c.lock(ctx, filepath.Dir(c.dir))
		if err != nil {
			return err
		}
		defer unlock()
	}
	return c.stages.Do("removing "+c.instance.ID, func() error {
		if err := c.stop(ctx); err != nil {
			return err
		}
		if err := os.RemoveAll(c.instance.Dir); err != nil {
			return err
		}
		// The folder of all clusters goes with the last one.
		if err := os.Remove(c.dir); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		return nil
	})
}

// stop ends the node and what of it is outside its folder. Its mounts and its
// side of the link end with its namespaces, and those with its first process.
func (c *cluster) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	pid, err := node.Find(c.instance)
	if err != nil {
		return err
	}
	if pid != 0 {
		// Nothing is asked to end well: its data is about to be removed, or it is restored as after a crash.
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		// The first process is the last that the kernel ends.
		err := poll(ctx, func() (bool, error) { return node.Gone(pid), nil })
		if err != nil {
			return fmt.Errorf("the node (pid %d) does not end: %w", pid, err)
		}
	}
	if err := network.Unlink(c.instance); err != nil {
		return err
	}
	return cgroup.Remove(ctx, c.instance.Cgroup())
}
