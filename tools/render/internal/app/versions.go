package app

import (
	"runtime/debug"
	"strings"
	"sync"

	"example.com/mlops-platform/tools/render/internal/report"
)

// versions are read from the binary: they cannot differ from what is linked in.
func versions(kubeVersion string) report.Versions {
	m := modules()
	return report.Versions{
		ArgoCD:        m["github.com/argoproj/argo-cd/v2"],
		Kustomize:     m["sigs.k8s.io/kustomize/kustomize/v5"],
		Helm:          m["helm.sh/helm/v3"],
		Kubernetes:    strings.TrimPrefix(kubeVersion, "v"),
		ArgoWorkflows: m["github.com/argoproj/argo-workflows/v3"],
	}
}

var modules = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, d := range info.Deps {
		out[d.Path] = strings.TrimPrefix(d.Version, "v")
	}
	return out
})
