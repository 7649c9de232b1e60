package contender_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.com/mlops-platform/bench/serving/internal/contender"
)

const root = "../../../.."

func TestEveryPeerHasItsOwnLockFileAndOneMainConfiguration(t *testing.T) {
	mains := map[string]int{}
	names := []string{}
	for _, c := range contender.All() {
		if slices.Contains(names, c.Name) {
			t.Errorf("two contenders are called %s", c.Name)
		}
		names = append(names, c.Name)
		if c.Main {
			mains[c.Peer]++
		}
		lock := filepath.Join(root, "bench", "serving", "peers", c.Peer, "requirements.txt")
		if c.Name == contender.Ours {
			lock = filepath.Join(root, "services", c.Peer, "requirements.txt")
		}
		if _, err := os.Stat(lock); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	for _, c := range contender.All() {
		if mains[c.Peer] != 1 {
			t.Errorf("%s has %d main configurations", c.Peer, mains[c.Peer])
		}
	}
}

func TestNoContenderMayUseMoreThanOneThreadForArithmetic(t *testing.T) {
	for _, c := range contender.All() {
		launch := c.Launch(contender.Site{Root: "/r", Environments: "/e", Models: "/m", Work: "/w", Model: "mlp", Port: 1})
		for _, wanted := range []string{"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1"} {
			if !slices.Contains(launch.Env, wanted) {
				t.Errorf("%s: no %s", c.Name, wanted)
			}
		}
		if filepath.Dir(launch.Command[0]) != filepath.Join("/e", c.Peer, "bin") {
			t.Errorf("%s runs %s, outside its environment", c.Name, launch.Command[0])
		}
	}
}
