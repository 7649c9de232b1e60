package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/diff/show"
)

// sample is a repository in which Applications share bases, facts, values and
// settings, so that one edit may reach one of them or all.
func sample() map[string]string {
	files := map[string]string{
		".render.yaml":                     "kubeVersion: 1.33.0\n",
		"go.mod":                           "module example.com/x\n",
		"README.md":                        "text\n",
		"facts/kustomization.yaml":         "resources: [facts.yaml]\n",
		"facts/facts.yaml":                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: facts}\ndata:\n  region: value\n",
		"base/kustomization.yaml":          "resources: [service.yaml]\n",
		"base/service.yaml":                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n  - port: 80\n  type: value\n",
		"values/common.yaml":               "level: value\n",
		"apps/chart/Chart.yaml":            "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"apps/chart/values.yaml":           "level: info\n",
		"apps/chart/templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: chart\ndata:\n  level: {{ .Values.level }}\n  kube: {{ .Capabilities.KubeVersion }}\n",
		"apps/plain/config.yaml":           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\ndata:\n  a: value\n",
		"apps/plain/crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.x.io}\nspec:\n" +
			"  group: x.io\n  scope: Namespaced\n  names: {kind: Thing, plural: things}\n  versions: [{name: v1, served: true, storage: true}]\n",
		"apps/plain/thing.yaml": "apiVersion: x.io/v1\nkind: Thing\nmetadata: {name: thing}\nspec: {a: value}\n",
	}
	for _, c := range []string{"one", "two"} {
		files["clusters/"+c+"/root.yaml"] = application("root", "clusters/"+c+"/apps", "")
		for _, a := range []string{"web", "api"} {
			files["clusters/"+c+"/apps/"+a+".yaml"] = application(a, "apps/"+a+"/"+c, "")
			files["apps/"+a+"/"+c+"/kustomization.yaml"] = "namePrefix: " + a + "-\nresources:\n- ../../../base\n- ../../../facts\n"
		}
		files["clusters/"+c+"/apps/plain.yaml"] = application("plain", "apps/plain", "")
		files["clusters/"+c+"/apps/chart.yaml"] = application("chart", "apps/chart", "    helm: {valueFiles: [../../values/common.yaml]}\n")
	}
	return files
}

func application(name, path, more string) string {
	return fmt.Sprintf("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: %s, namespace: argocd}\nspec:\n"+
		"  project: default\n  destination: {server: https://kubernetes.default.svc, namespace: %s}\n"+
		"  source:\n    repoURL: https://git.example.com/x.git\n    path: %s\n%s", name, name, path, more)
}

// edit changes a few files at random.
func edit(t *testing.T, rng *rand.Rand, dir string, files map[string]string) []string {
	t.Helper()
	names := slices.Sorted(maps.Keys(files))
	var done []string
	for range 1 + rng.IntN(3) {
		name := names[rng.IntN(len(names))]
		p := filepath.Join(dir, name)
		data, err := os.ReadFile(p)
		if err != nil {
			continue // an earlier edit took it away
		}
		var verb string
		switch rng.IntN(6) {
		case 0:
			verb = "remove"
			must(t, os.Remove(p))
		case 1:
			verb = "add beside"
			must(t, os.WriteFile(filepath.Join(filepath.Dir(p), fmt.Sprintf("new%d.yaml", rng.IntN(3))),
				[]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n"), 0o600))
		case 2:
			verb = "break"
			must(t, os.WriteFile(p, append(data, "\n - : [\n"...), 0o600))
		case 3:
			verb = "copy over"
			must(t, os.WriteFile(p, []byte(files[names[rng.IntN(len(names))]]), 0o600))
		default:
			verb = "change"
			text := strings.NewReplacer("value", "other", "Namespaced", "Cluster", "1.33.0", "1.32.0", "info", "debug",
				"name: web", "name: site", "- ../../../facts\n", "", "port: 80", "port: 81").Replace(string(data))
			must(t, os.WriteFile(p, []byte(text), 0o600))
		}
		done = append(done, verb+" "+name)
	}
	return done
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAffectedOnlyEqualsFull compares, after random edits, the report that
// renders of the base what may differ with the one that renders all of it.
func TestAffectedOnlyEqualsFull(t *testing.T) {
	t.Parallel()
	rounds := 60
	if testing.Short() {
		rounds = 15
	}
	saved := 0
	for seed := range rounds {
		dir := t.TempDir()
		files := sample()
		for name, data := range files {
			p := filepath.Join(dir, name)
			must(t, os.MkdirAll(filepath.Dir(p), 0o755))
			must(t, os.WriteFile(p, []byte(data), 0o600))
		}
		commitAll(t, dir)
		done := edit(t, rand.New(rand.NewPCG(uint64(seed), 0)), dir, files)
		some, someErr := compared(t, dir, false)
		full, fullErr := compared(t, dir, true)
		saved += full.Rendered.Base - some.Rendered.Base + full.Rendered.Tree - some.Rendered.Tree
		some.Rendered, full.Rendered = diff.Rendering{}, diff.Rendering{}
		forget(some)
		forget(full)
		if d := cmp.Diff(text(t, full), text(t, some)); d != "" || someErr != fullErr {
			t.Errorf("seed %d, after %s: full (-) and affected only (+), %q and %q:\n%s", seed, strings.Join(done, ", "),
				fullErr, someErr, d)
		}
	}
	if saved < rounds {
		t.Errorf("in %d rounds only %d renders were saved", rounds, saved)
	}
}

func commitAll(t *testing.T, dir string) {
	t.Helper()
	repo, err := git.PlainInit(dir, false)
	must(t, err)
	work, err := repo.Worktree()
	must(t, err)
	must(t, work.AddWithOptions(&git.AddOptions{All: true}))
	_, err = work.Commit("base", &git.CommitOptions{Author: &object.Signature{Name: "t", Email: "t@example.com", When: time.Unix(1, 0)}})
	must(t, err)
}

func compared(t *testing.T, dir string, all bool) (*diff.Report, string) {
	t.Helper()
	o := &options{repo: dir, base: "HEAD", format: "json", stdout: io.Discard, stderr: io.Discard}
	r, err := compare(context.Background(), o, all)
	if r == nil {
		r = &diff.Report{}
	}
	if err != nil {
		return r, err.Error()
	}
	return r, ""
}

func text(t *testing.T, r *diff.Report) string {
	t.Helper()
	var b bytes.Buffer
	must(t, show.New("json", false).Write(&b, r))
	return b.String()
}

// forget drops what is wrong on both sides alike: where nothing was touched, only
// check looks for it.
func forget(r *diff.Report) {
	for _, c := range r.Clusters {
		c.Problems = slices.DeleteFunc(c.Problems, func(p diff.Problem) bool { return p.Side == diff.Both })
	}
}
