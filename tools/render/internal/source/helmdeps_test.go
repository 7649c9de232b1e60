package source

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
)

const subchart = `
-- app/charts/db/Chart.yaml --
{apiVersion: v2, name: db, version: 1.0.0}
-- app/charts/db/values.yaml --
name: db
-- app/charts/db/templates/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Values.name }}"}
-- app/templates/own.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: own}
`

func deps(yaml string) string {
	return "-- app/Chart.yaml --\n" + chartYAML + "dependencies:\n" + yaml
}

func TestHelmVendoredDependencies(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, subchart, nil))
	wantNames(t, res, "ConfigMap/db", "ConfigMap/own")
	if got := res.Items[0].File; got != "app/charts/db/templates/cm.yaml" {
		t.Errorf("file %q", got)
	}
}

func TestHelmConditionsAndTags(t *testing.T) {
	t.Parallel()
	archive := subchart + deps("- {name: db, version: 1.x.x, condition: 'db.enabled', tags: [data]}\n")
	off := func(values string) *v1alpha1.ApplicationSourceHelm {
		return &v1alpha1.ApplicationSourceHelm{Values: values}
	}
	wantNames(t, mustRender(t, chartOf(t, archive, nil)), "ConfigMap/db", "ConfigMap/own")
	wantNames(t, mustRender(t, chartOf(t, archive, off("db: {enabled: false}"))), "ConfigMap/own")
	wantNames(t, mustRender(t, chartOf(t, archive, off("tags: {data: false}"))), "ConfigMap/own")
	wantNames(t, mustRender(t, chartOf(t, archive, off("tags: {data: false}\ndb: {enabled: true}"))), "ConfigMap/db", "ConfigMap/own")
}

func TestHelmAliasesShareOneFolder(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, subchart+deps("- {name: db, version: 1.0.0, alias: users}\n- {name: db, version: 1.0.0, alias: orders}\n"),
		&v1alpha1.ApplicationSourceHelm{Values: "users: {name: u}\norders: {name: o}"}))
	var got []string
	for _, it := range res.Items {
		got = append(got, it.Object.GetName()+" "+it.File)
	}
	want := []string{"o app/charts/db/templates/cm.yaml", "u app/charts/db/templates/cm.yaml", "own app/templates/own.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// archived moves the subchart db into a .tgz.
func archived(t *testing.T, req Request) {
	t.Helper()
	dir := filepath.Join(req.View.Tree().Dir(), "app/charts")
	c, err := loader.LoadDir(filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chartutil.Save(c, dir); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "db")); err != nil {
		t.Fatal(err)
	}
}

func TestHelmArchivedDependencies(t *testing.T) {
	t.Parallel()
	req := chartOf(t, subchart+deps("- {name: db, version: 1.0.0, repository: 'https://charts.example.com'}\n"), nil)
	archived(t, req)
	res := mustRender(t, req)
	wantNames(t, res, "ConfigMap/db", "ConfigMap/own")
	if got := res.Items[0].File; got != "app/charts/db-1.0.0.tgz" {
		t.Errorf("file %q", got)
	}
}

func TestHelmBrokenArchiveIsAnError(t *testing.T) {
	t.Parallel()
	wantError(t, chartOf(t, "-- app/charts/db-1.0.0.tgz --\nno archive\n", nil), "app: the chart cannot be loaded", "db-1.0.0.tgz")
}

func TestMissingDependencyIsNotRendered(t *testing.T) {
	t.Parallel()
	archive := deps("- {name: redis, version: 1.2.3, repository: 'https://charts.example.com', condition: redis.enabled}\n") +
		"-- app/templates/own.yaml --\n" + cm("own")
	wantNotRendered(t, chartOf(t, archive, nil), "chart app", "redis 1.2.3 of https://charts.example.com", "helm dependency build")
	res := mustRender(t, chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{Values: "redis: {enabled: false}"}))
	wantNames(t, res, "ConfigMap/own")
	wantNote(t, res, "app/Chart.yaml", "redis", "disabled")
}

const library2 = `
-- libs/common/Chart.yaml --
{apiVersion: v2, name: common, version: 2.1.0}
-- libs/common/templates/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: "common-{{ .Release.Name }}"}
-- app/templates/own.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: own}
`

func TestHelmFileDependenciesAreBuilt(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, library2+deps("- {name: common, version: '^2.0.0', repository: 'file://../libs/common'}\n"), nil))
	wantNames(t, res, "ConfigMap/common-demo", "ConfigMap/own")
	if got := res.Items[0].File; got != "libs/common/templates/cm.yaml" {
		t.Errorf("file %q", got)
	}
	for dep, want := range map[string]string{
		"{name: common, version: 3.x, repository: 'file://../libs/common'}":    "app/Chart.yaml: dependency common: wants version 3.x, libs/common has 2.1.0",
		"{name: common, version: 2.x, repository: 'file://../libs/none'}":      "no folder libs/none",
		"{name: common, version: 2.x, repository: 'file://../../x'}":           "leaves the repository",
		"{name: common, version: 2.x, repository: 'file:///libs/common'}":      "leaves the repository",
		"{name: other, version: 2.x, repository: 'file://../libs/common'}":     "is called common",
		"{name: common, version: newest, repository: 'file://../libs/common'}": `version "newest"`,
	} {
		wantError(t, chartOf(t, library2+deps("- "+dep+"\n"), nil), want)
	}
}

func TestHelmStaleLockIsAnErrorWhenDependenciesAreBuilt(t *testing.T) {
	t.Parallel()
	wantError(t, chartOf(t, library2+deps("- {name: common, version: '^2.0.0', repository: 'file://../libs/common'}\n")+`
-- app/Chart.lock --
dependencies: [{name: common, version: 2.0.0, repository: 'file://../libs/common'}]
digest: sha256:0000
`, nil), "app/Chart.lock: out of date")
}

func TestHelmOutputDoesNotChange(t *testing.T) {
	t.Parallel()
	archive := ordered
	for _, n := range []string{"zeta", "alpha", "mid"} {
		archive += "-- app/charts/" + n + "/Chart.yaml --\n{apiVersion: v2, name: " + n + ", version: 1.0.0}\n" +
			"-- app/charts/" + n + "/crds/c.yaml --\n" + cm("crd-"+n) +
			"-- app/charts/" + n + "/templates/c.yaml --\n" + cm(n)
	}
	var first []byte
	for range 20 {
		var out bytes.Buffer
		for _, it := range mustRender(t, chartOf(t, archive, nil)).Items {
			raw, err := it.Object.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			out.Write(raw)
		}
		if first == nil {
			first = out.Bytes()
		}
		if !bytes.Equal(first, out.Bytes()) {
			t.Fatal("two renders differ")
		}
	}
}
