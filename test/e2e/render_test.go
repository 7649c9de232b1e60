package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/platform/argocd"
)

// objects are found by what names them in a cluster.
type objects map[string]*unstructured.Unstructured

// tracking is the annotation by which Argo CD knows its own again; render shows what is in Git.
const tracking = "argocd.argoproj.io/tracking-id"

func annotate(object *unstructured.Unstructured, name, value string) {
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[name] = value
	if value == "" {
		delete(annotations, name)
	}
	object.SetAnnotations(annotations)
	if len(annotations) == 0 {
		unstructured.RemoveNestedField(object.Object, "metadata", "annotations")
	}
}

func keyOf(object *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", object.GroupVersionKind(), object.GetNamespace(), object.GetName())
}

func (o objects) add(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	key := keyOf(object)
	if o[key] != nil {
		t.Errorf("%s is there twice", key)
	}
	o[key] = object
}

// rendered is what `render build` shows, by Application.
func rendered(t *testing.T, repository string) map[string]objects {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.CommandContext(t.Context(), filepath.Join(*tools, "render"), "build", "local", "--repo", repository, "--out", out)
	cmd.Dir = *root // the pinned modules are found from here
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("render build: %v: %s", err, said)
	}
	files, err := filepath.Glob(filepath.Join(out, "local", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]objects{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content map[string]any
		if err := yaml.Unmarshal(text, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := filepath.Base(filepath.Dir(file))
		if all[name] == nil {
			all[name] = objects{}
		}
		all[name].add(t, &unstructured.Unstructured{Object: content})
	}
	return all
}

// token logs in to Argo CD as its administrator.
func (p *platform) token(t *testing.T) string {
	t.Helper()
	password, err := p.Secret(t.Context(), argocd.Namespace, "argocd-initial-admin-secret", "password")
	if err != nil || password == "" {
		t.Fatalf("the password of Argo CD: %v", err)
	}
	body, err := json.Marshal(map[string]string{"username": "admin", "password": password})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.pages.Call(t.Context(), http.MethodPost, "argocd.localhost", "/api/v1/session", body)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("log in to Argo CD: %d %s %v", answer.Status, answer.Body, err)
	}
	var said struct{ Token string }
	if err := json.Unmarshal(answer.Body, &said); err != nil {
		t.Fatal(err)
	}
	return said.Token
}

// generated is what Argo CD made of an Application from Git.
func (p *platform) generated(t *testing.T, token, name string) objects {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		p.pages.URL("argocd.localhost", "/api/v1/applications/"+name+"/manifests"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := p.pages.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var said struct {
		Manifests []string
		Message   string
	}
	if err := json.NewDecoder(response.Body).Decode(&said); err != nil || len(said.Manifests) == 0 {
		t.Fatalf("the manifests of %s: %s, %s, %v", name, response.Status, said.Message, err)
	}
	all := objects{}
	for _, text := range said.Manifests {
		var content map[string]any
		if err := json.Unmarshal([]byte(text), &content); err != nil {
			t.Fatal(err)
		}
		all.add(t, &unstructured.Unstructured{Object: content})
	}
	return all
}

// normal makes values comparable: a number read from YAML and one read from JSON are then of one type.
func normal(t *testing.T, object *unstructured.Unstructured) map[string]any {
	t.Helper()
	text, err := json.Marshal(object.Object)
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]any
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	return content
}

func TestWhatRenderShowsIsWhatArgoCDGenerates(t *testing.T) {
	p := given(t)
	ours, token, compared := rendered(t, p.git.dir), p.token(t), 0
	all, err := argocd.List(t.Context(), p.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	for _, application := range all {
		theirs := p.generated(t, token, application.Name())
		mine := ours[application.Name()]
		for key, object := range theirs {
			if mine[key] == nil {
				t.Errorf("%s: render does not show %s", application.Name(), key)
				continue
			}
			annotate(object, tracking, "")
			if diff := cmp.Diff(normal(t, object), normal(t, mine[key])); diff != "" {
				t.Errorf("%s: %s differs (-Argo CD +render):\n%s", application.Name(), key, diff)
			}
			compared++
		}
		for key := range mine {
			if theirs[key] == nil {
				t.Errorf("%s: Argo CD does not generate %s", application.Name(), key)
			}
		}
	}
	if compared < 150 || len(all) < 9 {
		t.Errorf("compared %d objects of %d Applications; want all of the platform", compared, len(all))
	}
	t.Logf("%d objects of %d Applications are equal", compared, len(all))
}

func TestAServerSideDryRunOfWhatRenderShowsChangesNothing(t *testing.T) {
	p := given(t)
	token := p.token(t)
	for name, all := range rendered(t, p.git.dir) {
		theirs := p.generated(t, token, name)
		var text bytes.Buffer
		for key, object := range all {
			// Hooks are deleted when they have done their work. What is in no Application was applied by hand.
			if object.GetAnnotations()["argocd.argoproj.io/hook"] != "" || theirs[key] == nil {
				continue
			}
			annotate(object, tracking, theirs[key].GetAnnotations()[tracking])
			one, err := yaml.Marshal(object.Object)
			if err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			fmt.Fprintf(&text, "---\n%s", one)
		}
		if said := p.diff(t.Context(), t, &text); said != "" {
			t.Errorf("%s: the cluster differs from what render shows:\n%s", name, said)
		}
	}
}

// diff asks the API server what an apply would change.
func (p *platform) diff(ctx context.Context, t *testing.T, manifests *bytes.Buffer) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, filepath.Join(*tools, "kubectl"), "--kubeconfig", *kubeconfig, "diff", "--server-side",
		"--force-conflicts", "--field-manager", "argocd-controller", "-f", "-")
	cmd.Stdin = manifests
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("kubectl diff: %v: %s", err, out)
	}
	return string(out)
}
