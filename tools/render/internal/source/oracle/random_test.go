package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/rogpeppe/go-internal/txtar"
)

// pieces are what random files are made of: objects, almost objects and traps.
// A first brace is left out: there k8s.io/apimachinery 0.33, which argo-cd's
// code is linked with here, falls back to YAML, and 0.31 does not.
var pieces = []string{
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
	"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  k: |\n    --- no separator\n",
	"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n",
	"apiVersion: v1\nkind: List\nitems: null\n",
	"apiVersion: v1\nkind: List\nitems: []\n",
	"apiVersion: x/v1\nkind: Thing\nitems: {a: 1}\nspec: {n: 1.0, big: 12345678901234567890, e: 1e3}\n",
	"replicas: 2\n", "# only a comment\n", "null\n", "", "\n", "- a\n", "text\n", "a: b: c\n",
	"{{ .Values.x }}\n", "kind: ConfigMap\nmetadata: [\n", "apiVersion: v1\nmetadata:\nkind:\n",
	"a: &a [1]\nb: *a\napiVersion: v1\nkind: A\nmetadata: {}\n", "x: !!binary aGk=\n",
	"apiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {name: crlf}\r\n",
	"<<: {kind: Merged}\napiVersion: v1\n", "? [x]\n: y\n", "kind: 5\napiVersion: v1\n", "%YAML 1.1\n",
}

var separators = []string{"---\n", "--- # comment\n", "---\n---\n", "---\r\n", "---   \n", "--- x\n", "----\n", "...\n", "\n---\n"}

var jsons = []string{
	`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"j"}}`, "", "null", "[]", "{}",
	`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"A"}]}`, "{\"kind\":\"A\"} {}", "\ufeff{\"kind\":\"A\",\"apiVersion\":\"v1\"}",
}

var jsonnets = []string{
	"{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'n'}, data: {v: std.extVar('v')}}",
	"[{apiVersion: 'v1', kind: 'A', x: i} for i in std.range(1, 3)]", "[]", "null", "[null]", "{}", "'x'", "import 'lib.libsonnet'",
	"function(t='none') {apiVersion: 'v1', kind: 'A', t: t}", "local x = 1;", "{kind: 'List', apiVersion: 'v1', items: [{kind: 'B', apiVersion: 'v1'}]}",
}

var patterns = []string{"", "", "*", "*.yaml", "a/*", "{a,b}/*", "**/c.yaml", "[", "a?.yml", "!a", "sub/*/*.yaml", "[!a]*"}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// mostly takes one of the first n, the good ones, three times out of four.
func mostly(r *rand.Rand, n int, from []string) string {
	if r.IntN(4) > 0 {
		return from[r.IntN(n)]
	}
	return pick(r, from)
}

func randomYAML(r *rand.Rand) string {
	var b strings.Builder
	if r.IntN(8) == 0 {
		b.WriteString("\ufeff")
	}
	for i := range r.IntN(4) {
		if i > 0 || r.IntN(3) == 0 {
			b.WriteString(mostly(r, 4, separators))
		}
		b.WriteString(mostly(r, 6, pieces))
	}
	text := b.String()
	if r.IntN(10) == 0 {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

// repositoryOf makes a small random repository and a directory source for it.
func repositoryOf(r *rand.Rand) (*txtar.Archive, situation) {
	a := &txtar.Archive{Files: []txtar.File{{Name: "app/keep"}, {Name: "app/lib.libsonnet", Data: []byte("{apiVersion: 'v1', kind: 'Lib'}")}}}
	for i := range 1 + r.IntN(4) {
		dir := pick(r, []string{"app", "app", "app/a", "app/sub/a", "app/b.yaml"})
		name := fmt.Sprintf("%s/%s%d", dir, pick(r, []string{"a", "c", "z"}), i)
		var f txtar.File
		switch r.IntN(8) {
		case 0:
			f = txtar.File{Name: name + ".json", Data: []byte(mostly(r, 1, jsons))}
		case 1:
			f = txtar.File{Name: name + ".jsonnet", Data: []byte(mostly(r, 2, jsonnets))}
		default:
			f = txtar.File{Name: name + pick(r, []string{".yaml", ".yml", ".yaml", ".txt"}), Data: []byte(randomYAML(r))}
		}
		a.Files = append(a.Files, f)
	}
	d := &v1alpha1.ApplicationSourceDirectory{
		Recurse: r.IntN(2) == 0, Include: mostly(r, 4, patterns), Exclude: mostly(r, 2, patterns),
		Jsonnet: v1alpha1.ApplicationSourceJsonnet{ExtVars: []v1alpha1.JsonnetVar{{Name: "v", Value: pick(r, []string{"x", "$ARGOCD_APP_NAME", "$$$ARGOCD_APP_NAME"})}}},
	}
	return a, situation{Source: &v1alpha1.ApplicationSource{Path: "app", Directory: d}}
}

// Argo CD renders objects without apiVersion and fails when it applies them;
// here they fail at once.
func lacksAPIVersion(err error) bool {
	return err != nil && strings.Contains(err.Error(), "has no apiVersion")
}

func TestRandomFoldersRenderAsInArgoCD(t *testing.T) {
	t.Parallel()
	const n = uint64(600)
	rendered, refused := 0, 0
	for seed := range n {
		archive, s := repositoryOf(rand.New(rand.NewPCG(seed, 1)))
		dir := unpack(t, archive)
		got, gotErr := ours(dir, s)
		if lacksAPIVersion(gotErr) {
			continue
		}
		want, wantErr := argoCD(t, dir, s)
		if diff := compare(want, wantErr, got, gotErr); diff != "" {
			t.Fatalf("seed %d: Argo CD -, ours +:\n%s\n%s", seed, diff, txtar.Format(archive))
		}
		if wantErr != nil {
			refused++
		} else if len(want) > 0 {
			rendered++
		}
	}
	t.Logf("%d folders with objects, %d refused", rendered, refused)
	if rendered < int(n)/10 || refused < int(n)/10 {
		t.Error("too few of one kind to prove anything")
	}
}
