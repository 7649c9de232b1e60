// Package cgroup makes and removes the control group that holds a node's pods,
// in every hierarchy of the machine.
package cgroup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Make makes the group where it is not there.
func Make(name string) error {
	mounts, err := hierarchies()
	if err != nil {
		return err
	}
	for _, mount := range mounts {
		if err := os.Mkdir(filepath.Join(mount, name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		for _, dir := range []string{mount, filepath.Join(mount, name)} {
			if err := enable(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// enable passes every controller on to the groups below: version 2 asks for it, version 1 has no such file.
func enable(dir string) error {
	controllers, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil || len(strings.TrimSpace(string(controllers))) == 0 {
		return nil //nolint:nilerr // version 1, or a unified hierarchy without controllers
	}
	var wanted strings.Builder
	for name := range strings.FieldsSeq(string(controllers)) {
		wanted.WriteString("+" + name + " ")
	}
	return os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte(wanted.String()), 0o644)
}

// Remove removes the group and all below it. What runs in them must be ending.
func Remove(ctx context.Context, name string) error {
	mounts, err := hierarchies()
	if err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, mount := range mounts {
		for {
			err := removeTree(filepath.Join(mount, name))
			if err == nil {
				break
			}
			if !errors.Is(err, syscall.EBUSY) {
				return err
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("%w (processes of it are still there)", err)
			}
		}
	}
	return nil
}

// removeTree removes groups from the inside out: their files go with them.
func removeTree(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) {
		if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("control group %s: %w", dir, err)
		}
	}
	return nil
}

// hierarchies are where control groups are mounted.
func hierarchies() ([]string, error) {
	data, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var mounts []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			mounts = append(mounts, fields[1])
		}
	}
	if len(mounts) == 0 {
		return nil, errors.New("no control groups are mounted on this machine")
	}
	return mounts, nil
}
