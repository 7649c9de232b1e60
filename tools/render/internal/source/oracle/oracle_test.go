// Package oracle compares package source with Argo CD itself: the exported
// GenerateManifests of argo-cd's repo-server, and for charts a helm program
// built from the module that go.mod requires, or the one that RENDER_HELM
// names.
package oracle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v2/reposerver/repository"
	pathutil "github.com/argoproj/argo-cd/v2/util/app/path"
	"github.com/argoproj/argo-cd/v2/util/git"
	argoio "github.com/argoproj/argo-cd/v2/util/io"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/source"
	"example.com/mlops-platform/tools/render/internal/tree"
)

const (
	revision = "0123456789abcdef0123456789abcdef01234567"
	repoURL  = "https://git.example.com/org/repo.git"
	kube     = "1.31.0"
)

var scratch string

func TestMain(m *testing.M) {
	logrus.SetLevel(logrus.FatalLevel)
	var err error
	if scratch, err = os.MkdirTemp("", "oracle"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	m.Run()
}

// haveHelm is why charts cannot be compared, nil if they can. It runs inside a
// test so that the test cache knows of RENDER_HELM.
var haveHelm = sync.OnceValue(func() error { return installHelm(scratch) })

// installHelm puts a program called helm first on PATH.
func installHelm(dir string) error {
	target := filepath.Join(dir, "helm")
	if given := os.Getenv("RENDER_HELM"); given != "" {
		if err := os.Symlink(given, target); err != nil {
			return err
		}
	} else {
		out, err := exec.Command("go", "build", "-o", target, "helm.sh/helm/v3/cmd/helm").CombinedOutput()
		if err != nil {
			return fmt.Errorf("building helm: %w\n%s", err, out)
		}
	}
	return os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// situation is one source, as the comment of a txtar archive states it.
type situation struct {
	Source  *v1alpha1.ApplicationSource  `json:"source"`
	Sources []v1alpha1.ApplicationSource `json:"sources"`
	// Fails says that neither renders it.
	Fails bool `json:"fails"`
	// Differs says why the two are known to differ; then they must.
	Differs string `json:"differs"`
	// NotRendered says that only Argo CD, with a network, may succeed.
	NotRendered bool `json:"notRendered"`
}

func (s situation) application() *v1alpha1.Application {
	app := &v1alpha1.Application{}
	app.Name, app.Namespace = "demo", "argocd"
	app.Spec.Destination.Namespace = "shop"
	app.Spec.Source, app.Spec.Sources = s.Source, s.Sources
	return app
}

func (s situation) first() v1alpha1.ApplicationSource {
	src := s.Source
	if src == nil {
		src = &s.Sources[0]
	}
	out := *src.DeepCopy()
	if out.RepoURL == "" {
		out.RepoURL = repoURL
	}
	return out
}

// argoCD renders with argo-cd's code. It may change the folder.
func argoCD(t *testing.T, dir string, s situation) ([]string, error) {
	t.Helper()
	src := s.first()
	app, err := pathutil.Path(dir, src.Path)
	if err != nil {
		return nil, err
	}
	paths := argoio.NewRandomizedTempPaths(t.TempDir())
	paths.Add(git.NormalizeGitURL(repoURL), dir)
	q := &apiclient.ManifestRequest{
		Repo: &v1alpha1.Repository{Repo: repoURL}, AppName: "demo", Namespace: "shop",
		ApplicationSource: &src, KubeVersion: kube, HasMultipleSources: len(s.Sources) > 0,
		HelmOptions: &v1alpha1.HelmOptions{ValuesFileSchemes: []string{"https", "http"}},
		RefSources:  map[string]*v1alpha1.RefTarget{},
	}
	if len(s.Sources) > 1 {
		for _, r := range s.Sources {
			if r.Ref != "" {
				q.RefSources["$"+r.Ref] = &v1alpha1.RefTarget{Repo: v1alpha1.Repository{Repo: repoURL}}
			}
		}
	}
	res, err := repository.GenerateManifests(context.Background(), app, dir, revision, q, false, nil, resource.MustParse("10M"), paths)
	if err != nil {
		return nil, err
	}
	return res.Manifests, nil
}

// ours renders with package source.
func ours(dir string, s situation) ([]string, error) {
	tr, err := tree.Open(dir)
	if err != nil {
		return nil, err
	}
	req := source.Request{
		View: tree.NewView(tr), App: s.application(), Source: s.first(), Revision: revision, KubeVersion: kube,
		Refs: map[string]string{},
	}
	for _, r := range s.Sources {
		if r.Ref != "" {
			req.Refs["$"+r.Ref] = "."
		}
	}
	res, err := source.Render(context.Background(), req)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(res.Items))
	for _, it := range res.Items {
		data, err := json.Marshal(it.Object.Object)
		if err != nil {
			return nil, err
		}
		out = append(out, string(data))
	}
	return out, nil
}

// compare is "" if both give the same objects in the same order, or both fail.
func compare(want []string, wantErr error, got []string, gotErr error) string {
	switch {
	case (wantErr == nil) != (gotErr == nil):
		return fmt.Sprintf("Argo CD: %v\nours: %v", result(want, wantErr), result(got, gotErr))
	case wantErr != nil:
		return ""
	}
	return cmp.Diff(indent(want), indent(got))
}

func result(objects []string, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return strings.Join(objects, "\n")
}

func indent(objects []string) string {
	var b bytes.Buffer
	for _, o := range objects {
		if err := json.Indent(&b, []byte(o), "", " "); err != nil {
			b.WriteString(o)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func unpack(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		p := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(string(f.Data), "-> "); ok {
			err = os.Symlink(strings.TrimSpace(target), p)
		} else {
			err = os.WriteFile(p, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSameObjectsAsArgoCD(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(filepath.Base(file), "helm") {
				if err := haveHelm(); err != nil {
					t.Fatal(err)
				}
			}
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s situation
			if err := yaml.UnmarshalStrict(archive.Comment, &s); err != nil {
				t.Fatal(err)
			}
			check(t, archive, s)
		})
	}
}

func check(t *testing.T, archive *txtar.Archive, s situation) {
	t.Helper()
	got, gotErr := ours(unpack(t, archive), s)
	want, wantErr := argoCD(t, unpack(t, archive), s)
	if s.NotRendered {
		var missing *source.NotRendered
		if !errors.As(gotErr, &missing) {
			t.Errorf("want *NotRendered, got %v", result(got, gotErr))
		}
		return
	}
	diff := compare(want, wantErr, got, gotErr)
	switch {
	case s.Differs == "" && s.Fails != (wantErr != nil):
		t.Errorf("fails: %v, but Argo CD says: %v", s.Fails, result(want, wantErr))
	case s.Differs != "" && diff == "":
		t.Errorf("no longer differs (%s): drop the exception", s.Differs)
	case s.Differs == "" && diff != "":
		t.Errorf("Argo CD -, ours +:\n%s", diff)
	}
}
