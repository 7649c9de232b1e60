package oracle

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/app/discovery"
	"github.com/rogpeppe/go-internal/txtar"

	"example.com/mlops-platform/tools/render/internal/source"
	"example.com/mlops-platform/tools/render/internal/tree"
)

func nothing(*tree.View, string, *v1alpha1.ApplicationSourceKustomize, *v1alpha1.Env) ([]source.Item, error) {
	return nil, nil
}

func TestSameTypeAsArgoCD(t *testing.T) {
	t.Parallel()
	names := []string{
		"Chart.yaml", "aChart.yaml", "zChart.yaml", "Chart.yml", "kustomization.yaml", "kustomization.yml",
		"Kustomization", "Kustomization.yaml", "x.yaml", "sub/Chart.yaml", "sub/kustomization.yaml",
		"kustomization.yaml/x", "Chart.yaml/x", "link",
	}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		archive := &txtar.Archive{Files: []txtar.File{{Name: "app/keep"}}}
		taken := map[string]bool{}
		for range r.IntN(5) {
			name := pick(r, names)
			if first, _, _ := strings.Cut(name, "/"); !taken[first] {
				taken[first] = true
				data := ""
				if r.IntN(4) == 0 && !strings.Contains(name, "/") {
					data = "-> " + pick(r, []string{"sub", "nowhere", "keep"})
				}
				archive.Files = append(archive.Files, txtar.File{Name: "app/" + name, Data: []byte(data)})
			}
		}
		dir := unpack(t, archive)
		want, err := discovery.AppType(context.Background(), dir+"/app", dir, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := inferred(t, dir); got != want {
			t.Errorf("seed %d: %s, Argo CD: %s\n%s", seed, got, want, txtar.Format(archive))
		}
	}
}

// inferred is the type of the folder app: a broken chart is one.
func inferred(t *testing.T, dir string) string {
	t.Helper()
	tr, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := situation{Source: &v1alpha1.ApplicationSource{Path: "app"}}
	res, err := source.Render(context.Background(), source.Request{
		View: tree.NewView(tr), App: s.application(), Source: s.first(), Kustomize: nothing,
	})
	if err != nil {
		if strings.Contains(err.Error(), "chart") {
			return string(v1alpha1.ApplicationSourceTypeHelm)
		}
		t.Fatal(err)
	}
	return string(res.Type)
}
