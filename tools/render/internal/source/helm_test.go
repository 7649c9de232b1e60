package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chartutil"
)

const chartYAML = "apiVersion: v2\nname: web\nversion: 1.2.3\n"

// chartOf is a request for a chart called web in the folder app.
func chartOf(t testing.TB, archive string, h *v1alpha1.ApplicationSourceHelm) Request {
	t.Helper()
	if !strings.Contains(archive, "-- app/Chart.yaml --") {
		archive = "-- app/Chart.yaml --\n" + chartYAML + archive
	}
	return request(repository(t, archive), v1alpha1.ApplicationSource{Path: "app", Helm: h})
}

func TestHelmReleaseIsNamedAfterTheApplication(t *testing.T) {
	t.Parallel()
	const archive = `
-- app/templates/cm.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {name: "{{ .Release.Name }}", ns: "{{ .Release.Namespace }}", service: "{{ .Release.Service }}", install: "{{ .Release.IsInstall }}{{ .Release.IsUpgrade }}{{ .Release.Revision }}"}
`
	want := map[string]any{"name": "demo", "ns": "shop", "service": "Helm", "install": "truefalse1"}
	if diff := cmp.Diff(want, data(t, mustRender(t, chartOf(t, archive, nil)), "a")); diff != "" {
		t.Error(diff)
	}
	got := data(t, mustRender(t, chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{ReleaseName: "{{ upper \"x\" | lower }}-1", Namespace: "other"})), "a")
	if got["name"] != "x-1" || got["ns"] != "other" {
		t.Errorf("got %v", got)
	}
	req := chartOf(t, archive, nil)
	req.App.Spec.Destination.Namespace = ""
	if got := data(t, mustRender(t, req), "a"); got["ns"] != "default" {
		t.Errorf("got %v", got)
	}
	wantError(t, chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{ReleaseName: strings.Repeat("x", 54)}), "release name", "releaseName")
	wantError(t, chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{Version: "v2"}), "v3 only")
}

const ordered = `
-- app/crds/crd.yaml --
# two
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: one}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: two}
-- app/templates/a.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
---
apiVersion: v1
kind: Service
metadata: {name: s}
-- app/templates/b.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
---
apiVersion: v1
kind: Namespace
metadata: {name: ns}
-- app/templates/hook.yaml --
apiVersion: batch/v1
kind: Job
metadata: {name: j, annotations: {helm.sh/hook: "post-install, pre-upgrade"}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: sa, annotations: {helm.sh/hook: pre-install}}
-- app/templates/tests/t.yaml --
apiVersion: v1
kind: Pod
metadata: {name: t, annotations: {helm.sh/hook: test}}
-- app/templates/NOTES.txt --
not: yaml: at all
-- app/templates/_partial.tpl --
{{ define "x" }}{{ end }}
-- app/templates/empty.yaml --
{{ if false }}
x
{{ end }}
`

func TestHelmPrintsCRDsThenKindsThenHooks(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, ordered, nil))
	wantNames(t, res, "CustomResourceDefinition/one", "CustomResourceDefinition/two",
		"Namespace/ns", "ConfigMap/c", "Service/s", "Deployment/d", "ServiceAccount/sa", "Pod/t", "Job/j")
	wantNoNotes(t, res)
	if res.Type != v1alpha1.ApplicationSourceTypeHelm {
		t.Errorf("type %s", res.Type)
	}
}

func TestHelmHooksAreInTheOutput(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, ordered, &v1alpha1.ApplicationSourceHelm{SkipTests: true, SkipCrds: true}))
	wantNames(t, res, "Namespace/ns", "ConfigMap/c", "Service/s", "Deployment/d", "ServiceAccount/sa", "Job/j")
}

func TestHelmUnknownHookIsNoted(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, `
-- app/templates/j.yaml --
apiVersion: batch/v1
kind: Job
metadata: {name: j, annotations: {helm.sh/hook: "pre-install,presync"}}
`, nil))
	wantNames(t, res)
	wantNote(t, res, "app/templates/j.yaml", "Job j", `"presync"`)
}

