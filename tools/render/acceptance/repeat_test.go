package acceptance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBuildIsTheSameOnEveryRun compares bytes, on one processor and on many. It
// is not parallel: GOMAXPROCS is the whole process's.
func TestBuildIsTheSameOnEveryRun(t *testing.T) {
	repo := repository(t)
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	var first map[string]string
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		out := filepath.Join(t.TempDir(), fmt.Sprint(procs))
		if code, _, errs := render(t, "build", "--repo", repo, "--out", out); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs)
		}
		got := hashes(t, out)
		if first == nil {
			first = got
		} else if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("GOMAXPROCS=%d differs:\n%s", procs, diff)
		}
	}
}

func hashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		rel, err := filepath.Rel(dir, name)
		out[rel] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
