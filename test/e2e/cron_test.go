package e2e

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/workflow"
)

func TestACronWorkflowFiresOnTheScheduleInGit(t *testing.T) {
	p := given(t)
	const selector = "workflows.argoproj.io/cron-workflow=features-daily"
	before, err := p.List(t.Context(), kube.Workflows, workflow.Namespace, selector)
	if err != nil {
		t.Fatal(err)
	}
	p.git.edit(t, "workflows/base/cronworkflow-features.yaml", `"15 1 * * *"`, `"* * * * *"`)
	p.git.commit(t, "compute features every minute")
	p.git.push(t)
	until(t, deadline, "a workflow is made", func(ctx context.Context) (bool, string) {
		after, err := p.List(ctx, kube.Workflows, workflow.Namespace, selector)
		return err == nil && len(after) > len(before), fmt.Sprintf("%d workflows, before %d, %v", len(after), len(before), err)
	})
	// All months of a year are not this test's concern.
	t.Cleanup(func() {
		after, err := p.List(background(t), kube.Workflows, workflow.Namespace, selector)
		if err != nil {
			t.Error(err)
		}
		for _, w := range after {
			if _, err := p.Objects.Resource(kube.Workflows).Namespace(workflow.Namespace).Patch(background(t), w.GetName(),
				types.MergePatchType, []byte(`{"spec": {"shutdown": "Terminate"}}`), metav1.PatchOptions{}); err != nil {
				t.Error(err)
			}
		}
	})
}
