package process

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeProc writes a /proc with a stat for each process.
func fakeProc(t *testing.T, stats map[int]string) string {
	t.Helper()
	proc := t.TempDir()
	for id, text := range stats {
		folder := filepath.Join(proc, fmt.Sprint(id))
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "stat"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return proc
}

func statLine(id int, name string, parent, utime, stime int) string {
	return fmt.Sprintf("%d (%s) S %d 1 1 0 -1 4194304 100 200 0 0 %d %d 9 9 20 0 1 0 100 1000 10", id, name, parent, utime, stime)
}

func TestATreeHasTheChildrenOfChildrenAndNobodyElse(t *testing.T) {
	proc := fakeProc(t, map[int]string{
		10: statLine(10, "server", 1, 0, 0),
		11: statLine(11, "worker", 10, 0, 0),
		12: statLine(12, "tracker", 11, 0, 0),
		20: statLine(20, "other", 1, 0, 0),
		21: statLine(21, "child of other", 20, 0, 0),
	})
	got, err := descendants(proc, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{10, 11, 12}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheTimeOfAProcessIsUserAndSystemWhateverItsName(t *testing.T) {
	for _, name := range []string{"python", "my server", "a) R 7 (b", ""} {
		got, err := parseStat([]byte(statLine(10, name, 7, 150, 50)))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if got.parent != 7 || got.cpu != 2*time.Second {
			t.Errorf("%q: %+v", name, got)
		}
	}
}

func TestWhatIsNoStatIsAnError(t *testing.T) {
	for _, text := range []string{"", "10", "10 (python)", "10 (python) S 1 2", "10 (p) S x 1 1 0 -1 0 0 0 0 0 1 1 0"} {
		if got, err := parseStat([]byte(text)); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestMemoryIsTheProportionalShare(t *testing.T) {
	text := "5581e0a000-7ffe [rollup]\nRss:            90000 kB\nPss:            45000 kB\nPss_Dirty:      40000 kB\n"
	got, err := parsePSS([]byte(text))
	if err != nil || got != 45000*1024 {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := parsePSS([]byte("Rss: 1 kB\n")); err == nil {
		t.Error("a rollup without Pss was read")
	}
}
