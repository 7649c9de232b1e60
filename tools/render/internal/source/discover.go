package source

import (
	"fmt"
	"path"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/kustomize/api/konfig"
)

// sourceType is the type that the Application asks for, or the one that the
// application's folder looks like. An empty block (`helm: {}`) counts as
// asking.
func (r *render) sourceType() (v1alpha1.ApplicationSourceType, error) {
	explicit, err := r.Source.ExplicitType()
	if err != nil {
		return "", fmt.Errorf("spec.source of %s: %w; keep one", r.App.Name, err)
	}
	if explicit != nil {
		return *explicit, nil
	}
	return r.discover()
}

// discover looks at the files of the application's folder itself, in lexical
// order, and the last that tells a type wins: a kustomization.yaml after
// Chart.yaml makes it Kustomize, a zChart.yaml after both makes it Helm
// (util/app/discovery). A symbolic link counts as a file whatever it leads to.
func (r *render) discover() (v1alpha1.ApplicationSourceType, error) {
	kind := v1alpha1.ApplicationSourceTypeDirectory
	if isLink(r.View, r.dir) {
		return kind, nil // filepath.Walk does not follow its root
	}
	entries, err := r.View.Tree().ReadDir(r.dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		chart, kustomization := strings.HasSuffix(e.Name, "Chart.yaml"), isKustomization(e.Name)
		if !chart && !kustomization {
			continue
		}
		if e.Dir && !isLink(r.View, path.Join(r.dir, e.Name)) {
			continue
		}
		if kustomization {
			kind = v1alpha1.ApplicationSourceTypeKustomize
		} else {
			kind = v1alpha1.ApplicationSourceTypeHelm
		}
	}
	return kind, nil
}

func isKustomization(name string) bool {
	for _, n := range konfig.RecognizedKustomizationFileNames() {
		if name == n {
			return true
		}
	}
	return false
}
