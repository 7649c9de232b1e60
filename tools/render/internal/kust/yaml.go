package kust

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// replaceScalars replaces whole scalars of a YAML document.
func replaceScalars(data []byte, by map[string]string) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	var visit func(*yaml.Node)
	visit = func(n *yaml.Node) {
		if to, ok := by[n.Value]; ok && n.Kind == yaml.ScalarNode {
			n.Value, n.Style = to, 0
		}
		for _, c := range n.Content {
			visit(c)
		}
	}
	visit(&doc)
	return yaml.Marshal(&doc)
}

var (
	unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)
	wrongType    = regexp.MustCompile(`cannot unmarshal (\w+) .*into Go struct field [^ .]*\.(\S+) of type (\S+)`)
)

// positioned names file and line of an error about a kustomization, which
// kustomize's own messages lack (kubernetes-sigs/kustomize#5814).
func positioned(file string, data []byte, err error) error {
	line, msg := yamldoc.Syntax(data)
	if line == 0 {
		line, msg = yamldoc.Duplicate(data)
	}
	var doc yaml.Node
	if line > 0 || yaml.Unmarshal(data, &doc) != nil {
		return fmt.Errorf("%s:%d: %s", file, line, msg)
	}
	msg = oneLine(err)
	anything := func(*yaml.Node) bool { return true }
	if m := unknownField.FindStringSubmatch(msg); m != nil {
		line, msg = keyLine(&doc, m[1], anything), fmt.Sprintf("unknown field %q", m[1])
	} else if m := wrongType.FindStringSubmatch(msg); m != nil {
		keys := strings.Split(m[2], ".")
		line = keyLine(&doc, keys[len(keys)-1], func(v *yaml.Node) bool { return jsonKind(v) == m[1] })
		msg = fmt.Sprintf("%s: found %s, want %s", m[2], kindNames[m[1]], goKind(m[3]))
	}
	if line == 0 {
		return fmt.Errorf("%s: %s", file, msg)
	}
	return fmt.Errorf("%s:%d: %s", file, line, msg)
}

// kindNames says for people what encoding/json found.
var kindNames = map[string]string{
	"number": "a number", "bool": "true or false", "string": "text", "array": "a list", "object": "a mapping",
}

func goKind(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case t == "string":
		return "text"
	case t == "bool":
		return "true or false"
	case strings.HasPrefix(t, "int"):
		return "a number"
	}
	return "a mapping"
}

func jsonKind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "object"
	case n.Kind == yaml.SequenceNode:
		return "array"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "number"
	case n.Tag == "!!bool":
		return "bool"
	}
	return "string"
}

// keyLine is the line of the first key with a fitting value, 0 if there is none.
func keyLine(n *yaml.Node, key string, fits func(*yaml.Node) bool) int {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key && fits(n.Content[i+1]) {
				return n.Content[i].Line
			}
		}
	}
	for _, c := range n.Content {
		if line := keyLine(c, key, fits); line > 0 {
			return line
		}
	}
	return 0
}

// scalarLine is the line of the first scalar with a value, 0 if there is none.
func scalarLine(data []byte, value string) int {
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) != nil {
		return 0
	}
	var visit func(*yaml.Node) int
	visit = func(n *yaml.Node) int {
		if n.Kind == yaml.ScalarNode && n.Value == value {
			return n.Line
		}
		for _, c := range n.Content {
			if line := visit(c); line > 0 {
				return line
			}
		}
		return 0
	}
	return visit(&doc)
}

func oneLine(err error) string {
	return string(bytes.Join(bytes.Fields([]byte(err.Error())), []byte(" ")))
}