func TestHelmObjectsNameTheirTemplate(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, ordered, nil))
	var got []string
	for _, it := range res.Items[:4] {
		got = append(got, fmt.Sprintf("%s:%d", it.File, it.Line))
	}
	want := []string{"app/crds/crd.yaml:3", "app/crds/crd.yaml:7", "app/templates/b.yaml:0", "app/templates/b.yaml:0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHelmErrorsNameTheTemplateAndLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\nb: {{ .Values.x.y.z }}\n":                "app/templates/x.yaml:2:",
		"a: 1\nb: {{ fail \"too bad\" }}\n":             "app/templates/x.yaml:2: too bad",
		"\n\n{{ required \"set x\" .Values.x }}\n":      "app/templates/x.yaml:3: set x",
		"a: {{ nothing }}\n":                            `app/templates/x.yaml:1: function "nothing" not defined`,
		"{{ if }}\n":                                    "app/templates/x.yaml:1: missing value for if",
		"a: 1\nb: {{ include \"web.bad\" . }}\n":        "app/templates/_bad.tpl:2:",
		"kind: A\nx: y: z\n":                            "app/templates/x.yaml: the rendered text, line 2: mapping values",
		"a: 1\n":                                        "app/templates/x.yaml: the rendered text, line 1: document 1 has no kind",
		"kind: A\nmetadata: {name: nn}\n":               "app/templates/x.yaml: object nn has no apiVersion",
		"{{ include \"web.self\" . }}\n":                "nested reference name",
		"{{ template \"web.deep\" . }}\n":               "exceeded maximum template depth",
		"kind: A\napiVersion: v1\n{{ toYaml . | len }}": "app/templates/x.yaml: ",
	} {
		wantError(t, chartOf(t, "-- app/templates/x.yaml --\n"+text+`
-- app/templates/_bad.tpl --
{{ define "web.bad" }}
{{ .Values.x.y.z }}
{{ end }}
{{ define "web.self" }}{{ include "web.self" . }}{{ end }}
{{ define "web.deep" }}{{ template "web.deep" . }}{{ end }}
`, nil), want)
	}
}

func TestHelmLookupIsEmptyAndNamesAreNotResolved(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, `
-- app/templates/x.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {l: "{{ lookup "v1" "Secret" "" "" | len }}", h: "{{ getHostByName "localhost" }}"}
`, nil))
	if diff := cmp.Diff(map[string]any{"l": "0", "h": ""}, data(t, res, "a")); diff != "" {
		t.Error(diff)
	}
	wantError(t, chartOf(t, "-- app/templates/x.yaml --\n{{ env \"HOME\" }}\n", nil), `function "env" not defined`)
}

func TestHelmCapabilities(t *testing.T) {
	t.Parallel()
	const archive = `
-- app/templates/x.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  kube: {{ .Capabilities.KubeVersion.Version }}
  minor: {{ .Capabilities.KubeVersion.Minor | quote }}
  helm: {{ .Capabilities.HelmVersion.Version }}
  apps: {{ .Capabilities.APIVersions.Has "apps/v1" | quote }}
  crd: {{ .Capabilities.APIVersions.Has "apiextensions.k8s.io/v1" | quote }}
  argo: {{ .Capabilities.APIVersions.Has "argoproj.io/v1alpha1" | quote }}
`
	req := chartOf(t, archive, nil)
	req.KubeVersion, req.APIVersions = "v1.33.4", []string{"argoproj.io/v1alpha1"}
	want := map[string]any{"kube": "v1.33.4", "minor": "33", "helm": "v3.16.3", "apps": "true", "crd": "true", "argo": "true"}
	if diff := cmp.Diff(want, data(t, mustRender(t, req), "a")); diff != "" {
		t.Error(diff)
	}
	req.Source.Helm = &v1alpha1.ApplicationSourceHelm{KubeVersion: "1.29", APIVersions: []string{"x/v1"}}
	want["kube"], want["minor"], want["argo"] = "v1.29.0", "29", "false"
	if diff := cmp.Diff(want, data(t, mustRender(t, req), "a")); diff != "" {
		t.Error(diff)
	}
	req = chartOf(t, archive+"-- app/Chart.yaml --\n"+chartYAML+"kubeVersion: '>=1.34.0'\n", nil)
	req.KubeVersion = "1.33.4"
	wantError(t, req, "app/Chart.yaml", ">=1.34.0", "v1.33.4")
	req.KubeVersion = "newest"
	wantError(t, req, `version "newest" of Kubernetes`)
}

func TestHelmKnowsTheAPIVersionsOfAnyHelm(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(chartutil.DefaultVersionSet, builtinVersions); diff != "" {
		t.Error(diff)
	}
}

func TestHelmignoreIsHonoured(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, `
-- app/.helmignore --
*.bak.yaml
drafts/
-- app/templates/a.yaml --
`+cm("a")+`  annotations: {files: "{{ range $p, $_ := .Files.Glob "**" }}{{ $p }} {{ end }}"}
-- app/templates/b.bak.yaml --
`+cm("b")+`
-- app/templates/drafts/c.yaml --
`+cm("c")+`
-- app/templates/.hidden.yaml --
`+cm("h")+`
-- app/note.txt --
hello
`, nil))
	wantNames(t, res, "ConfigMap/a")
	if got := res.Items[0].Object.GetAnnotations()["files"]; got != ".helmignore note.txt " {
		t.Errorf("files %q", got)
	}
}

