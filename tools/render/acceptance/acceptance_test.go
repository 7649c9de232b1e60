// Package acceptance holds render against this repository, and against the
// programs it stands in for: the kustomize CLI and argo lint.
package acceptance

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/mlops-platform/tools/render/internal/app"
)

// repository is the checkout that these tests are part of.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "clusters")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// render runs the command line in process.
func render(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = app.Run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// parts are the folders that render reads.
var parts = []string{"apps", "clusters", "workflows", "tools/localcluster/modules", "go.mod", "go.sum", ".render.yaml"}

// copyOf returns a copy of what render reads, to be changed freely.
func copyOf(t *testing.T, repo string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range parts {
		err := filepath.WalkDir(filepath.Join(repo, p), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(repo, name)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, rel)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			return os.WriteFile(to, data, 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a program and returns its standard output.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}
