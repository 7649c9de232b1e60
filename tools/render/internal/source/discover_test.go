package source

import (
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// kustomized is a Kustomizer that shows what it was called with.
func kustomized(_ *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize, env *v1alpha1.Env) ([]Item, error) {
	u := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "kustomized"},
		"data": map[string]any{"dir": dir, "app": env.Envsubst("$ARGOCD_APP_NAME")},
	}}
	if o != nil {
		u.SetNamespace(o.Namespace)
	}
	return []Item{{Object: u, File: dir + "/kustomization.yaml"}}, nil
}

func typeOf(t *testing.T, archive string, s v1alpha1.ApplicationSource) v1alpha1.ApplicationSourceType {
	t.Helper()
	s.Path = "app"
	r := &render{Request: request(repository(t, archive), s), dir: "app"}
	kind, err := r.sourceType()
	if err != nil {
		t.Fatal(err)
	}
	return kind
}

func TestTypeIsDiscoveredFromTheFolderItself(t *testing.T) {
	t.Parallel()
	const kustomize, helm, folder = v1alpha1.ApplicationSourceTypeKustomize,
		v1alpha1.ApplicationSourceTypeHelm, v1alpha1.ApplicationSourceTypeDirectory
	for name, c := range map[string]struct {
		archive string
		want    v1alpha1.ApplicationSourceType
	}{
		"nothing":                     {"-- app/x.yaml --\n", folder},
		"chart":                       {"-- app/Chart.yaml --\n", helm},
		"name that ends in a chart":   {"-- app/myChart.yaml --\n", helm},
		"kustomization.yaml":          {"-- app/kustomization.yaml --\n", kustomize},
		"kustomization.yml":           {"-- app/kustomization.yml --\n", kustomize},
		"Kustomization":               {"-- app/Kustomization --\n", kustomize},
		"kustomization beats chart":   {"-- app/Chart.yaml --\n-- app/kustomization.yaml --\n", kustomize},
		"Kustomization beats chart":   {"-- app/Chart.yaml --\n-- app/Kustomization --\n", kustomize},
		"a later chart beats both":    {"-- app/kustomization.yaml --\n-- app/zChart.yaml --\n", helm},
		"in a subfolder":              {"-- app/sub/Chart.yaml --\n", folder},
		"a folder of that name":       {"-- app/kustomization.yaml/x --\n", folder},
		"a link to a folder counts":   {"-- app/kustomization.yaml --\n-> sub\n-- app/sub/x --\n", kustomize},
		"a link to nothing counts":    {"-- app/Chart.yaml --\n-> nothing\n", helm},
		"another spelling of nothing": {"-- app/chart.yaml --\n-- app/Kustomization.yaml --\n", folder},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := typeOf(t, c.archive, v1alpha1.ApplicationSource{}); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestEmptyBlockIsAnExplicitType(t *testing.T) {
	t.Parallel()
	got := typeOf(t, "-- app/kustomization.yaml --\n", v1alpha1.ApplicationSource{Directory: &v1alpha1.ApplicationSourceDirectory{}})
	if got != v1alpha1.ApplicationSourceTypeDirectory {
		t.Errorf("got %s", got)
	}
}

func TestTwoExplicitTypesAreAnError(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/x.yaml --\n")
	wantError(t, request(tr, v1alpha1.ApplicationSource{
		Path: "app", Helm: &v1alpha1.ApplicationSourceHelm{}, Kustomize: &v1alpha1.ApplicationSourceKustomize{},
	}), "Kustomize,Helm", "keep one")
}

func TestKustomizeFolderGoesToTheKustomizer(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/kustomization.yaml --\nresources: []\n")
	req := request(tr, v1alpha1.ApplicationSource{Path: "app", Kustomize: &v1alpha1.ApplicationSourceKustomize{Namespace: "ns"}})
	req.Kustomize = kustomized
	res := mustRender(t, req)
	wantNames(t, res, "ConfigMap/kustomized")
	if got := res.Items[0].Object.GetNamespace(); got != "ns" {
		t.Errorf("overrides did not arrive: namespace %q", got)
	}
	if got := data(t, res, "kustomized"); got["dir"] != "app" || got["app"] != "demo" {
		t.Errorf("got %v", got)
	}
}
