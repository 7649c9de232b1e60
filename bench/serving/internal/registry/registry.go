// Package registry runs the MLflow server whose alias the service follows.
package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"example.com/mlops-platform/bench/serving/internal/process"
)

// Registry is an MLflow server on SQLite and a folder.
type Registry struct {
	Environment string // with mlflow in it
	Folder      string
	Port        int
	Core        int

	server *process.Process
}

// startTimeout bounds the first start, which creates the database.
const startTimeout = 5 * time.Minute

// URL of the server.
func (r *Registry) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", r.Port) }

// Start runs the server and returns once it answers.
func (r *Registry) Start(ctx context.Context) error {
	server, err := process.Start(process.Spec{
		Command: []string{
			filepath.Join(r.Environment, "bin", "mlflow"), "server",
			"--backend-store-uri", "sqlite:///" + filepath.Join(r.Folder, "mlflow.db"),
			"--artifacts-destination", filepath.Join(r.Folder, "artifacts"), "--serve-artifacts",
			"--host", "127.0.0.1", "--port", strconv.Itoa(r.Port), "--workers", "1",
		},
		Env:  r.env(),
		Dir:  r.Folder,
		Core: r.Core,
		Log:  filepath.Join(r.Folder, "server.log"),
	})
	if err != nil {
		return err
	}
	r.server = server
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if _, err := process.Await(ctx, server, http.MethodGet, r.URL()+"/health", nil); err != nil {
		return fmt.Errorf("mlflow server: %w", err)
	}
	return nil
}

// Stop ends the server.
func (r *Registry) Stop(ctx context.Context) error {
	if r.server == nil {
		return nil
	}
	server := r.server
	r.server = nil
	return server.Stop(ctx, 5*time.Second)
}

// Publish registers the models of a folder by running a script that is given the folder and the address.
func (r *Registry) Publish(ctx context.Context, script, models string) error {
	command := exec.CommandContext(ctx, filepath.Join(r.Environment, "bin", "python"), script, models, r.URL())
	command.Env = append(command.Environ(), r.env()...)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", script, err, output)
	}
	return nil
}

func (r *Registry) env() []string {
	return []string{
		"MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false",
		"PYTHONDONTWRITEBYTECODE=",
		"PATH=" + filepath.Join(r.Environment, "bin") + ":/usr/local/bin:/usr/bin:/bin",
	}
}

// Point makes an alias of a model name a version.
func (r *Registry) Point(ctx context.Context, model, alias string, version int) error {
	body, err := json.Marshal(map[string]string{"name": model, "alias": alias, "version": strconv.Itoa(version)})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		r.URL()+"/api/2.0/mlflow/registered-models/alias", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(io.LimitReader(response.Body, 300)) // what can be had of the reason
		return fmt.Errorf("the alias did not move: %s: %s", response.Status, answer)
	}
	return nil
}
