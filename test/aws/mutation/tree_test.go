package mutation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/mlops-platform/test/aws/tools"
)

// tree is a copy of what the tests of Terraform read: terraform/ and the facts of the clusters.
type tree string

// copyOf copies a tree into a new folder.
func copyOf(t *testing.T, from tree) tree {
	t.Helper()
	to := tree(t.TempDir())
	facts, err := filepath.Glob(filepath.Join(string(from), "clusters", "*", "facts", "facts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range facts {
		name, err := filepath.Rel(string(from), file)
		if err != nil {
			t.Fatal(err)
		}
		to.write(t, name, from.read(t, name))
	}
	err = filepath.WalkDir(from.folder(""), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == ".terraform" {
				return fs.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(string(from), path)
		if err != nil {
			return err
		}
		to.write(t, name, from.read(t, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// folder is a folder under terraform/.
func (tr tree) folder(name string) string { return filepath.Join(string(tr), "terraform", name) }

func (tr tree) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(string(tr), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (tr tree) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(string(tr), name)
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600))
	if err != nil {
		t.Fatal(err)
	}
}

// folders are those under terraform/ that have tests.
func (tr tree) folders(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"modules/*/tests", "bootstrap/tests", "envs/*/tests"} {
		paths, err := filepath.Glob(tr.folder(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(tr.folder(""), filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, name)
		}
	}
	return found
}

// apply puts the new text in the place of the old one, which must be there once.
func (s setting) apply(text string) (string, error) {
	if n := strings.Count(text, s.Old); n != 1 {
		return "", fmt.Errorf("%s: %q occurs %d times in terraform/%s: give more of what stands around it", s.Name, s.Old, n, s.File)
	}
	return strings.Replace(text, s.Old, s.New, 1), nil
}

// runBlock is a run of a test file: Terraform's formatter puts its name and its last brace at the beginning of a line.
var runBlock = regexp.MustCompile(`(?ms)^run "([^"]+)" \{.*?^\}\n`)

// only keeps of a test file what is no run, and the runs with these names. Plans do not depend on one another.
func only(text string, names ...string) (string, bool) {
	found := false
	text = runBlock.ReplaceAllStringFunc(text, func(block string) string {
		for _, name := range names {
			if strings.HasPrefix(block, `run "`+name+`" {`) {
				found = true
				return block
			}
		}
		return ""
	})
	return text, found
}

// keep leaves only the named runs in the test files of a folder, and no file without one.
func (tr tree) keep(t *testing.T, folder string, names ...string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(tr.folder(folder), "tests", "*.tftest.hcl"))
	if err != nil {
		t.Fatal(err)
	}
	kept := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		left, found := only(string(text), names...)
		if !found {
			err = os.Remove(file)
		} else {
			err = os.WriteFile(file, []byte(left), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		kept = kept || found
	}
	return kept
}

// pristine copies the repository's own tree, with the provider locked for the modules as for the environments.
func pristine(t *testing.T) tree {
	t.Helper()
	copied := copyOf(t, tree(tools.Root()))
	lock := copied.read(t, "terraform/envs/dev/.terraform.lock.hcl")
	for _, folder := range copied.folders(t) {
		copied.write(t, filepath.Join("terraform", folder, ".terraform.lock.hcl"), lock)
	}
	return copied
}
