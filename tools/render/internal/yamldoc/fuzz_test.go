package yamldoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// FuzzRead: the reader never panics, gives no more than it was given, always
// says where a fault is, and reads a single document as Kubernetes does.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"on\", b: on, c: 017}\n",
		"# only a comment\n---\n...\n",
		"a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n",
		"a: |\n  text\n  ---\nb: >-\n  folded\n  text\n",
		"a: 1\na: 2\n",
		"a: {b: [c, {d: e}]}\n---\n- f\n",
		"\xef\xbb\xbfa: 1\r\nb: 2\r\n",
		"a: !!binary aGk=\nb: 2026-01-02T03:04:05Z\nc: 1e400\nd: .inf\n? e\n: f\n",
		"1: a\ntrue: b\n~: c\n",
		"00: a\n0E0: b\n",
		"{0}",
		"0: >1\n \n 00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		docs, err := Read("f.yaml", data)
		if err != nil {
			if !bytes.HasPrefix([]byte(err.Error()), []byte("f.yaml:")) {
				t.Fatalf("%q names no file", err)
			}
			return
		}
		lines := 1 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + bytes.Count(data, []byte("\u0085")) +
			bytes.Count(data, []byte("\u2028")) + bytes.Count(data, []byte("\u2029"))
		last := 0
		for _, d := range docs {
			if d.Object == nil || d.Node == nil || d.Line < last || d.Line > lines {
				t.Fatalf("document at line %d of %d, after one at %d: %v", d.Line, lines, last, d.Object)
			}
			last = d.Line
		}
		if len(docs) == 1 && single(data) {
			agree(t, data, docs[0].Object)
		}
	})
}

// single says that the stream holds one document, empty ones included.
func single(data []byte) bool {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var n yaml.Node
	if dec.Decode(&n) != nil {
		return false
	}
	return errors.Is(dec.Decode(&n), io.EOF)
}

// agree compares with the reader of Kubernetes, where that reads the text too.
func agree(t *testing.T, data []byte, got map[string]any) {
	t.Helper()
	raw, err := sigsyaml.YAMLToJSON(data)
	if err != nil {
		return // stricter than ours: a merge of a scalar, say
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var want map[string]any
	if err := dec.Decode(&want); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if diff := cmp.Diff(numbers(want), any(got)); diff != "" {
		t.Fatalf("%q:\n%s", data, diff)
	}
}
