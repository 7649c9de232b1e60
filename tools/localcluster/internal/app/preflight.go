package app

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/localcluster/internal/addons"
)

// need is something that up cannot do without.
type need struct {
	name, wanted, remedy string
	// found says what is there, "" for nothing, and whether it will do.
	found func() (what string, enough bool)
}

const (
	// plugins are where Debian puts them.
	plugins = "/usr/lib/cni"
	// criVersion is the first containerd that speaks the kubelet's language.
	criVersion = "1.6"
	// An idle node takes 1 GiB of memory; its images 1 GiB of disk, and the kubelet wants one that stays free.
	minMemory, minDisk = 2, 4
)

func (c *cluster) needs() []need {
	needs := append(c.machineNeeds(), need{"containerd", criVersion, "apt-get install containerd", containerd})
	packages := []struct{ pkg, programs string }{
		{"containerd", "containerd-shim-runc-v2 ctr"}, {"runc", "runc"},
		{"iptables", "iptables iptables-save iptables-restore"}, {"ipset", "ipset"}, {"iproute2", "ip"},
		{"mount", "mount umount"},
	}
	for _, p := range packages {
		for program := range strings.FieldsSeq(p.programs) {
			needs = append(needs, need{program, "any", "apt-get install " + p.pkg, func() (string, bool) {
				file, err := exec.LookPath(program)
				return file, err == nil
			}})
		}
	}
	files := func(dir, wanted, remedy string, names ...string) {
		for _, name := range names {
			file := filepath.Join(dir, name)
			needs = append(needs, need{file, wanted, remedy, func() (string, bool) {
				info, err := os.Stat(file)
				return "", err == nil && info.Mode()&0o111 != 0
			}})
		}
	}
	files(plugins, "any", "apt-get install containernetworking-plugins", "bridge", "host-local", "loopback", "portmap")
	const built = "hack/localcluster.sh up, as root, builds it"
	files(c.bin, "pinned", built, "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet",
		"kube-proxy", "azure-npm", "kubectl", "pause")
	files(c.bin, "pinned", built, addons.Programs...)
	return needs
}

// machineNeeds are those that no package meets.
func (c *cluster) machineNeeds() []need {
	gib := func(bytes uint64, least uint64) (string, bool) {
		return fmt.Sprintf("%.1f", float64(bytes)/(1<<30)), bytes >= least<<30
	}
	return []need{
		{"user", "root", "run it as root: it makes namespaces, links and mounts", func() (string, bool) {
			return "user " + strconv.Itoa(os.Geteuid()), os.Geteuid() == 0
		}},
		{"overlay file system", "in the kernel", "modprobe overlay", func() (string, bool) {
			data, err := os.ReadFile("/proc/filesystems")
			return "", err == nil && strings.Contains(string(data), "overlay")
		}},
		{"filters on bridges", "in the kernel", "modprobe br_netfilter", func() (string, bool) {
			_, err := os.Stat("/proc/sys/net/bridge/bridge-nf-call-iptables")
			return "", err == nil
		}},
		{"memory, GiB", strconv.Itoa(minMemory), "a larger machine", func() (string, bool) {
			var info syscall.Sysinfo_t
			if err := syscall.Sysinfo(&info); err != nil {
				return err.Error(), false
			}
			return gib(info.Totalram*uint64(info.Unit), minMemory)
		}},
		{"free disk, GiB", strconv.Itoa(minDisk), "make room in " + c.dir, func() (string, bool) {
			var info syscall.Statfs_t
			if err := syscall.Statfs(existing(c.dir), &info); err != nil {
				return err.Error(), false
			}
			return gib(info.Bavail*uint64(info.Bsize), minDisk)
		}},
	}
}

// existing is the folder itself, or the nearest above it that is there.
func existing(dir string) string {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

var versionNumber = regexp.MustCompile(`\b([0-9]+)\.([0-9]+)\.[0-9]+`)

func containerd() (string, bool) {
	out, err := exec.Command("containerd", "--version").Output()
	if err != nil {
		return "", false
	}
	found := versionNumber.FindStringSubmatch(string(out))
	if found == nil {
		return strings.TrimSpace(string(out)), false
	}
	major, _ := strconv.Atoi(found[1])
	minor, _ := strconv.Atoi(found[2])
	return found[0], major > 1 || major == 1 && minor >= 6
}

// check lists everything that is missing, together.
func check(needs []need, r *stage.Stages) error {
	const row = "  %-44s %-10s %-14s %s"
	missing := 0
	for _, n := range needs {
		found, enough := n.found()
		if enough {
			continue
		}
		if missing == 0 {
			r.Say(row, "missing", "found", "wanted", "remedy")
		}
		missing++
		if found == "" {
			found = "-"
		}
		r.Say(row, n.name, found, n.wanted, n.remedy)
	}
	if missing > 0 {
		return fmt.Errorf("%d missing; nothing was started", missing)
	}
	return nil
}
