package acceptance

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argoproj/argo-workflows/v3/cmd/argo/lint"
	"github.com/argoproj/argo-workflows/v3/pkg/apiclient"
)

// TestWorkflowFindingsAgreeWithArgoLint changes the workflows of this repository
// one way at a time and requires the verdict of render to be that of
// `argo lint --offline --strict`, whose own code is called here, on the
// manifests that render built.
func TestWorkflowFindingsAgreeWithArgoLint(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	const training = "workflows/base/workflowtemplate-training.yaml"
	const steps = "workflows/base/workflowtemplate-pipeline-steps.yaml"
	const cron = "workflows/base/cronworkflow-training.yaml"
	for name, edit := range map[string]struct {
		file, from, to string
		fails          bool
	}{
		"as it is":                    {fails: false},
		"unknown input parameter":     {training, "{{inputs.parameters.model}}", "{{inputs.parameters.modle}}", true},
		"templateRef to nowhere":      {training, "name: pipeline-steps", "name: pipeline-stepz", true},
		"misspelt field of a step":    {steps, "retryStrategy:", "retryStrateggy:", true},
		"entrypoint without template": {training, "entrypoint: ", "entrypoint: no-", true},
		"schedule that is none":       {cron, "- \"15 3 * * 1\"", "- \"15 3 * * monday-ish\"", true},
		"cron of an unknown template": {cron, "      name: training\n", "      name: trainingg\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyOf(t, repo)
			if edit.file != "" {
				replace(t, filepath.Join(dir, edit.file), edit.from, edit.to)
			}
			code, out, errs := render(t, "check", "local", "--repo", dir)
			ours := strings.Contains(out, "workflow-invalid") || strings.Contains(out, "argo-field")
			if code > 1 {
				t.Fatalf("exit code %d: %s", code, errs)
			}
			if theirs := argoLint(t, dir); ours != theirs || ours != edit.fails {
				t.Errorf("render finds a fault: %v, argo lint: %v, expected: %v\n%s", ours, theirs, edit.fails, out)
			}
		})
	}
}

// argoLint says whether argo lint finds a fault in the local cluster's workflows.
func argoLint(t *testing.T, repo string) bool {
	t.Helper()
	out := filepath.Join(t.TempDir(), "built")
	if code, _, errs := render(t, "build", "local", "--repo", repo, "--out", out); code != 0 {
		t.Fatalf("building: exit code %d: %s", code, errs)
	}
	files := []string{filepath.Join(out, "local", "workflows")}
	ctx, client, err := apiclient.NewClientFromOpts(apiclient.Opts{Offline: true, OfflineFiles: files, Context: context.Background()})
	if err != nil {
		return true // a file that its parser refuses
	}
	formatter, err := lint.GetFormatter("simple")
	if err != nil {
		t.Fatal(err)
	}
	clients := lint.ServiceClients{WorkflowsClient: client.NewWorkflowServiceClient()}
	if clients.WorkflowTemplatesClient, err = client.NewWorkflowTemplateServiceClient(); err != nil {
		t.Fatal(err)
	}
	if clients.CronWorkflowsClient, err = client.NewCronWorkflowServiceClient(); err != nil {
		t.Fatal(err)
	}
	result, err := lint.Lint(ctx, &lint.LintOptions{Files: files, Strict: true, DefaultNamespace: "training",
		Printer: io.Discard, Formatter: formatter, ServiceClients: clients})
	return err != nil || !result.Success
}

// replace changes the first occurrence of from in a file.
func replace(t *testing.T, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		t.Fatalf("%s does not contain %q", file, from)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
