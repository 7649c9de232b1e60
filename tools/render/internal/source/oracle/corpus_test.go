package oracle

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"example.com/mlops-platform/tools/render/internal/source"
)

// TestFoldersOfACorpus renders every folder of a corpus as a source of its own:
// the charts that Helm tests itself with, or, in RENDER_CORPUS, a scratch copy of
// any repository. Kustomize folders are another package's. Charts that Argo CD
// cannot render without a network are counted only.
func TestFoldersOfACorpus(t *testing.T) {
	t.Parallel()
	corpus := os.Getenv("RENDER_CORPUS")
	if corpus == "" {
		corpus = helmCharts(t)
	}
	if err := haveHelm(); err != nil {
		t.Fatal(err)
	}
	same, refused, missing, bare, restless := 0, 0, 0, 0, 0
	for _, dir := range folders(t, corpus) {
		s := situation{Source: &v1alpha1.ApplicationSource{Path: dir}}
		got, gotErr := ours(corpus, s)
		var absent *source.NotRendered
		if errors.As(gotErr, &absent) {
			missing++
			continue
		}
		if lacksAPIVersion(gotErr) {
			bare++
			continue
		}
		want, wantErr := argoCD(t, corpus, s)
		diff := compare(want, wantErr, got, gotErr)
		if again, err := ours(corpus, s); diff != "" && compare(again, err, got, gotErr) != "" {
			restless++ // random values
			continue
		}
		if diff != "" {
			t.Errorf("%s: Argo CD -, ours +:\n%.3000s", dir, diff)
		}
		if wantErr != nil {
			refused++
		} else if len(want) > 0 {
			same++
		}
	}
	if same == 0 {
		t.Error("no folder of the corpus gave objects: nothing was compared")
	}
	t.Logf("%d with objects, %d refused by both, %d not rendered, %d without apiVersion, %d random",
		same, refused, missing, bare, restless)
}

// helmCharts is a copy of the charts in Helm's own module, broken ones included.
func helmCharts(t *testing.T) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "helm.sh/helm/v3").Output()
	if err != nil {
		t.Fatalf("finding Helm's module: %v", err)
	}
	charts := os.DirFS(filepath.Join(strings.TrimSpace(string(dir)), "cmd", "helm", "testdata", "testcharts"))
	corpus := t.TempDir()
	if err := os.CopyFS(corpus, charts); err != nil {
		t.Fatal(err)
	}
	return corpus
}

// folders lists the folders that hold a manifest or a chart, Kustomize apart.
func folders(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return err
		}
		use := false
		for _, e := range entries {
			switch ext := filepath.Ext(e.Name()); {
			case strings.EqualFold(strings.TrimSuffix(e.Name(), ext), "kustomization"):
				return nil
			case ext == ".yaml", ext == ".yml", ext == ".json", ext == ".jsonnet":
				use = true
			}
		}
		if rel, err := filepath.Rel(root, p); err == nil && use {
			out = append(out, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
