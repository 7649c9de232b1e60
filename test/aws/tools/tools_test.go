package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAMissingTerraformIsOneClearSentence(t *testing.T) {
	said := setUp(t, pathWithout(t, "terraform"))
	const wanted = "cannot run: terraform is not on PATH: install Terraform 1.11 or newer, "
	if !strings.HasPrefix(said, wanted) || strings.Count(said, "\n") != 1 {
		t.Errorf("want one line that begins with %q, got:\n%s", wanted, said)
	}
}

func TestATerraformThatIsTooOldIsNamedWithItsVersion(t *testing.T) {
	folder := t.TempDir()
	const old = "#!/bin/sh\nprintf '{\\n  \"terraform_version\": \"1.9.8\"\\n}\\n'\n"
	if err := os.WriteFile(filepath.Join(folder, "terraform"), []byte(old), 0o755); err != nil {
		t.Fatal(err)
	}
	said := setUp(t, folder+":"+os.Getenv("PATH"))
	const wanted = "cannot run: terraform is 1.9.8: 1.11 or newer is needed"
	if !strings.HasPrefix(said, wanted) || strings.Count(said, "\n") != 1 {
		t.Errorf("want one line that begins with %q, got:\n%s", wanted, said)
	}
}

// setUp runs the set-up with a PATH on which it cannot succeed, and returns what it says.
func setUp(t *testing.T, path string) string {
	t.Helper()
	command := exec.Command(filepath.Join(Root(), "hack", "aws.sh"), "env")
	command.Env = append(os.Environ(), "PATH="+path)
	said, err := command.CombinedOutput()
	if command.ProcessState.ExitCode() != 2 {
		t.Errorf("want exit code 2, got %v", err)
	}
	return string(said)
}

// pathWithout is PATH with every folder that holds a program in the place of which stands a folder of links to all else.
func pathWithout(t *testing.T, program string) string {
	t.Helper()
	var folders []string
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(folder, program)); err != nil {
			folders = append(folders, folder)
			continue
		}
		links := t.TempDir()
		programs, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range programs {
			if each.Name() == program {
				continue
			}
			if err := os.Symlink(filepath.Join(folder, each.Name()), filepath.Join(links, each.Name())); err != nil {
				t.Fatal(err)
			}
		}
		folders = append(folders, links)
	}
	return strings.Join(folders, string(filepath.ListSeparator))
}
