package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// repository writes a txtar archive to a folder and opens it. A file that is
// "-> target" becomes a symbolic link.
func repository(t testing.TB, archive string) *tree.Tree {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		write(t, dir, f.Name, string(f.Data))
	}
	tr, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func write(t testing.TB, dir, name, data string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if target, ok := strings.CutPrefix(data, "-> "); ok {
		if err := os.Symlink(strings.TrimSpace(target), p); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(p, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// request is for an application called demo with one source, to be deployed to
// the namespace shop.
func request(tr *tree.Tree, s v1alpha1.ApplicationSource) Request {
	app := &v1alpha1.Application{}
	app.Name, app.Namespace = "demo", "argocd"
	app.Spec.Destination.Namespace = "shop"
	if s.RepoURL == "" {
		s.RepoURL = "https://git.example.com/org/repo.git"
	}
	app.Spec.Source = &s
	return Request{View: tree.NewView(tr), App: app, Source: s, Revision: "0123456789abcdef0123456789abcdef01234567"}
}

// multi makes the request's source the first of several.
func multi(req Request, more ...v1alpha1.ApplicationSource) Request {
	req.App.Spec.Source = nil
	req.App.Spec.Sources = append(v1alpha1.ApplicationSources{req.Source}, more...)
	return req
}

func mustRender(t testing.TB, req Request) *Result {
	t.Helper()
	res, err := Render(context.Background(), req)
	if err != nil {
		t.Fatalf("rendering: %v", err)
	}
	return res
}

// directory renders the folder app as a directory source.
func directory(t testing.TB, archive string, d *v1alpha1.ApplicationSourceDirectory) *Result {
	t.Helper()
	return mustRender(t, request(repository(t, archive), v1alpha1.ApplicationSource{Path: "app", Directory: d}))
}

// failure renders and returns the error's text.
func failure(t testing.TB, req Request) string {
	t.Helper()
	res, err := Render(context.Background(), req)
	if err == nil {
		t.Fatalf("no error, but %v", names(res))
	}
	return err.Error()
}

func wantError(t testing.TB, req Request, parts ...string) {
	t.Helper()
	got := failure(t, req)
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("error %q lacks %q", got, p)
		}
	}
}

func wantNotRendered(t testing.TB, req Request, parts ...string) {
	t.Helper()
	_, err := Render(context.Background(), req)
	var missing *NotRendered
	if !errors.As(err, &missing) {
		t.Fatalf("want *NotRendered, got %v", err)
	}
	wantError(t, req, parts...)
}

// names lists the objects as Kind/name.
func names(res *Result) []string {
	out := []string{}
	for _, it := range res.Items {
		out = append(out, it.Object.GetKind()+"/"+it.Object.GetName())
	}
	return out
}

func wantNames(t testing.TB, res *Result, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), names(res)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// wantNote looks for one note about file with all parts in it.
func wantNote(t testing.TB, res *Result, file string, parts ...string) {
	t.Helper()
	for _, n := range res.Notes {
		ok := n.File == file
		for _, p := range parts {
			ok = ok && strings.Contains(n.Message, p)
		}
		if ok {
			return
		}
	}
	t.Errorf("no note about %q with %q in %+v", file, parts, res.Notes)
}

func wantNoNotes(t testing.TB, res *Result) {
	t.Helper()
	if len(res.Notes) > 0 {
		t.Errorf("unexpected notes: %+v", res.Notes)
	}
}

// data is the data of a ConfigMap.
func data(t testing.TB, res *Result, name string) map[string]any {
	t.Helper()
	for _, it := range res.Items {
		if it.Object.GetName() == name {
			m, _ := it.Object.Object["data"].(map[string]any)
			return m
		}
	}
	t.Fatalf("no object %s in %v", name, names(res))
	return nil
}

// cm is a ConfigMap in YAML.
func cm(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
}
