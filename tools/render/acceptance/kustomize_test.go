package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/kust"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// TestOverlaysEqualTheKustomizeCLI builds every overlay, workflow set and
// cluster with the kustomize program of the same release, and compares object
// for object, in order.
func TestOverlaysEqualTheKustomizeCLI(t *testing.T) {
	t.Parallel()
	repo := repository(t)
	cli := filepath.Join(t.TempDir(), "kustomize")
	run(t, repo, nil, "go", "build", "-o", cli, "sigs.k8s.io/kustomize/kustomize/v5")
	mirrors := mirror(t, repo)

	tr, err := tree.Open(repo)
	if err != nil {
		t.Fatal(err)
	}
	mods, err := gomod.Load(tr, []string{"go.mod", "tools/localcluster/modules/*/go.mod"})
	if err != nil {
		t.Fatal(err)
	}
	builder := &kust.Builder{Modules: mods}
	for _, dir := range overlays(t, repo) {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			want := objects(t, run(t, repo, mirrors, cli, "build", dir))
			built, err := builder.Build(tree.NewView(tr), dir, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]map[string]any, len(built))
			for i, b := range built {
				got[i] = b.Object.Object
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("kustomize (-) and render (+) differ:\n%s", diff)
			}
		})
	}
}

func overlays(t *testing.T, repo string) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"apps/*/overlays/*", "workflows/overlays/*", "clusters/*"} {
		found, err := filepath.Glob(filepath.Join(repo, pattern, "kustomization.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			rel, err := filepath.Rel(repo, filepath.Dir(f))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, filepath.ToSlash(rel))
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d overlays found: %v", len(out), out)
	}
	sort.Strings(out)
	return out
}

// objects splits the CLI's output as Argo CD does.
func objects(t *testing.T, text string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, doc := range strings.Split(text, "\n---\n") {
		raw, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(raw); err != nil {
			t.Fatal(err)
		}
		out = append(out, u.Object)
	}
	return out
}

// mirror makes Git repositories from the released files in the module cache and
// returns the environment that makes git use them: the CLI then clones the
// same files without a network.
func mirror(t *testing.T, repo string) []string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "gitconfig")
	var text strings.Builder
	for url, pin := range map[string]string{
		"https://github.com/argoproj/argo-cd":        "argo-cd",
		"https://github.com/argoproj/argo-workflows": "argo-workflows",
		"https://github.com/argoproj/argo-rollouts":  "argo-rollouts",
	} {
		work := t.TempDir()
		dir := filepath.Join(repo, "tools/localcluster/modules", pin)
		path, version := required(t, dir)
		var cached struct{ Dir string }
		if err := json.Unmarshal([]byte(run(t, dir, nil, "go", "mod", "download", "-json", path)), &cached); err != nil {
			t.Fatal(err)
		}
		run(t, work, nil, "cp", "-r", "--no-preserve=mode", filepath.Join(cached.Dir, "manifests"), work)
		run(t, work, nil, "git", "init", "-q", ".")
		run(t, work, nil, "git", "add", "-A")
		run(t, work, nil, "git", "-c", "user.name=mirror", "-c", "user.email=mirror@example.com", "commit", "-qm", "mirror")
		run(t, work, nil, "git", "tag", version)
		fmt.Fprintf(&text, "[url \"file://%s\"]\n\tinsteadOf = %s\n", work, url)
	}
	if err := os.WriteFile(config, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"GIT_CONFIG_GLOBAL=" + config}
}

// required is the one module that a folder of pins requires.
func required(t *testing.T, dir string) (path, version string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(mod.Require) != 1 {
		t.Fatalf("%s requires %d modules, want 1", dir, len(mod.Require))
	}
	return mod.Require[0].Mod.Path, mod.Require[0].Mod.Version
}
