package source

import (
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
)

// show is a chart that prints its values.
const show = `
-- app/templates/v.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: v}
data: {{ .Values | toJson }}
-- app/values.yaml --
who: chart
nested: {a: chart, b: chart}
gone: chart
`

func values(t testing.TB, req Request) map[string]any {
	t.Helper()
	return data(t, mustRender(t, req), "v")
}

func TestParametersBeatValuesBeatValueFiles(t *testing.T) {
	t.Parallel()
	const archive = show + `
-- app/one.yaml --
who: one
nested: {a: one}
list: [1, 2]
-- app/two.yaml --
two: two
list: [3]
gone: null
`
	got := values(t, chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{
		ValueFiles: []string{"one.yaml", "two.yaml"},
		Values:     "nested: {c: values}\n",
		Parameters: []v1alpha1.HelmParameter{
			{Name: "who", Value: "first"}, {Name: "who", Value: "last"},
			{Name: "number", Value: "7"}, {Name: "text", Value: "7", ForceString: true},
			{Name: "commas", Value: "a,b"}, {Name: "array", Value: "{x,y}"}, {Name: "deep.list[1].k", Value: "v"},
		},
	}))
	want := map[string]any{
		"who": "last", "nested": map[string]any{"a": "one", "b": "chart", "c": "values"}, "list": []any{int64(3)},
		"two": "two", "number": int64(7), "text": "7", "commas": "a,b", "array": []any{"x", "y"},
		"deep": map[string]any{"list": []any{nil, map[string]any{"k": "v"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValuesObjectBeatsValues(t *testing.T) {
	t.Parallel()
	got := values(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{
		Values: "who: values\nextra: 1\n", ValuesObject: &runtime.RawExtension{Raw: []byte(`{"who":"object"}`)},
	}))
	if got["who"] != "object" || got["extra"] != nil {
		t.Errorf("got %v", got)
	}
}

func TestVariablesAreSubstitutedInParametersAndFileNamesOnly(t *testing.T) {
	t.Parallel()
	got := values(t, chartOf(t, show+"-- app/values-demo.yaml --\nfile: $ARGOCD_APP_NAME\n", &v1alpha1.ApplicationSourceHelm{
		ValueFiles: []string{"values-${ARGOCD_APP_NAME}.yaml"},
		Values:     "values: $ARGOCD_APP_NAME\n",
		Parameters: []v1alpha1.HelmParameter{
			{Name: "app", Value: "$ARGOCD_APP_NAME"}, {Name: "rev", Value: "$ARGOCD_APP_REVISION_SHORT", ForceString: true},
			{Name: "long", Value: "x$ARGOCD_APP_REVISION_SHORT_8"}, {Name: "dollar", Value: "$$HOME$HOME"},
			{Name: "path", Value: "$ARGOCD_APP_SOURCE_PATH"},
		},
	}))
	delete(got, "nested")
	want := map[string]any{
		"who": "chart", "gone": "chart", "file": "$ARGOCD_APP_NAME", "values": "$ARGOCD_APP_NAME",
		"app": "demo", "rev": "0123456", "long": "x01234567", "dollar": "$HOME", "path": "app",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownRevisionIsNoted(t *testing.T) {
	t.Parallel()
	req := chartOf(t, show, &v1alpha1.ApplicationSourceHelm{Parameters: []v1alpha1.HelmParameter{{Name: "tag", Value: "v-$ARGOCD_APP_REVISION_SHORT"}}})
	req.Revision = ""
	res := mustRender(t, req)
	if got := data(t, res, "v")["tag"]; got != "v-0000000" {
		t.Errorf("got %v", got)
	}
	wantNote(t, res, "", "ARGOCD_APP_REVISION")
}

func TestValueFilePaths(t *testing.T) {
	t.Parallel()
	const archive = show + `
-- common/values.yaml --
who: common
-- app/link.yaml --
-> ../common/values.yaml
-- links/out.yaml --
-> ../../secret
-- app/a,b.yaml --
who: comma
-- app/bad.yaml --
a: b
b: c: d
`
	for _, file := range []string{"/common/values.yaml", "../common/values.yaml", "link.yaml", "$UNKNOWN/common/values.yaml"} {
		if got := values(t, chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{file}})); got["who"] != "common" {
			t.Errorf("%s: got %v", file, got)
		}
	}
	for file, want := range map[string]string{
		"../../x.yaml":        "leaves the repository",
		"/../x.yaml":          "leaves the repository",
		"/links/out.yaml":     "leaves the repository",
		"none.yaml":           "no file app/none.yaml; set ignoreMissingValueFiles",
		"templates":           "not a regular file",
		"/":                   "the repository's root",
		"s3://bucket/x":       `URL scheme "s3" is not allowed`,
		"a,b.yaml":            "commas",
		"bad.yaml":            "app/bad.yaml:2: mapping values",
		"../common":           "not a regular file",
		"https://example.com": "it is downloaded",
	} {
		wantError(t, chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{file}}), "value file", want)
	}
}

func TestMissingValueFilesCanBeIgnored(t *testing.T) {
	t.Parallel()
	got := values(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{
		ValueFiles: []string{"none.yaml", "no/such/folder.yaml"}, IgnoreMissingValueFiles: true,
	}))
	if got["who"] != "chart" {
		t.Errorf("got %v", got)
	}
}

func TestRemoteValueFileIsNotRendered(t *testing.T) {
	t.Parallel()
	wantNotRendered(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{"https://example.com/v.yaml"}}),
		"https://example.com/v.yaml", "network")
}

