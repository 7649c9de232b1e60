package images

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// save runs `hack/images.sh save` and returns what it printed, what it said and its exit code.
func save(t *testing.T, args ...string) (files, said string, code int) {
	t.Helper()
	var stdout, stderr strings.Builder
	command := exec.Command("../../../hack/images.sh", append([]string{"save"}, args...)...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

func TestAnImageIsWrittenOnceUntilItChanges(t *testing.T) {
	small := reference(t, "versitygw")
	folder := filepath.Join(t.TempDir(), "new")
	file := filepath.Join(folder, "versitygw.tar")
	var written os.FileInfo
	for range 2 {
		files, said, code := save(t, folder, small)
		if code != 0 || files != file+"\n" {
			t.Fatalf("exit code %d, printed %q, want 0 and %s:\n%s", code, files, file, said)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if written != nil && !info.ModTime().Equal(written.ModTime()) {
			t.Error("written again, though nothing has changed")
		}
		written = info
	}
	manifest, err := exec.Command("tar", "-xOf", file, "manifest.json").Output()
	if err != nil || !strings.Contains(string(manifest), `"`+small+`"`) {
		t.Errorf("%v: want %s in %s", err, small, manifest)
	}

	// The id beside it is that of another image: as after a build.
	if err := os.WriteFile(file+".id", []byte(small+" sha256:0"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said, code := save(t, folder, small); code != 0 {
		t.Fatalf("exit code %d, want 0:\n%s", code, said)
	}
	if info, err := os.Stat(file); err != nil || info.ModTime().Equal(written.ModTime()) {
		t.Errorf("not written anew: %v", err)
	}
}

func TestImagesThatAreNotBuiltAreNamedTogether(t *testing.T) {
	reference(t, "versitygw") // only where images are built is one that is not built a fault
	files, said, code := save(t, t.TempDir(), "localhost/absent:1", "localhost/missing:2")
	if code != 2 || files != "" || !strings.Contains(said, "localhost/absent:1") || !strings.Contains(said, "localhost/missing:2") {
		t.Errorf("exit code %d, printed %q, want 2, no file, and both names in:\n%s", code, files, said)
	}
}
