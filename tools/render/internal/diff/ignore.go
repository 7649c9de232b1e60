package diff

import (
	"fmt"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/argo/normalizers"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/diff/fields"
)

// ignoreKey begins the settings in argocd-cm that say for a kind what
// spec.ignoreDifferences says for an Application.
const ignoreKey = "resource.customizations.ignoreDifferences."

// overrides reads what a cluster's own Argo CD ignores from argocd-cm.
func overrides(settings map[string]string) map[string]v1alpha1.ResourceOverride {
	out := map[string]v1alpha1.ResourceOverride{}
	for key, text := range settings {
		kind, ok := strings.CutPrefix(key, ignoreKey)
		if !ok {
			continue
		}
		var o v1alpha1.ResourceOverride
		if err := yaml.Unmarshal([]byte(text), &o.IgnoreDifferences); err != nil {
			continue // Argo CD says so itself, and ignores nothing
		}
		if kind == "all" {
			kind = "*/*"
		} else if group, name, ok := strings.Cut(kind, "_"); ok {
			kind = group + "/" + name
		}
		out[kind] = o
	}
	return out
}

// ignored splits off the differences that Argo CD ignores: those that are gone
// once its own normalizer has been over both objects.
func (c *comparison) ignored(from, to *cluster.Object, all []fields.Change) (kept, ignored []fields.Change, err error) {
	rules := c.ignoreRules(to.App)
	if len(rules) == 0 && len(c.overrides()) == 0 {
		return all, nil, nil
	}
	n, err := normalizers.NewIgnoreNormalizer(rules, c.overrides(), normalizers.IgnoreNormalizerOpts{})
	if err != nil {
		return all, nil, fmt.Errorf("spec.ignoreDifferences: %w", err)
	}
	a, b := from.DeepCopy(), to.DeepCopy()
	for _, u := range []*unstructured.Unstructured{a, b} {
		if err := n.Normalize(u); err != nil {
			return all, nil, fmt.Errorf("spec.ignoreDifferences: %w", err)
		}
	}
	left := map[string]bool{}
	for _, f := range c.raw(a, b) {
		left[f.Path] = true
	}
	for _, f := range all {
		if left[f.Path] {
			kept = append(kept, f)
		} else {
			ignored = append(ignored, f)
		}
	}
	return kept, ignored, nil
}

func (c *comparison) ignoreRules(a *cluster.Application) []v1alpha1.ResourceIgnoreDifferences {
	if a == nil {
		return nil
	}
	return a.Spec.Spec.IgnoreDifferences
}
