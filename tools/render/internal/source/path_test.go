package source

import (
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
)

func TestPathMustBeAFolderInsideTheRepository(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/cm.yaml --\n"+cm("a")+"-- out --\n-> ../elsewhere\n-- root --\n-> /etc\n")
	for path, want := range map[string]string{
		"/app":        "is absolute",
		"../app":      "leaves the repository",
		"app/../../x": "leaves the repository",
		"missing":     "no such folder",
		"app/cm.yaml": "is a file",
		"out":         "leaves the repository",
		"root":        "leaves the repository",
	} {
		wantError(t, request(tr, v1alpha1.ApplicationSource{Path: path}), want)
	}
}

func TestDotIsTheRootOfTheRepository(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- cm.yaml --\n"+cm("a"))
	wantNames(t, mustRender(t, request(tr, v1alpha1.ApplicationSource{Path: "."})), "ConfigMap/a")
	wantNames(t, mustRender(t, request(tr, v1alpha1.ApplicationSource{Path: "./x/.."})), "ConfigMap/a")
}

func TestSingleSourceWithoutPathIsAnError(t *testing.T) {
	t.Parallel()
	wantError(t, request(repository(t, ""), v1alpha1.ApplicationSource{}), "neither path nor chart")
}

func TestSourceWithoutPathAmongSeveralGivesNothing(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- cm.yaml --\n"+cm("a"))
	res := mustRender(t, multi(request(tr, v1alpha1.ApplicationSource{})))
	wantNames(t, res)
	wantNote(t, res, "", "path: .")
	res = mustRender(t, multi(request(tr, v1alpha1.ApplicationSource{Ref: "values"})))
	wantNames(t, res)
	wantNoNotes(t, res)
}

// filepath.Walk, which Argo CD uses, does not follow its root.
func TestFolderThatIsALinkHasNoPlainManifests(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- real/cm.yaml --\n"+cm("a")+"-- real/in/cm.yaml --\n"+cm("b")+"-- link --\n-> real\n")
	res := mustRender(t, request(tr, v1alpha1.ApplicationSource{Path: "link"}))
	wantNames(t, res)
	wantNote(t, res, "link", "symbolic link")
	wantNames(t, mustRender(t, request(tr, v1alpha1.ApplicationSource{Path: "link/in"})), "ConfigMap/b")
}

func TestRemoteChartIsNotRendered(t *testing.T) {
	t.Parallel()
	wantNotRendered(t, request(repository(t, ""), v1alpha1.ApplicationSource{
		Chart: "karpenter", TargetRevision: "1.8.0", RepoURL: "public.ecr.aws/karpenter",
	}), "chart karpenter 1.8.0 of public.ecr.aws/karpenter")
}

func TestPluginIsNotRendered(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/x --\n")
	wantNotRendered(t, request(tr, v1alpha1.ApplicationSource{
		Path: "app", Plugin: &v1alpha1.ApplicationSourcePlugin{Name: "tanka"},
	}), "config management plugin tanka")
}