func TestFileParametersHoldTheFile(t *testing.T) {
	t.Parallel()
	got := values(t, chartOf(t, show+"-- files/demo.txt --\na, b\n", &v1alpha1.ApplicationSourceHelm{
		Parameters:     []v1alpha1.HelmParameter{{Name: "text", Value: "x"}},
		FileParameters: []v1alpha1.HelmFileParameter{{Name: "text", Path: "/files/$ARGOCD_APP_NAME.txt"}},
	}))
	if got["text"] != "a, b\n" {
		t.Errorf("got %q", got["text"])
	}
	wantError(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{
		FileParameters: []v1alpha1.HelmFileParameter{{Name: "text", Path: "none.txt"}},
	}), "fileParameters: text", "none.txt")
}

func TestBrokenValuesAndParametersAreErrors(t *testing.T) {
	t.Parallel()
	wantError(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{Values: "a: b: c"}), "spec.source.helm.values: ")
	wantError(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{Values: "- a"}), "spec.source.helm.values: ")
	wantError(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{
		Parameters: []v1alpha1.HelmParameter{{Name: "a[x]", Value: "1"}},
	}), "spec.source.helm.parameters: a[x]: ")
}

func TestOverlappingParametersAreNoted(t *testing.T) {
	t.Parallel()
	res := mustRender(t, chartOf(t, show, &v1alpha1.ApplicationSourceHelm{
		Parameters: []v1alpha1.HelmParameter{{Name: "list[0]", Value: "c"}, {Name: "list", Value: "{a,b}"}, {Name: "lists", Value: "1"}},
	}))
	if len(res.Notes) != 1 {
		t.Errorf("notes %+v", res.Notes)
	}
	wantNote(t, res, "", "list and list[0]", "random order")
}

// withRef adds a second source with ref: values.
func withRef(req Request, refs map[string]string, ref v1alpha1.ApplicationSource) Request {
	if ref.RepoURL == "" {
		ref.RepoURL = req.Source.RepoURL
	}
	req = multi(req, ref)
	req.Refs = refs
	return req
}

func TestValueFileOfRefSource(t *testing.T) {
	t.Parallel()
	const archive = show + "-- envs/demo/v.yaml --\nwho: ref\n-- app/charts.txt --\n"
	here := map[string]string{"$values": "."}
	source := v1alpha1.ApplicationSource{Ref: "values"}
	h := &v1alpha1.ApplicationSourceHelm{
		ValueFiles:     []string{"$values/envs/$ARGOCD_APP_NAME/v.yaml"},
		FileParameters: []v1alpha1.HelmFileParameter{{Name: "raw", Path: "$values/envs/demo/v.yaml"}},
	}
	got := values(t, withRef(chartOf(t, archive, h), here, source))
	if got["who"] != "ref" || got["raw"] != "who: ref\n" {
		t.Errorf("got %v", got)
	}
	below := values(t, withRef(chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{"$values/demo/v.yaml"}}),
		map[string]string{"$values": "envs"}, source))
	if below["who"] != "ref" {
		t.Errorf("got %v", below)
	}
	for file, want := range map[string]string{
		"$values/../x.yaml":    "leaves the repository",
		"$values":              "the repository's root",
		"$values/none.yaml":    "no file none.yaml",
		"$other/v.yaml":        "no source of the application has ref: other",
		"$ARGOCD_APP_NAME.yml": "no source of the application has ref",
	} {
		wantError(t, withRef(chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{file}}), here, source), want)
	}
	wantError(t, withRef(chartOf(t, archive, &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{"$values/../app/values.yaml"}}),
		map[string]string{"$values": "envs"}, source), "leaves the repository")
}

func TestRefToAnotherRepositoryIsNotRendered(t *testing.T) {
	t.Parallel()
	h := &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{"$values/v.yaml"}}
	wantNotRendered(t, withRef(chartOf(t, show, h), nil, v1alpha1.ApplicationSource{Ref: "values", RepoURL: "https://git.example.com/other"}),
		"$values/v.yaml", "https://git.example.com/other")
	wantError(t, withRef(chartOf(t, show, h), nil, v1alpha1.ApplicationSource{Ref: "values", Chart: "x"}), "is a Helm chart")
}

func TestOneRepositoryAtTwoRevisionsIsAnError(t *testing.T) {
	t.Parallel()
	req := chartOf(t, show, &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{"$a/v.yaml", "$b/v.yaml"}})
	req = multi(req, v1alpha1.ApplicationSource{Ref: "a", RepoURL: "https://git.example.com/x.git", TargetRevision: "v1"},
		v1alpha1.ApplicationSource{Ref: "b", RepoURL: "https://git.example.com/x", TargetRevision: "v2"})
	req.Refs = map[string]string{"$a": ".", "$b": "."}
	wantError(t, req, "one repository at two revisions")
}

// With one source there are no refs, and $values is an unknown variable.
func TestRefNeedsSeveralSources(t *testing.T) {
	t.Parallel()
	req := chartOf(t, show+"-- v.yaml --\nwho: root\n", &v1alpha1.ApplicationSourceHelm{ValueFiles: []string{"$values/v.yaml"}})
	req.Refs = map[string]string{"$values": "app"}
	if got := values(t, req); got["who"] != "root" {
		t.Errorf("got %v", got)
	}
	wantError(t, multi(req), "no source of the application has ref: values")
}
