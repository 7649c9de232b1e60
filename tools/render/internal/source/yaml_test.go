package source

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
	"unicode/utf16"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// folderOf is a request for a folder with one file.
func folderOf(t testing.TB, name, data string) Request {
	t.Helper()
	tr := repository(t, "-- app/keep --\n")
	write(t, tr.Dir(), "app/"+name, data)
	return request(tr, v1alpha1.ApplicationSource{Path: "app"})
}

func TestUndecodableYAMLWithoutManifestsIsNoted(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"values":        "image: x\nreplicas: 2\n",
		"template":      "{{ if .Values.x }}\nname: {{ .Values.y }}\n{{ end }}\n",
		"not a mapping": "- a\n- b\n",
		"no YAML":       "a: b: c\n",
		"scalar":        "hello\n",
		"broken JSON":   `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": `,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := mustRender(t, folderOf(t, "x.yaml", text))
			wantNames(t, res)
			wantNote(t, res, "app/x.yaml", "skips this file without a word")
		})
	}
}

func TestEmptyYAMLFileIsNoted(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# nothing\n", "---\n---\n", "null\n", "{}\n# {} has no kind\n"} {
		res := mustRender(t, folderOf(t, "x.yaml", text))
		wantNames(t, res)
		if len(res.Notes) != 1 {
			t.Errorf("%q: notes %+v", text, res.Notes)
		}
	}
}

func TestBrokenDocumentAfterObjectsIsAnError(t *testing.T) {
	t.Parallel()
	wantError(t, folderOf(t, "x.yaml", cm("a")+"---\nreplicas: 2\n"), "app/x.yaml:6: document 2 has no kind")
	wantError(t, folderOf(t, "x.yaml", cm("a")+"---\n\na: b: c\n"), "app/x.yaml:7: mapping values are not allowed")
}

func TestBrokenFileThatLooksLikeAManifestIsAnError(t *testing.T) {
	t.Parallel()
	wantError(t, folderOf(t, "x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a: b\n"),
		"app/x.yaml:4: mapping values")
	wantError(t, folderOf(t, "x.yaml", "apiVersion: v1\n# kind: is missing\nmetadata:\n  name: a\n"),
		"app/x.yaml:1: document 1 has no kind")
	wantError(t, folderOf(t, "x.yaml", "replicas: 1\n---\n"+cm("a")), "app/x.yaml:1: document 1 has no kind")
}

func TestObjectWithoutAPIVersionIsAnError(t *testing.T) {
	t.Parallel()
	wantError(t, folderOf(t, "x.yaml", "kind: ConfigMap\nmetadata: {name: a}\n"), "app/x.yaml:1: object a has no apiVersion")
}

func TestTabsAndCarriageReturns(t *testing.T) {
	t.Parallel()
	wantNames(t, mustRender(t, folderOf(t, "x.yaml",
		"apiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: a\r\n---\r\n"+cm("b"))), "ConfigMap/a", "ConfigMap/b")
	wantError(t, folderOf(t, "x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n"), "app/x.yaml:4: found character that cannot start any token")
}

func TestTextAfterASeparatorIsAnError(t *testing.T) {
	t.Parallel()
	wantError(t, folderOf(t, "x.yaml", cm("a")+"--- next\n"+cm("b")), "app/x.yaml:5: ", "---", "next")
	wantError(t, folderOf(t, "x.yaml", cm("a")+"data:\n  k: |\n-----BEGIN CERTIFICATE-----\n"), "app/x.yaml:7: ", "BEGIN")
}

func TestSeparatorInABlockScalarSplits(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", cm("a")+"data:\n  k: |\n---\n"+cm("b")))
	wantNames(t, res, "ConfigMap/a", "ConfigMap/b")
}

func TestLastLineWithoutAnEndCountsAsOneWithIt(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", cm("a")+"data:\n  k: |\n    text"))
	if got := data(t, res, "a")["k"]; got != "text\n" {
		t.Errorf("got %q", got)
	}
}

