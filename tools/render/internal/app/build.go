package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/expand"
	"example.com/mlops-platform/tools/render/internal/lint"
	"example.com/mlops-platform/tools/render/internal/report"
)

// marker shows that a folder was written by render and may be replaced.
const marker = ".render"

func build(ctx context.Context, o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	if err := replaceable(o.out); err != nil {
		return err
	}
	results, err := s.expand(ctx)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	failed := false
	for _, res := range results {
		failed = s.complain(res) || failed
		if err := layout(files, res.Cluster); err != nil {
			return err
		}
	}
	if failed {
		fmt.Fprintf(o.stderr, "nothing is written: half a cluster is worse than none\n")
		return errFindings
	}
	if err := writeAll(o.out, files); err != nil {
		return err
	}
	fmt.Fprintf(o.stderr, "%d objects of %d clusters in %s\n", len(files), len(results), o.out)
	return nil
}

// complain prints what kept a cluster from being rendered.
func (s *session) complain(res *expand.Result) (failed bool) {
	for _, f := range res.Findings {
		f = lint.Complete(f)
		if f.Severity != report.Error {
			continue
		}
		s.finder.Locate(&f)
		fmt.Fprintf(s.stderr, "%s: %s: %s\n", report.Place(f.File, f.Line), f.Rule, f.Message)
		// The rules about objects, such as a duplicate, leave a render that is whole.
		failed = failed || f.Rule == "render-failed" || strings.HasPrefix(f.Rule, "application-")
	}
	for _, a := range res.Cluster.Apps {
		for _, m := range a.Missing {
			fmt.Fprintf(s.stderr, "not rendered: %s · %s: %s: %s\n", res.Cluster.Name, a.Name(), m.Source, m.Why())
		}
	}
	return failed
}

// layout names a file for each object: cluster/application/kind-namespace-name.
func layout(files map[string][]byte, c *cluster.Cluster) error {
	for _, a := range c.Apps {
		for _, o := range a.Objects {
			data, err := yaml.Marshal(o.Object)
			if err != nil {
				return fmt.Errorf("writing %s: %w", o.ID(), err)
			}
			files[unique(files, filepath.Join(safe(c.Name), safe(a.Name()), fileName(o)))] = data
		}
	}
	return nil
}

func fileName(o *cluster.Object) string {
	gvk := o.GroupVersionKind()
	parts := []string{gvk.Group, gvk.Version, gvk.Kind, o.GetNamespace(), o.GetName() + o.GetGenerateName()}
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, strings.ToLower(p))
		}
	}
	return safe(strings.Join(kept, "_")) + ".yaml"
}

// maxName leaves room below the 255 bytes of most file systems.
const maxName = 200

// safe makes a name one part of a path: a name may come from any manifest, and
// nothing is ever written outside the folder.
func safe(name string) string {
	name = strings.NewReplacer("/", "_", ":", "_", "\\", "_", "\x00", "_").Replace(name)
	if strings.Trim(name, ".") == "" {
		name = strings.ReplaceAll(name, ".", "_")
	}
	if len(name) > maxName {
		name = fmt.Sprintf("%s_%x", name[:maxName], sha256.Sum256([]byte(name)))[:maxName+9]
	}
	return name
}

// unique tells two objects apart whose names differ only in characters that a
// file name may not have, or that have a generateName.
func unique(files map[string][]byte, name string) string {
	base := strings.TrimSuffix(name, ".yaml")
	for i := 2; files[name] != nil; i++ {
		name = fmt.Sprintf("%s_%d.yaml", base, i)
	}
	return name
}

// replaceable says whether a folder may be (re)written.
func replaceable(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("writing to %s: %w", dir, err)
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
		return usagef("build: --out %s holds files that render did not write: choose a new folder", dir)
	}
	return nil
}

// writeAll writes beside dir and then takes its place, so that a reader never
// sees half of it.
func writeAll(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return fmt.Errorf("writing to %s: %w", dir, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".render-*")
	if err != nil {
		return fmt.Errorf("writing to %s: %w", dir, err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return fmt.Errorf("writing to %s: %w", dir, err)
	}
	files[marker] = []byte("written by render build; replaced as a whole by the next one\n")
	for name, data := range files {
		p := filepath.Join(tmp, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return fmt.Errorf("writing to %s: %w", dir, err)
		}
		if err := os.WriteFile(p, data, 0o644); err != nil {
			return fmt.Errorf("writing to %s: %w", dir, err)
		}
	}
	delete(files, marker)
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("writing to %s: %w", dir, err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("writing to %s: %w", dir, err)
	}
	return nil
}
