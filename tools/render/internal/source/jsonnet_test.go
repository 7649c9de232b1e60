package source

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
)

func jsonnetApp(t testing.TB, archive string, j v1alpha1.ApplicationSourceJsonnet) Request {
	t.Helper()
	return request(repository(t, archive), v1alpha1.ApplicationSource{
		Path: "app", Directory: &v1alpha1.ApplicationSourceDirectory{Jsonnet: j},
	})
}

const library = `
-- lib/cm.libsonnet --
{ new(name, data={}): { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name }, data: data } }
`

func TestJsonnetGivesOneObjectOrAnArray(t *testing.T) {
	t.Parallel()
	res := mustRender(t, jsonnetApp(t, library+`
-- app/a.jsonnet --
(import '../lib/cm.libsonnet').new('one')
-- app/b.jsonnet --
local cm = import '../lib/cm.libsonnet';
[cm.new('two'), null, cm.new('three')]
-- app/c.jsonnet --
{ apiVersion: 'v1', kind: 'List', items: [(import '../lib/cm.libsonnet').new('four')] }
-- app/d.jsonnet --
[]
`, v1alpha1.ApplicationSourceJsonnet{}))
	wantNames(t, res, "ConfigMap/one", "ConfigMap/two", "ConfigMap/three", "ConfigMap/four")
	wantNote(t, res, "app/d.jsonnet", "no objects")
	if got := res.Items[0].File; got != "app/a.jsonnet" {
		t.Errorf("file %q", got)
	}
}

func TestJsonnetLibrariesAreRelativeToTheRootAndTheLastWins(t *testing.T) {
	t.Parallel()
	archive := library + `
-- app/a.jsonnet --
(import 'cm.libsonnet').new('a', { who: (import 'who.libsonnet') })
-- app/who.libsonnet --
'own'
-- lib/who.libsonnet --
'lib'
-- one/x.libsonnet --
'one'
-- two/x.libsonnet --
'two'
-- app/b.jsonnet --
(import 'cm.libsonnet').new('b', { x: (import 'x.libsonnet') })
`
	res := mustRender(t, jsonnetApp(t, archive, v1alpha1.ApplicationSourceJsonnet{Libs: []string{"lib", "/one", "two"}}))
	if diff := cmp.Diff(map[string]any{"who": "own"}, data(t, res, "a")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"x": "two"}, data(t, res, "b")); diff != "" {
		t.Error(diff)
	}
	wantError(t, jsonnetApp(t, archive, v1alpha1.ApplicationSourceJsonnet{Libs: []string{"../lib"}}), "libs", "leaves the repository")
}

func TestJsonnetVariablesAndArguments(t *testing.T) {
	t.Parallel()
	res := mustRender(t, jsonnetApp(t, library+`
-- app/a.jsonnet --
function(size, tier='none')
  (import '../lib/cm.libsonnet').new('a', {
    size: size + 1, tier: tier, app: std.extVar('app'), on: std.extVar('on') && true,
  })
`, v1alpha1.ApplicationSourceJsonnet{
		TLAs:    []v1alpha1.JsonnetVar{{Name: "size", Value: "2", Code: true}, {Name: "tier", Value: "$ARGOCD_APP_NAMESPACE"}},
		ExtVars: []v1alpha1.JsonnetVar{{Name: "app", Value: "<${ARGOCD_APP_NAME}$NOTHING>"}, {Name: "on", Value: "true", Code: true}},
	}))
	want := map[string]any{"size": int64(3), "tier": "shop", "app": "<demo>", "on": true}
	if diff := cmp.Diff(want, data(t, res, "a")); diff != "" {
		t.Error(diff)
	}
}

// makeJsonnetVm substitutes in place, once per file.
func TestJsonnetVariablesAreSubstitutedOncePerFile(t *testing.T) {
	t.Parallel()
	req := jsonnetApp(t, "-- app/a.jsonnet --\n"+`{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { v: std.extVar('v') } }
-- app/b.jsonnet --
{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' }, data: { v: std.extVar('v') } }
`, v1alpha1.ApplicationSourceJsonnet{ExtVars: []v1alpha1.JsonnetVar{{Name: "v", Value: "$$ARGOCD_APP_NAME"}}})
	for range 2 { // and the Application itself stays as it is
		res := mustRender(t, req)
		if a, b := data(t, res, "a")["v"], data(t, res, "b")["v"]; a != "$ARGOCD_APP_NAME" || b != "demo" {
			t.Errorf("got %q and %q", a, b)
		}
	}
}

func TestJsonnetCannotReadOutsideTheRepository(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"importstr '/etc/hostname'",
		"importstr '../../../../../../../../etc/hostname'",
		"import '../../secret.jsonnet'",
		"importbin '../out'",
	} {
		tr := repository(t, "-- app/a.jsonnet --\n"+code+"\n-- out --\n-> /etc/hostname\n")
		write(t, filepath.Dir(tr.Dir()), "secret.jsonnet", "{}")
		wantError(t, request(tr, v1alpha1.ApplicationSource{Path: "app"}), "app/a.jsonnet:1: ", "leaves the repository")
	}
}

func TestJsonnetCodeOfAVariableCanImportLibraries(t *testing.T) {
	t.Parallel()
	res := mustRender(t, jsonnetApp(t, library+"-- app/a.jsonnet --\nstd.extVar('made')\n",
		v1alpha1.ApplicationSourceJsonnet{Libs: []string{"lib"}, ExtVars: []v1alpha1.JsonnetVar{
			{Name: "made", Code: true, Value: "(import 'cm.libsonnet').new('made')"},
		}}))
	wantNames(t, res, "ConfigMap/made")
}

func TestJsonnetErrorsNameFileAndLine(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"{\n  a: b,\n}":                      "app/a.jsonnet:2: Unknown variable: b",
		"{\n  a: ]":                          "app/a.jsonnet:2: ",
		"\nlocal f(x) = x / 0;\n[f(1)]":      "app/a.jsonnet:2: Division by zero",
		"\n{ a: import 'gone.libsonnet' }":   `app/a.jsonnet:2: import "gone.libsonnet": no such file`,
		"\n{ a: (import 'bad.libsonnet').x}": "app/bad.libsonnet:3: Field does not exist: y",
		"std.extVar('none')":                 "app/a.jsonnet:1: Undefined external variable: none",
		"{}":                                 "app/a.jsonnet: what it evaluates to has no kind",
		"[{apiVersion: 'v1', kind: 'A'}, 5]": "app/a.jsonnet: element 1 of what it evaluates to",
		"'text'":                             "app/a.jsonnet: what it evaluates to is no Kubernetes object",
		"local f(x) = f(x + 1); f(0)":        "app/a.jsonnet:1: max stack frames exceeded",
	} {
		wantError(t, jsonnetApp(t, "-- app/a.jsonnet --\n"+code+"\n-- app/bad.libsonnet --\n{\n  local s = self,\n  x: s.y,\n}\n",
			v1alpha1.ApplicationSourceJsonnet{}), want)
	}
}

func TestEndlessJsonnetEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	req := jsonnetApp(t, "-- app/a.jsonnet --\nlocal f(n) = if n == 0 then 0 else f(n - 1) tailstrict;\n{ x: [f(1000) for i in std.range(1, 3000)] }\n",
		v1alpha1.ApplicationSourceJsonnet{})
	if _, err := Render(ctx, req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