func TestHelmFollowsLinksAndEndsAtCycles(t *testing.T) {
	t.Parallel()
	wantNames(t, mustRender(t, chartOf(t, "-- shared/t/cm.yaml --\n"+cm("a")+"-- app/templates --\n-> ../shared/t\n", nil)), "ConfigMap/a")
	wantError(t, chartOf(t, "-- app/templates/loop --\n-> ../../app\n", nil), "app/templates/loop", "contains it")
	wantError(t, chartOf(t, "-- app/templates/out.yaml --\n-> ../../../x\n", nil), "app/templates/out.yaml", "leaves the repository")
	wantError(t, chartOf(t, "-- app/gone --\n-> nowhere\n", nil), "app/gone")
}

func TestHelmBrokenChartsNameTheFolder(t *testing.T) {
	t.Parallel()
	wantError(t, chartOf(t, "-- app/Chart.yaml --\nname: [\n", nil), "app/Chart.yaml:1: did not find")
	wantError(t, chartOf(t, "-- app/Chart.yaml --\nname: web\n", nil), "app: the chart cannot be loaded", "version")
	wantError(t, chartOf(t, "-- app/values.yaml --\na: b: c\n", nil), "app/values.yaml:1: mapping values")
	wantError(t, chartOf(t, "-- app/Chart.yaml --\n"+chartYAML+"type: library\n", nil), "a library chart cannot be rendered by itself")
	req := request(repository(t, "-- app/myChart.yaml --\nx: y\n"), v1alpha1.ApplicationSource{Path: "app"})
	wantError(t, req, "app: the chart cannot be loaded: Chart.yaml file is missing")
}

const schemaArchive = `
-- app/values.yaml --
replicas: 1
-- app/values.schema.json --
{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
 "properties": {"replicas": {"type": "integer", "minimum": 1}}}
-- app/templates/a.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
`

func TestHelmSchemaIsEnforced(t *testing.T) {
	t.Parallel()
	wantNames(t, mustRender(t, chartOf(t, schemaArchive, &v1alpha1.ApplicationSourceHelm{Values: "replicas: 2"})), "ConfigMap/a")
	bad := &v1alpha1.ApplicationSourceHelm{Values: "replicas: many"}
	wantError(t, chartOf(t, schemaArchive, bad), "app/values.schema.json", "chart web", "replicas", "want integer")
	bad.SkipSchemaValidation = true
	wantNames(t, mustRender(t, chartOf(t, schemaArchive, bad)), "ConfigMap/a")
}

func TestHelmSchemaOfASubchartIsEnforced(t *testing.T) {
	t.Parallel()
	wantError(t, chartOf(t, `
-- app/charts/db/Chart.yaml --
{apiVersion: v2, name: db, version: 1.0.0}
-- app/charts/db/values.schema.json --
{"required": ["size"]}
`, nil), "app/charts/db/values.schema.json", "chart db", "size")
}

func TestHelmSchemaCannotReachOut(t *testing.T) {
	t.Parallel()
	const schema = "-- app/values.schema.json --\n"
	wantNotRendered(t, chartOf(t, schema+`{"$ref": "https://example.com/s.json"}`, nil), "app/values.schema.json", "https://example.com/s.json")
	wantError(t, chartOf(t, schema+`{"$ref": "/etc/hostname"}`, nil), "app/values.schema.json", "etc/hostname")
	wantError(t, chartOf(t, schema+`{"type": `, nil), "app/values.schema.json")
}

func TestHelmRestlessTemplatesAreNoted(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, `
-- app/templates/_lib.tpl --
{{ define "web.password" }}
{{- randAlphaNum 16 }}
{{- end }}
{{ define "web.unused" }}{{ uuidv4 }}{{ end }}
-- app/templates/a.yaml --
# now is a word
apiVersion: v1
kind: Secret
metadata: {name: a}
stringData: {p: "{{ include "web.password" . }}", n: {{ .Values.now }}}
-- app/templates/b.yaml --
{{/* now and then */}}
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
data: {d: "{{ now | date "2006" }}"}
-- app/values.yaml --
now: later
`, nil))
	if len(res.Notes) != 2 {
		t.Errorf("notes %+v", res.Notes)
	}
	wantNote(t, res, "app/templates/a.yaml", "randAlphaNum at app/templates/_lib.tpl:2", "never")
	wantNote(t, res, "app/templates/b.yaml", "uses now")
}

func TestHelmErrorsInAnArchiveNameItAndTheFileInIt(t *testing.T) {
	t.Parallel()
	req := chartOf(t, strings.ReplaceAll(subchart, "{{ .Values.name }}", "{{ fail \"no\" }}"), nil)
	archived(t, req)
	wantError(t, req, "app/charts/db-1.0.0.tgz/templates/cm.yaml:3: no")
}
