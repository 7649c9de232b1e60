package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"example.com/mlops-platform/internal/daemon"
)

const model = "flight-delay"

// startLimit is for a machine that is busy with other things: on a quiet one the
// registry takes about 10 s.
const startLimit = 5 * time.Minute

// startRegistry starts MLflow on SQLite, its artifacts in a folder behind its own proxy.
func startRegistry(ctx context.Context, c config, servers *daemon.Set) (daemon.Record, error) {
	port, err := freePort(c.mlflowPort)
	if err != nil {
		return daemon.Record{}, err
	}
	record, err := servers.Start(daemon.Spec{
		Name: "mlflow", URL: fmt.Sprintf("http://127.0.0.1:%d", port), Dir: c.dir,
		Args: []string{
			c.mlflow, "server", "--host", "127.0.0.1", "--port", strconv.Itoa(port), "--workers", "1",
			"--backend-store-uri", "sqlite:///" + filepath.Join(c.dir, "mlflow.db"),
			"--artifacts-destination", filepath.Join(c.dir, "artifacts"),
		},
		Env: []string{
			"MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false",
			fmt.Sprintf("MLFLOW_SERVER_ALLOWED_HOSTS=127.0.0.1:%[1]d,localhost:%[1]d", port),
		},
	})
	if err != nil {
		return record, err
	}
	return record, waitFor(ctx, record, record.URL+"/health", startLimit)
}

// startService starts the inference service, which loads the champion of the registry.
func startService(ctx context.Context, c config, servers *daemon.Set, registry string) (daemon.Record, error) {
	port, err := freePort(c.inferencePort)
	if err != nil {
		return daemon.Record{}, err
	}
	record, err := servers.Start(daemon.Spec{
		Name: "inference-api", URL: fmt.Sprintf("http://127.0.0.1:%d", port), Dir: c.dir,
		Args: []string{c.inference},
		Env: []string{
			"HOST=127.0.0.1", "PORT=" + strconv.Itoa(port),
			"MLFLOW_TRACKING_URI=" + registry, "MODEL_NAME=" + model,
			"MODEL_CACHE_DIR=" + filepath.Join(c.dir, "models"),
			"POLL_SECONDS=1", "DRAIN_SECONDS=1",
		},
	})
	if err != nil {
		return record, err
	}
	return record, waitFor(ctx, record, record.URL+"/readyz", startLimit)
}

// waitFor polls until the address answers with 200, the server has ended or time is up.
func waitFor(ctx context.Context, server daemon.Record, url string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := http.Client{Timeout: 2 * time.Second}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	last := "no answer"
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		if response, err := client.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			last = response.Status
		}
		if !daemon.Alive(server) {
			return fmt.Errorf("%s ended: %s (all it said: %s)", server.Name, lastLine(server.Log), server.Log)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %s says %s (its log: %s)", server.Name, url, last, server.Log)
		}
	}
}

func lastLine(file string) string {
	if lines := daemon.Tail(file, 1); len(lines) > 0 {
		return lines[0]
	}
	return "nothing was said"
}

// freePort returns the first port from wanted on that nobody listens on.
func freePort(wanted int) (int, error) {
	for port := wanted; port < wanted+20; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d", wanted, wanted+19)
}
