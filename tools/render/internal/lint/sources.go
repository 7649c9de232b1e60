package lint

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/report"
)

var _ = register(Rule{
	ID:     "application-empty-block",
	What:   "An empty kustomize, helm or directory block: Argo CD drops it, and the Application never equals Git.",
	Remedy: "remove the empty block",
	Check: func(in *Input, find func(report.Finding)) {
		for _, a := range in.Cluster.Apps {
			for _, block := range []string{"kustomize", "helm", "directory"} {
				m, found, err := unstructured.NestedMap(a.Object.Object, "spec", "source", block)
				if err == nil && found && len(m) == 0 {
					find(report.Finding{App: a, Object: a.Object, Path: "spec.source." + block,
						Message: "spec.source." + block + " is empty"})
				}
			}
		}
	},
})
