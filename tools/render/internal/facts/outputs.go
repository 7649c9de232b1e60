// Package facts carries what Terraform knows across the seam to the manifests:
// from `terraform output -json` into the facts file of a cluster.
package facts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// outputName is the one output that is read: an object of strings. Other
// outputs are for people.
const outputName = "facts"

// Fault is one thing wrong with the outputs.
type Fault struct{ Key, Message string }

func (f Fault) Error() string {
	if f.Key == "" {
		return f.Message
	}
	return f.Key + ": " + f.Message
}

// ReadOutputs reads what `terraform output -json` prints and returns the output
// `facts`. Every value that is no string is a Fault; all are returned together.
func ReadOutputs(data []byte) (map[string]string, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("no outputs on stdin; run: terraform output -json | render facts ENV")
	}
	var outputs map[string]struct {
		Sensitive bool            `json:"sensitive"`
		Value     json.RawMessage `json:"value"`
	}
	if err := decode(data, &outputs); err != nil {
		return nil, fmt.Errorf("stdin is not what `terraform output -json` prints: %w", err)
	}
	output, there := outputs[outputName]
	if !there {
		names := slices.Sorted(maps.Keys(outputs))
		return nil, fmt.Errorf("no output %q among: %s", outputName, orNone(strings.Join(names, ", ")))
	}
	if output.Sensitive {
		return nil, fmt.Errorf("output %q is sensitive: a secret must not go into Git", outputName)
	}
	var values map[string]any
	if err := decode(output.Value, &values); err != nil {
		return nil, fmt.Errorf("output %q is not an object of strings", outputName)
	}
	return texts(values)
}

// texts wants every value to be a string that stands on one line and says something.
func texts(values map[string]any) (map[string]string, error) {
	out := make(map[string]string, len(values))
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		text, isText := values[key].(string)
		switch {
		case !isText:
			faults = append(faults, Fault{key, fmt.Sprintf("is %s; make it a string with tostring()", typeOf(values[key]))})
		case strings.TrimSpace(text) == "":
			faults = append(faults, Fault{key, "is empty"})
		case text != strings.TrimSpace(text) || !utf8.ValidString(text) || strings.ContainsFunc(text, notPrinted):
			faults = append(faults, Fault{key, "has a space at an end, or a character that is not printed"})
		}
		out[key] = text
	}
	return out, errors.Join(faults...)
}

func notPrinted(r rune) bool { return !unicode.IsPrint(r) }

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}

// decode wants exactly one JSON value.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
