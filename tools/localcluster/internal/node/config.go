package node

import (
	"bytes"
	"embed"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"example.com/mlops-platform/tools/localcluster/internal/instance"
)

//go:embed config
var templates embed.FS

// values are what the templates in config may name.
type values struct {
	Node, Pods, DNS, Cgroup, PauseImage string
	// Restricted: this process may not lower its score for the kernel's out-of-memory killer.
	Restricted bool
}

// WriteConfig writes the configuration of every process into the instance's etc.
func WriteConfig(i instance.Instance, a instance.Addresses) error {
	restricted, err := lacksSysResource()
	if err != nil {
		return err
	}
	v := values{
		Node: a.Node().Addr().String(), Pods: a.Pods().Masked().String(), DNS: a.DNS().String(), Cgroup: i.Cgroup(),
		PauseImage: PauseImage, Restricted: restricted,
	}
	parsed, err := template.ParseFS(templates, "config/*")
	if err != nil {
		return err
	}
	for _, t := range parsed.Templates() {
		var out bytes.Buffer
		if err := t.Execute(&out, v); err != nil {
			return err
		}
		file := i.Path("etc", t.Name())
		if filepath.Ext(t.Name()) == ".conflist" {
			file = i.Path("etc", "cni", t.Name()) // containerd reads every file of that folder
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// lacksSysResource tells whether CAP_SYS_RESOURCE, the 24th, is missing: then
// runc cannot set the scores that the kubelet asks for, and every pod would
// die with "can't get final child's PID from pipe".
func lacksSysResource() (bool, error) {
	const sysResource = 24
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(data)) {
		if mask, found := strings.CutPrefix(line, "CapEff:"); found {
			bits, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return bits&(1<<sysResource) == 0, err
		}
	}
	return true, nil
}
