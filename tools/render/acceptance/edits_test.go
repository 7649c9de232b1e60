package acceptance

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestHarmfulEditIsCaughtAndLocated makes the edits that hurt most in practice,
// each in a copy of this repository, and requires an error that names the line.
func TestHarmfulEditIsCaughtAndLocated(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	for name, edit := range map[string]struct{ cluster, file, from, to, rule, at string }{
		"image tag latest": {"prod", "apps/mlflow/overlays/prod/kustomization.yaml", "newTag: 0.1.0", "newTag: latest",
			"image-unpinned", "apps/mlflow/overlays/prod/kustomization.yaml:"},
		"custom resource field": {"dev", "apps/karpenter/base/nodepool.yaml", "consolidationPolicy", "consolidationPolcy",
			"schema-invalid", "apps/karpenter/base/nodepool.yaml:"},
		"field of a Deployment that a patch makes a Rollout": {"prod", "apps/inference-api/base/deployment.yaml", "readinessProbe", "readynessProbe",
			"schema-invalid", "apps/inference-api/base/deployment.yaml:"},
		"wrong type": {"local", "apps/inference-api/base/horizontalpodautoscaler.yaml", "minReplicas: ", "minReplicas: x",
			"schema-invalid", "apps/inference-api/base/horizontalpodautoscaler.yaml:"},
		"AppProject destination": {"local", "clusters/base/project-mlops.yaml", "namespace: inference", "namespace: inferenc",
			"project-destination", "clusters/base/inference-api.yaml:"},
		"AppProject kind": {"local", "clusters/base/project-mlops.yaml", "kind: CronJob", "kind: CronJobb",
			"project-kind", "apps/mlflow/base/cronjob.yaml:"},
		"workflow parameter": {"local", "workflows/base/workflowtemplate-training.yaml", "{{inputs.parameters.model}}", "{{inputs.parameters.modle}}",
			"workflow-invalid", "workflows/base/workflowtemplate-training.yaml:"},
		"resource that is not there": {"dev", "apps/mlflow/base/kustomization.yaml", "- service.yaml", "- services.yaml",
			"render-failed", "apps/mlflow/base/kustomization.yaml:"},
		"YAML that is none": {"dev", "apps/mlflow/base/service.yaml", "spec:", " spec:",
			"render-failed", "apps/mlflow/base/service.yaml:"},
		"health check of Applications removed": {"local", "apps/argo-cd/base/settings.yaml",
			"resource.customizations.health.argoproj.io_Application", "resource.customizations.health.argoproj.io_Applications",
			"wave-ungated", "clusters/base/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyOf(t, repo)
			replace(t, filepath.Join(dir, edit.file), edit.from, edit.to)
			code, out, errs := render(t, "check", edit.cluster, "--repo", dir)
			if code != 1 {
				t.Fatalf("exit code %d, want 1\n%s%s", code, out, errs)
			}
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, edit.at) && strings.Contains(line, "error "+edit.rule+":") {
					return
				}
			}
			t.Errorf("no line %s… error %s in\n%s", edit.at, edit.rule, out)
		})
	}
}

// TestThisRepositoryIsClean is what CI relies on: three clusters, every object
// counted, nothing failed and nothing left unchecked but the remote charts.
func TestThisRepositoryIsClean(t *testing.T) {
	t.Parallel()
	code, out, errs := render(t, "check", "--repo", repository(t))
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	if !strings.Contains(out, "3 clusters") || !strings.Contains(out, "0 fail, 0 not checked") {
		t.Errorf("summary:\n%s", out)
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "not rendered") && !strings.Contains(line, "remote charts need a network") {
			t.Errorf("unexpected: %s", line)
		}
	}
}