func TestJSONFileHoldsOneObject(t *testing.T) {
	t.Parallel()
	const one = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}`
	wantNames(t, mustRender(t, folderOf(t, "x.json", one+"\n")), "ConfigMap/a")
	wantError(t, folderOf(t, "x.json", one+"\n"+one), "app/x.json:2: a second value")
	wantError(t, folderOf(t, "x.json", ""), "app/x.json:1: not JSON: the text ends too early")
	wantError(t, folderOf(t, "x.json", "{\n\"kind\": \n}"), "app/x.json:3: not JSON")
	wantError(t, folderOf(t, "x.json", "[]"), "app/x.json:1: the file is no Kubernetes object: want a mapping, have type array; exclude it")
	wantError(t, folderOf(t, "x.json", "null"), "app/x.json:1: the file holds no object")
	wantError(t, folderOf(t, "x.json", "{}"), "app/x.json:1: the file has no kind")
	wantError(t, folderOf(t, "x.json", cm("a")), "app/x.json:1: not JSON")
}

// A YAML file whose first character is a brace is a stream of JSON in 2.14.
func TestYAMLFileThatStartsWithABraceIsJSON(t *testing.T) {
	t.Parallel()
	const one = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}`
	wantNames(t, mustRender(t, folderOf(t, "x.yaml", one+"\n"+one)), "ConfigMap/a", "ConfigMap/a")
	wantError(t, folderOf(t, "x.yaml", one+"\n---\n"+one), "app/x.yaml:2: ", "read as JSON")
	res := mustRender(t, folderOf(t, "x.yaml", "{apiVersion: v1, kind: ConfigMap}"))
	wantNote(t, res, "app/x.yaml", "read as JSON")
	wantNames(t, mustRender(t, folderOf(t, "x.yaml", "---\n"+one)), "ConfigMap/a")
}

func TestUTF16AndByteOrderMarks(t *testing.T) {
	t.Parallel()
	wantNames(t, mustRender(t, folderOf(t, "x.yaml", "\uFEFF"+cm("a"))), "ConfigMap/a")
	for _, order := range []func(u uint16) []byte{
		func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} },
		func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} },
	} {
		var text bytes.Buffer
		for _, u := range utf16.Encode([]rune("\uFEFF" + cm("größe"))) {
			text.Write(order(u))
		}
		wantNames(t, mustRender(t, folderOf(t, "x.yaml", text.String())), "ConfigMap/größe")
	}
}

func TestInvalidUTF8IsReplaced(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", cm("a")+"data: {k: \"\xff\"}\n"))
	if got := data(t, res, "a")["k"]; got != "\uFFFD" {
		t.Errorf("got %q", got)
	}
}

func TestNumbersKeepTheirKind(t *testing.T) {
	t.Parallel()
	res := mustRender(t, folderOf(t, "x.yaml", cm("a")+"data: {i: 9007199254740993, f: 1.5, one: 1.0, s: \"1\", o: 0777, b: yes}\n"))
	want := map[string]any{"i": int64(9007199254740993), "f": 1.5, "one": int64(1), "s": "1", "o": int64(511), "b": true}
	if diff := cmp.Diff(want, data(t, res, "a")); diff != "" {
		t.Error(diff)
	}
}

// kubeSplit is the splitter that Argo CD uses.
func kubeSplit(data []byte) (docs []string, failed bool) {
	r := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return docs, false
		}
		if err != nil {
			return docs, true
		}
		docs = append(docs, string(doc))
	}
}

func FuzzSplitsWhereKubernetesDoes(f *testing.F) {
	for _, s := range []string{"", "a\n", "---\na", "a\n---\nb\n", "---\n---\n", "a\n--- # x\nb", "a\n--- x\nb", "a\r\n---\r\nb\r\n", "\n\n---", "---a", "a\n----\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, wantFailed := kubeSplit(data)
		docs, err := splitYAML(data)
		var got []string
		for _, d := range docs {
			got = append(got, string(d.lines()))
		}
		if wantFailed != (err != nil) {
			t.Fatalf("error %v, Kubernetes failed: %v", err, wantFailed)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzManifest feeds the readers anything: they must not panic, and what they
// accept must be objects.
func FuzzManifest(f *testing.F) {
	for _, s := range []string{cm("a"), "{}", "{\"kind\":1}", "---\nkind: List\nitems: [1]", "a: &a [*a]", "\xff\xfe", "\ufeffa", "? a\n: b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := utf8Text(data)
		if err != nil {
			return
		}
		for _, decode := range []func(string, []byte) ([]Item, error){decodeStream, decodeYAML, oneJSON, jsonnetObjects} {
			items, _ := decode("x", text)
			r := &render{}
			items, err := r.explode(items)
			for _, it := range items {
				if err == nil && (it.Object.GetKind() == "" || it.Object.GetAPIVersion() == "") {
					t.Fatalf("incomplete object %v", it.Object)
				}
			}
		}
	})
}
