package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
)

func TestOnlyManifestExtensionsAreRead(t *testing.T) {
	t.Parallel()
	res := directory(t, `
-- app/a.yaml --
`+cm("a")+`
-- app/b.yml --
`+cm("b")+`
-- app/c.json --
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
-- app/d.jsonnet --
{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'd'}}
-- app/e.YAML --
`+cm("e")+`
-- app/f.yaml.bak --
`+cm("f")+`
-- app/g.libsonnet --
{}
-- app/README.md --
kind: x
`, nil)
	wantNames(t, res, "ConfigMap/a", "ConfigMap/b", "ConfigMap/c", "ConfigMap/d")
	wantNoNotes(t, res)
}

func TestItemsSayWhereTheyWereWritten(t *testing.T) {
	t.Parallel()
	res := directory(t, `
-- app/a.yaml --
# two objects

---
`+cm("a")+`--- # the second
# its own comment
`+cm("b")+`
-- app/c.json --

{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
`, nil)
	var got []string
	for _, it := range res.Items {
		got = append(got, fmt.Sprintf("%s %s:%d", it.Object.GetName(), it.File, it.Line))
	}
	want := []string{"a app/a.yaml:4", "b app/a.yaml:10", "c app/c.json:2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

const tree3 = `
-- app/b.yaml --
` + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n" + `
-- app/a/one.yaml --
` + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n" + `
-- app/a/deep/two.yaml --
` + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: two}\n" + `
-- app/c.yaml/three.yml --
` + "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: three}\n"

func TestSubfoldersNeedRecurse(t *testing.T) {
	t.Parallel()
	wantNames(t, directory(t, tree3, nil), "ConfigMap/b")
	wantNames(t, directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Recurse: true}),
		"ConfigMap/two", "ConfigMap/one", "ConfigMap/b", "ConfigMap/three")
}

func TestUnreadSubfoldersAreNotedWhenNothingElseIsThere(t *testing.T) {
	t.Parallel()
	res := directory(t, "-- app/sub/a.yaml --\n"+cm("a"), nil)
	wantNames(t, res)
	wantNote(t, res, "app", "sub", "directory.recurse")
}

func TestGlobStarCrossesSlashes(t *testing.T) {
	t.Parallel()
	res := directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Recurse: true, Include: "a*.yaml"})
	wantNames(t, res, "ConfigMap/two", "ConfigMap/one")
}

func TestGlobIsAgainstThePathInTheApplication(t *testing.T) {
	t.Parallel()
	res := directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Recurse: true, Exclude: "a/deep/*"})
	wantNames(t, res, "ConfigMap/one", "ConfigMap/b", "ConfigMap/three")
	res = directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Recurse: true, Include: "one.yaml"})
	wantNames(t, res)
	res = directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Recurse: true, Include: "{b,c.yaml/*}.y*ml"})
	wantNames(t, res, "ConfigMap/b", "ConfigMap/three")
}

func TestExcludeBeatsInclude(t *testing.T) {
	t.Parallel()
	res := directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Recurse: true, Include: "*.yaml", Exclude: "{b.yaml,a/deep/*}"})
	wantNames(t, res, "ConfigMap/one")
}

func TestBrokenPatternMatchesNothingAndIsNoted(t *testing.T) {
	t.Parallel()
	res := directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Exclude: "[b"})
	wantNames(t, res, "ConfigMap/b")
	wantNote(t, res, "", "directory.exclude", "[b")
	res = directory(t, tree3, &v1alpha1.ApplicationSourceDirectory{Include: "[b"})
	wantNames(t, res)
	wantNote(t, res, "", "directory.include", "[b")
}

func TestLinksToFilesAreRead(t *testing.T) {
	t.Parallel()
	res := directory(t, "-- shared/cm.yaml --\n"+cm("a")+"-- app/link.yaml --\n-> ../shared/cm.yaml\n", nil)
	wantNames(t, res, "ConfigMap/a")
}

func TestLinksToFoldersAndToNothingAreNoted(t *testing.T) {
	t.Parallel()
	res := directory(t, "-- shared/cm.yaml --\n"+cm("a")+`
-- app/folder --
-> ../shared
-- app/folder.yaml --
-> ../shared
-- app/gone.yaml --
-> nowhere.yaml
`, &v1alpha1.ApplicationSourceDirectory{Recurse: true})
	wantNames(t, res)
	wantNote(t, res, "app/folder.yaml", "not a regular file")
	wantNote(t, res, "app/gone.yaml", "link to nothing")
}

func TestLinkOutOfTheRepositoryIsAnErrorEvenIfExcluded(t *testing.T) {
	t.Parallel()
	tr := repository(t, "-- app/a.yaml --\n"+cm("a")+"-- app/out.yaml --\n-> ../../x.yaml\n")
	wantError(t, request(tr, v1alpha1.ApplicationSource{
		Path: "app", Directory: &v1alpha1.ApplicationSourceDirectory{Exclude: "out.yaml"},
	}), "app/out.yaml", "leaves the repository")
}

func TestManifestsOfOneApplicationHaveASizeLimit(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("# "+strings.Repeat("x", 997)+"\n", 4000)
	archive := "-- app/a.yaml --\n" + cm("a") + filler + "-- app/b.yaml --\n" + cm("b") + filler
	wantNames(t, directory(t, archive, nil), "ConfigMap/a", "ConfigMap/b")
	archive += "-- app/c.yaml --\n" + filler
	tr := repository(t, archive)
	wantError(t, request(tr, v1alpha1.ApplicationSource{Path: "app"}), "app: ", "exceed 10 MB")
	res := mustRender(t, request(tr, v1alpha1.ApplicationSource{
		Path: "app", Directory: &v1alpha1.ApplicationSourceDirectory{Exclude: "c.yaml"},
	}))
	wantNames(t, res, "ConfigMap/a", "ConfigMap/b")
}

func TestKustomizationInAForcedFolderIsAManifest(t *testing.T) {
	t.Parallel()
	res := directory(t, `
-- app/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [cm.yaml]
-- app/cm.yaml --
`+cm("a"), &v1alpha1.ApplicationSourceDirectory{})
	wantNames(t, res, "ConfigMap/a", "Kustomization/")
}
