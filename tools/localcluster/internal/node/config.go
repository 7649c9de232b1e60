package node

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	files, err := render(i, a)
	if err != nil {
		return err
	}
	for file, data := range files {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return err
		}
	}
	digest, err := digest(i, a)
	if err != nil {
		return err
	}
	return os.WriteFile(i.Path("etc", "digest"), []byte(digest), 0o600)
}

// Current tells whether the node was last started as this release starts it.
func Current(i instance.Instance, a instance.Addresses) (bool, error) {
	started, err := os.ReadFile(i.Path("etc", "digest"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, err := digest(i, a)
	return string(started) == now, err
}

// digest is of all that the processes are told.
func digest(i instance.Instance, a instance.Addresses) (string, error) {
	files, err := render(i, a)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]any{"files": files, "processes": Processes(i, a)})
	return fmt.Sprintf("%x", sha256.Sum256(data)), err
}

// render returns what each file of configuration is to hold.
func render(i instance.Instance, a instance.Addresses) (map[string][]byte, error) {
	restricted, err := lacksSysResource()
	if err != nil {
		return nil, err
	}
	v := values{
		Node: a.Node().Addr().String(), Pods: a.Pods().Masked().String(), DNS: a.DNS().String(), Cgroup: i.Cgroup(),
		PauseImage: PauseImage, Restricted: restricted,
	}
	parsed, err := template.ParseFS(templates, "config/*")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, t := range parsed.Templates() {
		var out bytes.Buffer
		if err := t.Execute(&out, v); err != nil {
			return nil, err
		}
		file := i.Path("etc", t.Name())
		if filepath.Ext(t.Name()) == ".conflist" {
			file = i.Path("etc", "cni", t.Name()) // containerd reads every file of that folder
		}
		files[file] = out.Bytes()
	}
	return files, nil
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
