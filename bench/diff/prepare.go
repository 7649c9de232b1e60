package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/modfile"
)

// remotes are the repositories that overlays name as remote bases, and the module whose requirement pins each.
var remotes = map[string]string{
	"https://github.com/argoproj/argo-cd":        "argo-cd",
	"https://github.com/argoproj/argo-workflows": "argo-workflows",
	"https://github.com/argoproj/argo-rollouts":  "argo-rollouts",
}

// prepare clones this repository, so that nothing is measured in a folder where somebody works, and builds both
// programs of what the clone pins.
func prepare(ctx context.Context, scratch string, stderr io.Writer) (*bench, error) {
	b := &bench{scratch: scratch, clone: filepath.Join(scratch, "tree"), tools: map[string]string{"go": runtime.Version()}}
	fmt.Fprintln(stderr, "cloning, and building render and kustomize")
	if _, err := b.git(ctx, ".", "clone", "-q", "--local", ".", b.clone); err != nil {
		return nil, err
	}
	var err error
	if b.commit, err = b.git(ctx, b.clone, "rev-parse", "HEAD"); err != nil {
		return nil, err
	}
	if b.tools["git"], err = b.git(ctx, b.clone, "--version"); err != nil {
		return nil, err
	}
	for program, pkg := range map[*string]string{
		&b.render: "./tools/render", &b.kustomize: "sigs.k8s.io/kustomize/kustomize/v5",
	} {
		*program = filepath.Join(scratch, filepath.Base(strings.TrimSuffix(pkg, "/v5")))
		if out, err := b.run(ctx, b.clone, "go", "build", "-o", *program, pkg); err != nil {
			return nil, fmt.Errorf("building %s: %w: %s", pkg, err, out)
		}
	}
	b.tools["kustomize"], err = b.run(ctx, b.clone, "go", "list", "-m", "sigs.k8s.io/kustomize/kustomize/v5")
	if err != nil {
		return nil, err
	}
	if b.overlays, err = overlays(b.clone); err != nil {
		return nil, err
	}
	return b, b.mirror(ctx)
}

func (b *bench) run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// overlays are the folders that Applications name.
func overlays(repo string) ([]string, error) {
	var out []string
	for _, pattern := range []string{"apps/*/overlays/*", "workflows/overlays/*", "clusters/*"} {
		found, err := filepath.Glob(filepath.Join(repo, pattern, "kustomization.yaml"))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			rel, err := filepath.Rel(repo, filepath.Dir(f))
			if err != nil {
				return nil, err
			}
			if rel != "clusters/base" && rel != "clusters/schemas" {
				out = append(out, rel)
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no overlays found: is this the root of the repository?")
	}
	return out, nil
}

// mirror makes Git repositories of the released files in the module cache, and makes git clone remote bases from them:
// kustomize then waits for a disk and not for a network, which is to its advantage.
func (b *bench) mirror(ctx context.Context) error {
	var config strings.Builder
	config.WriteString("[gc]\n\tauto = 0\n")
	for url, pin := range remotes {
		dir := filepath.Join(b.clone, "tools/localcluster/modules", pin)
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil {
			return err
		}
		mod, err := modfile.Parse("go.mod", data, nil)
		if err != nil {
			return err
		}
		at := mod.Require[0].Mod
		text, err := b.run(ctx, dir, "go", "mod", "download", "-json", at.Path)
		if err != nil {
			return fmt.Errorf("finding %s: %w: %s", at, err, text)
		}
		var cached struct{ Dir string }
		if err := json.Unmarshal([]byte(text), &cached); err != nil {
			return err
		}
		work := filepath.Join(b.scratch, "mirror-"+pin)
		if err := os.CopyFS(filepath.Join(work, "manifests"), os.DirFS(filepath.Join(cached.Dir, "manifests"))); err != nil {
			return err
		}
		for _, args := range [][]string{
			{"init", "-q", "."},
			{"add", "-A"},
			{"-c", "user.name=mirror", "-c", "user.email=mirror@example.com", "commit", "-qm", "mirror"},
			{"tag", at.Version},
		} {
			if _, err := b.git(ctx, work, args...); err != nil {
				return err
			}
		}
		fmt.Fprintf(&config, "[url \"file://%s\"]\n\tinsteadOf = %s\n", work, url)
	}
	file := filepath.Join(b.scratch, "gitconfig")
	b.env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+file)
	return os.WriteFile(file, []byte(config.String()), 0o600)
}

func machine() map[string]string {
	out := map[string]string{"os": runtime.GOOS, "arch": runtime.GOARCH, "cores": fmt.Sprint(runtime.NumCPU())}
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			out["cpu"] = strings.TrimSpace(value)
			break
		}
	}
	return out
}
