// Package yamldoc reads YAML files into objects that know their lines.
package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
	goyaml "sigs.k8s.io/yaml/goyaml.v2"
)

// Doc is one document of a file.
type Doc struct {
	Line   int            // 1-based line of its first key
	Object map[string]any // numbers are int64 or float64, as in unstructured objects
	Node   *yaml.Node     // the mapping, for positions
}

// MaxDepth bounds nesting; the deepest manifest known, the full Workflow CRD,
// has 60 levels.
const MaxDepth = 500

// Read splits a file into its documents. Documents without content are left
// out. Errors name the file and the line.
func Read(file string, data []byte) ([]Doc, error) {
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fmt.Errorf("%s: not a text file in UTF-8", file)
	}
	nodes, values := yaml.NewDecoder(bytes.NewReader(data)), goyaml.NewDecoder(bytes.NewReader(data))
	var out []Doc
	for {
		var n yaml.Node
		err := nodes.Decode(&n)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err == nil {
			err = bounded(file, &n, 0)
		}
		var value any
		if err == nil {
			err = values.Decode(&value)
		}
		if err != nil {
			return nil, placed(file, data, err)
		}
		if len(n.Content) == 0 || n.Content[0].Tag == "!!null" {
			continue
		}
		d, err := document(file, n.Content[0], value)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
}

func document(file string, n *yaml.Node, value any) (Doc, error) {
	if n.Kind != yaml.MappingNode {
		return Doc{}, fmt.Errorf("%s:%d: want a mapping (key: value), found %s", file, n.Line, kindName(n))
	}
	if line, msg := duplicate(n, 0); line > 0 {
		return Doc{}, fmt.Errorf("%s:%d: %s", file, line, msg) // decoders differ on which counts
	}
	object, err := toObject(value)
	if err != nil {
		return Doc{}, fmt.Errorf("%s:%d: %w", file, n.Line, err)
	}
	return Doc{Line: n.Line, Object: object, Node: n}, nil
}

// depthError names its place already.
type depthError struct{ error }

// bounded refuses nesting that would exhaust a stack.
func bounded(file string, n *yaml.Node, depth int) error {
	if depth > MaxDepth {
		return depthError{fmt.Errorf("%s:%d: nested more than %d levels deep", file, n.Line, MaxDepth)}
	}
	for _, c := range n.Content {
		if err := bounded(file, c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// placed gives a parser's error the place of the first fault in data.
func placed(file string, data []byte, err error) error {
	if errors.As(err, &depthError{}) {
		return err
	}
	if line, msg := Syntax(data); line > 0 {
		return fmt.Errorf("%s:%d: %s", file, line, msg)
	}
	return At(file, err)
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		return "the text " + strconv.Quote(short(n.Value))
	}
}

func short(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

var lineNumber = regexp.MustCompile(`line (\d+): `)

var wrongType = regexp.MustCompile("cannot unmarshal !!([a-z]+)(?: `[^`]*`)? into ([^ ]+)")

var tagNames = map[string]string{
	"map": "a mapping", "seq": "a list", "str": "text", "int": "a number", "float": "a number", "bool": "true or false",
}

func typeName(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case t == "string":
		return "text"
	case t == "bool":
		return "true or false"
	}
	return "a mapping"
}

// At rewrites a yaml.v3 error as "file:line: message".
func At(file string, err error) error {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	msg = strings.TrimSpace(strings.TrimPrefix(msg, "unmarshal errors:"))
	msg = wrongType.ReplaceAllStringFunc(msg, func(s string) string {
		m := wrongType.FindStringSubmatch(s)
		return "found " + tagNames[m[1]] + ", want " + typeName(m[2])
	})
	m := lineNumber.FindStringSubmatch(msg)
	if m == nil {
		return fmt.Errorf("%s: %s", file, msg)
	}
	return fmt.Errorf("%s:%s: %s", file, m[1], strings.Replace(msg, m[0], "", 1))
}
