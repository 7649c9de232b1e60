package source

import (
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
)

func overridden(t *testing.T, archive string, s v1alpha1.ApplicationSource) (*render, error) {
	t.Helper()
	s.Path = "app"
	r := &render{Request: request(repository(t, archive), s), dir: "app"}
	return r, r.mergeOverrides()
}

func TestArgocdSourceFileOverridesTheApplication(t *testing.T) {
	t.Parallel()
	tr := repository(t, `
-- app/a.yaml --
`+cm("a")+`
-- app/b.yaml --
`+cm("b")+`
-- app/.argocd-source.yaml --
directory:
  include: a.yaml
`)
	res := mustRender(t, request(tr, v1alpha1.ApplicationSource{Path: "app", Directory: &v1alpha1.ApplicationSourceDirectory{Include: "b.yaml"}}))
	wantNames(t, res, "ConfigMap/a")
}

func TestFileOfTheApplicationWinsOverTheCommonFile(t *testing.T) {
	t.Parallel()
	r, err := overridden(t, `
-- app/.argocd-source.yaml --
helm: {releaseName: common, valueFiles: [a.yaml]}
-- app/.argocd-source-demo.yaml --
helm: {releaseName: own}
-- app/.argocd-source-other.yaml --
helm: {releaseName: other}
`, v1alpha1.ApplicationSource{})
	if err != nil {
		t.Fatal(err)
	}
	want := &v1alpha1.ApplicationSourceHelm{ReleaseName: "own", ValueFiles: []string{"a.yaml"}}
	if diff := cmp.Diff(want, r.Source.Helm); diff != "" {
		t.Error(diff)
	}
}

func TestApplicationOutsideTheControlPlaneHasItsNamespaceInTheFileName(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/cm.yaml --\n"+cm("a")+"-- app/.argocd-source-team_demo.yaml --\ndirectory: {exclude: '*'}\n")
	req := request(tr, v1alpha1.ApplicationSource{Path: "app"})
	req.App.Namespace, req.ControlPlane = "team", "argocd"
	wantNames(t, mustRender(t, req))
	req.App.Namespace = "argocd"
	wantNames(t, mustRender(t, req), "ConfigMap/a")
}

func TestWhereTheSourceComesFromCannotBeOverridden(t *testing.T) {
	t.Parallel()
	r, err := overridden(t, `
-- app/.argocd-source.yaml --
chart: x
path: elsewhere
repoURL: https://evil.example.com
targetRevision: v9
surprise: true
directory: {recurse: null}
`, v1alpha1.ApplicationSource{TargetRevision: "main"})
	if err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.ApplicationSource{
		RepoURL: "https://git.example.com/org/repo.git", Path: "app", TargetRevision: "main",
		Directory: &v1alpha1.ApplicationSourceDirectory{},
	}
	if diff := cmp.Diff(want, r.Source); diff != "" {
		t.Error(diff)
	}
	for _, note := range []string{"chart cannot", "path cannot", "repoURL cannot", "targetRevision cannot", `unknown field "surprise"`, "directory.recurse: null"} {
		wantNote(t, &r.res, "app/.argocd-source.yaml", note)
	}
}

// Argo CD decodes the patched source over the old one, so null removes nothing.
func TestNullInAnOverrideKeepsTheField(t *testing.T) {
	t.Parallel()
	r, err := overridden(t, "-- app/.argocd-source.yaml --\nhelm: null\n",
		v1alpha1.ApplicationSource{Helm: &v1alpha1.ApplicationSourceHelm{ReleaseName: "kept"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Source.Helm == nil || r.Source.Helm.ReleaseName != "kept" {
		t.Errorf("got %+v", r.Source.Helm)
	}
}

func TestBrokenOverrideNamesFileAndLine(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"helm:\n  a: b: c\n":         "app/.argocd-source.yaml:2: mapping values",
		"- a\n":                      "app/.argocd-source.yaml: ",
		"helm: {valueFiles: true}\n": "app/.argocd-source.yaml: helm.valueFiles is of type bool, want []string",
	} {
		tr := repository(t, "-- app/.argocd-source.yaml --\n"+data)
		wantError(t, request(tr, v1alpha1.ApplicationSource{Path: "app"}), want)
	}
}

// An empty file is null, which is no merge patch.
func TestEmptyOverrideIsAnError(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/.argocd-source.yaml --\n# nothing yet\n")
	wantError(t, request(tr, v1alpha1.ApplicationSource{Path: "app"}), "app/.argocd-source.yaml", "want a mapping")
}

func TestFolderNamedLikeAnOverrideIsNone(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/cm.yaml --\n"+cm("a")+"-- app/.argocd-source.yaml/x --\n-- app/.argocd-source-demo.yaml --\n-> nowhere\n")
	wantNames(t, mustRender(t, request(tr, v1alpha1.ApplicationSource{Path: "app"})), "ConfigMap/a")
}
