package contender

import (
	"path/filepath"
	"strconv"

	"example.com/mlops-platform/bench/serving/internal/wire"
)

// All contenders, in the order of the first round.
func All() []Contender {
	var all []Contender
	for _, peer := range [][]Contender{floor(), ours(), mlflow(), mlserver(), litserve(), bentoml()} {
		all = append(all, peer...)
	}
	return all
}

func floor() []Contender {
	return []Contender{{
		Name: Floor, Peer: "floor", Main: true,
		What:   "Starlette, orjson and ONNX Runtime, nothing else",
		Format: wire.Frame, Path: "/invocations", Ready: "/ping",
		launch: func(site Site) Launch {
			return Launch{Command: []string{"python", site.peers("floor", "server.py")}}
		},
	}}
}

func ours() []Contender {
	return []Contender{{
		Name: Ours, Peer: "inference-api", Main: true,
		What:   "defaults: validation, metrics, drift and batching on",
		Format: wire.Frame, Path: "/invocations", Ready: "/readyz",
		launch: func(site Site) Launch {
			return Launch{
				Command: []string{"python", "-m", "app"},
				Env: []string{
					"PYTHONPATH=" + filepath.Join(site.Root, "services", "inference-api"),
					"HOST=127.0.0.1",
					"MLFLOW_TRACKING_URI=" + site.Registry,
					"MODEL_NAME=" + site.Model,
					"MODEL_CACHE_DIR=" + filepath.Join(site.Work, "models"),
					"MODEL_THREADS=1",
					"LOG_LEVEL=WARNING",
				},
			}
		},
	}}
}

func mlflow() []Contender {
	serve := func(flavour string) func(Site) Launch {
		return func(site Site) Launch {
			return Launch{Command: []string{
				"mlflow", "models", "serve", "--model-uri", filepath.Join(site.Models, site.Model, flavour),
				"--env-manager", "local", "--workers", "1", "--host", "127.0.0.1", "--port", strconv.Itoa(site.Port),
			}}
		}
	}
	return []Contender{
		{
			Name: MLflow, Peer: "mlflow", Main: true,
			What:   "mlflow models serve, ONNX flavour, one worker, named columns",
			Format: wire.Frame, Path: "/invocations", Ready: "/ping", launch: serve("mlflow"),
		},
		{
			Name: MLflowTensor, Peer: "mlflow",
			What:   "the same, one tensor in the place of named columns: no data frame",
			Format: wire.Inputs, Path: "/invocations", Ready: "/ping", launch: serve("tensor"),
		},
		{
			Name: "mlflow-sklearn", Peer: "mlflow", Only: "mlp",
			What:   "mlflow models serve, scikit-learn flavour, one worker",
			Format: wire.Frame, Path: "/invocations", Ready: "/ping", launch: serve("sklearn"),
		},
	}
}

func mlserver() []Contender {
	start := func(settings ...string) func(Site) Launch {
		return func(site Site) Launch {
			return Launch{
				Command: []string{"mlserver", "start", site.peers("mlserver", "repository")},
				Env: append([]string{
					"MLSERVER_DEBUG=false", "MLSERVER_HOST=127.0.0.1",
					"MLSERVER_HTTP_PORT=" + strconv.Itoa(site.Port),
					"MLSERVER_GRPC_PORT=" + strconv.Itoa(site.Port+1),
					"MLSERVER_METRICS_PORT=" + strconv.Itoa(site.Port+2),
				}, settings...),
			}
		}
	}
	one := func(name, what string, main bool, settings ...string) Contender {
		return Contender{
			Name: name, Peer: "mlserver", What: what, Main: main,
			Format: wire.Tensor, Path: "/v2/models/probability/infer", Ready: "/v2/models/probability/ready",
			launch: start(settings...),
		}
	}
	return []Contender{
		one("mlserver", "defaults: one parallel worker", false),
		one("mlserver-inline", "parallel_workers=0, no gzip", true,
			"MLSERVER_PARALLEL_WORKERS=0", "MLSERVER_GZIP_ENABLED=false"),
		one("mlserver-batch", "the same, max_batch_size=32, max_batch_time=1 ms", false,
			"MLSERVER_PARALLEL_WORKERS=0", "MLSERVER_GZIP_ENABLED=false",
			"MLSERVER_MODEL_MAX_BATCH_SIZE=32", "MLSERVER_MODEL_MAX_BATCH_TIME=0.001"),
	}
}

func litserve() []Contender {
	one := func(name, what string, main bool, settings ...string) Contender {
		return Contender{
			Name: name, Peer: "litserve", What: what, Main: main,
			Format: wire.Frame, Path: "/predict", Ready: "/health",
			launch: func(site Site) Launch {
				return Launch{Command: []string{"python", site.peers("litserve", "server.py")}, Env: settings}
			},
		}
	}
	return []Contender{
		one("litserve", "defaults", false),
		one("litserve-fast", "fast_queue", true, "FAST_QUEUE=1"),
		one("litserve-batch", "fast_queue, max_batch_size=16, batch_timeout=1 ms", false,
			"FAST_QUEUE=1", "MAX_BATCH_SIZE=16", "BATCH_TIMEOUT=0.001"),
	}
}

func bentoml() []Contender {
	one := func(name, what, kind string, main bool) Contender {
		return Contender{
			Name: name, Peer: "bentoml", What: what, Main: main,
			Format: wire.Instances, Path: "/predict", Ready: "/readyz",
			launch: func(site Site) Launch {
				return Launch{
					Command: []string{
						"bentoml", "serve", "service:service", "--working-dir", site.peers("bentoml"),
						"--host", "127.0.0.1", "--port", strconv.Itoa(site.Port),
					},
					Env: []string{"KIND=" + kind, "BENTOML_HOME=" + filepath.Join(site.Work, "bentoml")},
				}
			},
		}
	}
	return []Contender{
		one("bentoml", "defaults: a thread per request", "sync", false),
		one("bentoml-async", "on the event loop", "async", true),
		one("bentoml-batch", "batchable", "batch", false),
	}
}
