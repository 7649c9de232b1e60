package app

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/mlops-platform/tools/localcluster/internal/addons"
	"example.com/mlops-platform/tools/localcluster/internal/report"
)

// need is something that up cannot do without.
type need struct {
	name, from string
	found      func() bool
}

// plugins are where Debian puts them.
const plugins = "/usr/lib/cni"

func (c *cluster) needs() []need {
	needs := []need{
		{"root", "run it as root: it makes namespaces, links and mounts", func() bool { return os.Geteuid() == 0 }},
		{"overlay file system", "a kernel with overlayfs", func() bool {
			data, err := os.ReadFile("/proc/filesystems")
			return err == nil && strings.Contains(string(data), "overlay")
		}},
	}
	packages := []struct{ pkg, programs string }{
		{"containerd", "containerd containerd-shim-runc-v2 ctr"}, {"runc", "runc"},
		{"iptables", "iptables iptables-save iptables-restore"}, {"iproute2", "ip"}, {"mount", "mount umount"},
	}
	for _, p := range packages {
		for program := range strings.FieldsSeq(p.programs) {
			needs = append(needs, need{program, "apt-get install " + p.pkg, func() bool {
				_, err := exec.LookPath(program)
				return err == nil
			}})
		}
	}
	files := func(dir, from string, names ...string) {
		for _, name := range names {
			file := filepath.Join(dir, name)
			needs = append(needs, need{file, from, func() bool {
				info, err := os.Stat(file)
				return err == nil && info.Mode()&0o111 != 0
			}})
		}
	}
	files(plugins, "apt-get install containernetworking-plugins", "bridge", "host-local", "loopback", "portmap")
	files(c.bin, "hack/localcluster.sh up builds it", "etcd", "kube-apiserver", "kube-controller-manager",
		"kube-scheduler", "kubelet", "kube-proxy", "kubectl", "pause")
	files(c.bin, "hack/localcluster.sh up builds it", addons.Programs...)
	return needs
}

// check lists everything that is missing, together.
func check(needs []need, r *report.Report) error {
	missing := 0
	for _, n := range needs {
		if n.found() {
			continue
		}
		if missing == 0 {
			r.Say("  %-44s %s", "missing", "remedy")
		}
		missing++
		r.Say("  %-44s %s", n.name, n.from)
	}
	if missing > 0 {
		return fmt.Errorf("%d missing; nothing was started", missing)
	}
	return nil
}
