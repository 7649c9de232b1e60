package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// sniff is how far Argo CD looks for the brace that makes a file JSON.
const sniff = 4096

// yamlFile decodes a .yaml or .yml file. When a document cannot be decoded,
// what happens depends on the rest of the file: an error if objects came before
// it or if the text has apiVersion:, kind: and metadata: somewhere, otherwise
// Argo CD takes it for some other YAML and skips it without a word
// (argoproj/argo-cd#3527).
func (r *render) yamlFile(file string, data []byte) ([]Item, error) {
	items, err := decodeStream(file, data)
	if err == nil {
		if len(items) == 0 {
			r.note(file, 0, "holds no objects: Argo CD skips it")
		}
		return items, nil
	}
	if len(items) > 0 || looksLikeManifest(data) {
		return nil, err
	}
	why := err.Error()
	var f *Fault
	if errors.As(err, &f) {
		why = f.Message
		r.note(file, f.Line, "Argo CD skips this file without a word: %s", why)
		return nil, nil
	}
	r.note(file, 0, "Argo CD skips this file without a word: %s", why)
	return nil, nil
}

func looksLikeManifest(data []byte) bool {
	return bytes.Contains(data, []byte("apiVersion:")) &&
		bytes.Contains(data, []byte("kind:")) &&
		bytes.Contains(data, []byte("metadata:"))
}

// decodeStream returns the objects of a file up to the first that is none.
func decodeStream(file string, data []byte) ([]Item, error) {
	head := bytes.TrimLeftFunc(data[:min(sniff, len(data))], unicode.IsSpace)
	if bytes.HasPrefix(head, []byte("{")) {
		return decodeJSONStream(file, data)
	}
	return decodeYAML(file, data)
}

// decodeYAML decodes a stream that is YAML even if it starts with a brace.
func decodeYAML(file string, data []byte) ([]Item, error) {
	docs, splitErr := splitYAML(data)
	var items []Item
	for _, d := range docs {
		u, err := decodeDocument(file, d)
		if err != nil {
			return items, err
		}
		if u != nil {
			items = append(items, Item{Object: u, File: file, Line: d.line})
		}
	}
	if splitErr != nil {
		return items, positioned(file, 1, splitErr)
	}
	return items, nil
}

func decodeDocument(file string, d document) (*unstructured.Unstructured, error) {
	data, err := yaml.YAMLToJSON(d.lines())
	if err != nil {
		f := positioned(file, d.first, err)
		// The parser behind sigs.k8s.io/yaml counts some lines from 0.
		if line, message := yamldoc.Syntax(d.lines()); line > 0 {
			f.Line, f.Message = d.first+line-1, message
		}
		if bytes.Contains(d.text, []byte("{{")) {
			f.Message += "; {{ … }} is rendered in Helm charts only"
		}
		return nil, f
	}
	u, err := decodeObject(data)
	if err != nil {
		return nil, fault(file, d.line, "document %d %v", d.number, err)
	}
	return u, nil
}

// decodeObject is nil for null. Its errors continue a sentence: "document 2 …".
func decodeObject(data []byte) (*unstructured.Unstructured, error) {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil, nil
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		if runtime.IsMissingKind(err) {
			return nil, errors.New("has no kind, so it is no Kubernetes object")
		}
		return nil, fmt.Errorf("is no Kubernetes object: %s", plain(err))
	}
	return u, nil
}

// decodeJSONStream decodes JSON objects that follow each other. A file whose
// first character is a brace is JSON for Argo CD 2.14, all of it: no "---", no
// unquoted keys (newer versions fall back to YAML).
func decodeJSONStream(file string, data []byte) ([]Item, error) {
	var items []Item
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		line := lineAt(data, dec.InputOffset())
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return items, fault(file, jsonErrorLine(data, err, line),
				"the file starts with { and so is read as JSON: %s", jsonReason(err))
		}
		u, err := decodeObject(raw)
		if err != nil {
			return items, fault(file, line, "object %d %v", len(items)+1, err)
		}
		if u != nil {
			items = append(items, Item{Object: u, File: file, Line: line})
		}
	}
}

// oneJSON decodes a .json file, which holds one object.
func oneJSON(file string, data []byte) ([]Item, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	line := lineAt(data, 0)
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return nil, fault(file, jsonErrorLine(data, err, line), "not JSON: %s", jsonReason(err))
	}
	u, err := decodeObject(raw)
	switch {
	case err != nil:
		return nil, fault(file, line, "the file %v; exclude it if it is not meant to be one", err)
	case u == nil: // Argo CD decodes into an object here, not into a pointer
		return nil, fault(file, line, "the file holds no object; exclude it if it is not meant to")
	case dec.More():
		return nil, fault(file, lineAt(data, dec.InputOffset()),
			"a second value: Argo CD takes one object from a JSON file; use a List or YAML")
	}
	return []Item{{Object: u, File: file, Line: line}}, nil
}

// lineAt is the line of the first character that is not blank at or after
// offset.
func lineAt(data []byte, offset int64) int {
	at := int(offset)
	for at < len(data) && (data[at] == ' ' || data[at] == '\t' || data[at] == '\r' || data[at] == '\n') {
		at++
	}
	return 1 + bytes.Count(data[:at], []byte("\n"))
}

func jsonErrorLine(data []byte, err error, otherwise int) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset > 0 {
		return 1 + bytes.Count(data[:min(int(syntax.Offset)-1, len(data))], []byte("\n"))
	}
	return otherwise
}

// jsonReason is a JSON error in plain words.
func jsonReason(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "the text ends too early"
	}
	return plain(err)
}
