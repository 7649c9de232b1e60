package node

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

// tunables are the machine's, and the kubelet sets them when it starts: it is
// given files to set instead.
var tunables = []string{
	"kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
	"vm/overcommit_memory", "vm/panic_on_oom",
}

// mountAll gives the node its own /run, /tmp, /var/lib and /var/log, the last
// three from the instance's folder, so that every program finds its usual paths
// there and none of the machine's.
func mountAll(i instance.Instance, bin string) error {
	// What is mounted here stays here; below this namespace mounts spread, as the kubelet needs for its volumes.
	for _, flag := range []uintptr{syscall.MS_PRIVATE, syscall.MS_SHARED} {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|flag, ""); err != nil {
			return fmt.Errorf("propagation of /: %w", err)
		}
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("/run: %w", err)
	}
	// First, for the folders may lie below one that is covered next.
	if err := bind(bin, binDir); err != nil {
		return err
	}
	if err := bind(i.Dir, stateDir); err != nil {
		return err
	}
	for _, dir := range [][2]string{{"lib", "/var/lib"}, {"log", "/var/log"}, {"tmp", "/tmp"}} {
		if err := bind(filepath.Join(stateDir, dir[0]), dir[1]); err != nil {
			return err
		}
	}
	const flags = syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC
	if err := syscall.Mount("proc", "/proc", "proc", flags, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	for _, name := range tunables {
		if err := standIn(filepath.Join("/proc/sys", name), filepath.Join("/run/tunables", name)); err != nil {
			return err
		}
	}
	return nil
}

// standIn covers file with a copy of it.
func standIn(file, replacement string) error {
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(replacement), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(replacement, data, 0o644); err != nil {
		return err
	}
	return bind(replacement, file)
}

func bind(from, to string) error {
	if info, err := os.Stat(from); err != nil {
		return err
	} else if info.IsDir() {
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
	}
	if err := syscall.Mount(from, to, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("%s on %s: %w", from, to, err)
	}
	return nil
}
