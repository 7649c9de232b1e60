// Package contender lists the servers that are compared, in each configuration that is compared, and how each starts.
package contender

import (
	"fmt"
	"path/filepath"

	"example.com/mlops-platform/bench/serving/internal/wire"
)

// Names that the scenarios and the report treat apart.
const (
	Ours         = "inference-api"
	Floor        = "floor"
	MLflow       = "mlflow"
	MLflowTensor = "mlflow-tensor"
)

// Contender is a server in one configuration.
type Contender struct {
	Name string
	Peer string // the folder of its environment; configurations of one server share it
	What string // the configuration in words
	// Main marks the configuration that stands for its peer in the scenarios about behaviour.
	Main   bool
	Format wire.Format
	Path   string // of predictions
	Ready  string // path that answers 200 when it serves
	Only   string // the one model it has, or empty
	// launch adds to the environment that all have in common.
	launch func(site Site) Launch
}

// Site is where one server runs.
type Site struct {
	Root         string // of the repository
	Environments string // folder of the virtual environments
	Models       string // folder that models/build.py wrote
	Work         string // an empty folder of its own
	Registry     string // MLflow's address
	Model        string
	Port         int
}

// Launch is a command ready to run.
type Launch struct {
	Command []string // the program is one of the peer's environment
	Env     []string
	Dir     string // Work if empty
}

// Serves tells whether the contender takes part with that model.
func (c Contender) Serves(model string) bool { return c.Only == "" || c.Only == model }

// URL of a path of the server.
func (s Site) URL(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", s.Port, path) }

// peers is the folder of the peers' code.
func (s Site) peers(path ...string) string {
	return filepath.Join(append([]string{s.Root, "bench", "serving", "peers"}, path...)...)
}

// Launch says how to start the contender at a site.
func (c Contender) Launch(site Site) Launch {
	launch := c.launch(site)
	bin := filepath.Join(site.Environments, c.Peer, "bin")
	launch.Command = append([]string{filepath.Join(bin, launch.Command[0])}, launch.Command[1:]...)
	if launch.Dir == "" {
		launch.Dir = site.Work
	}
	launch.Env = append([]string{
		"PATH=" + bin + ":/usr/local/bin:/usr/bin:/bin",
		"PYTHONDONTWRITEBYTECODE=", // bytecode is there from the second start on, as in an image
		"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1",
		"MLFLOW_DISABLE_TELEMETRY=true", "BENTOML_DO_NOT_TRACK=true",
		"PYTHONPATH=" + site.peers() + ":" + site.peers(c.Peer),
		"MODEL_PATH=" + filepath.Join(site.Models, site.Model, "model.onnx"),
		fmt.Sprintf("PORT=%d", site.Port),
	}, launch.Env...)
	return launch
}
