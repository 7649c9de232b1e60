package lint

import (
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/report"
)

const (
	waveAnnotation = "argocd.argoproj.io/sync-wave"
	healthKey      = "resource.customizations.health.argoproj.io_Application"
)

var _ = register(Rule{
	ID:     "wave-ungated",
	What:   "Sync waves order Applications, but Argo CD does not wait: since 1.8 it has no health check for Applications.",
	Remedy: "set " + healthKey + " in argocd-cm",
	Check: func(in *Input, find func(report.Finding)) {
		cm := argocdConfig(in.Cluster)
		if cm == nil {
			return // Argo CD is not part of this render: nothing is known of its settings
		}
		data, _, _ := unstructured.NestedStringMap(cm.Object, "data")
		if data[healthKey] != "" {
			return
		}
		for _, a := range in.Cluster.Apps {
			if a.Wave != 0 && a.Parent != nil {
				find(report.Finding{App: a, Object: a.Object, Path: "metadata.annotations[" + waveAnnotation + "]",
					Message: "the wave of Application " + a.Name() + " does not gate: argocd-cm has no health check for Applications"})
			}
		}
	},
})

func argocdConfig(c *cluster.Cluster) *cluster.Object {
	for _, o := range c.Objects() {
		if o.GetKind() == "ConfigMap" && o.GetName() == "argocd-cm" {
			return o
		}
	}
	return nil
}

var _ = register(Rule{
	ID:     "wave-invalid",
	What:   "The sync wave is not a whole number: Argo CD takes it for 0 without a word.",
	Remedy: `write a quoted whole number, such as "-1"`,
	Check: func(in *Input, find func(report.Finding)) {
		for _, o := range in.Cluster.Objects() {
			wave, ok := o.GetAnnotations()[waveAnnotation]
			if _, err := strconv.Atoi(wave); ok && err != nil {
				find(report.Finding{Object: o, Path: "metadata.annotations[" + waveAnnotation + "]", Value: wave,
					Message: "sync wave " + strconv.Quote(wave) + " is not a whole number"})
			}
		}
	},
})
