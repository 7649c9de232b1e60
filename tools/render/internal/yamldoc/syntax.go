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

// Syntax returns the line and the text of the first fault of a YAML stream; the
// line is 0 if there is none.
//
// It asks the second version of the parser: the third names the line where the
// enclosing block begins, less one.
func Syntax(data []byte) (line int, message string) {
	dec := goyaml.NewDecoder(bytes.NewReader(data))
	for {
		var v any
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			return 0, ""
		}
		if err != nil {
			return position(data, err)
		}
	}
}

// early marks the messages of the parser, which counts lines from 0; the
// scanner below it counts from 1. Neither names the first line.
var early = regexp.MustCompile(`did not find expected (<|node content|'-' indicator|key|',' or)`)

func position(data []byte, err error) (int, string) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	m := lineNumber.FindStringSubmatch(message)
	if m != nil {
		line, _ = strconv.Atoi(m[1])
		message = strings.Replace(message, m[0], "", 1)
	}
	if m == nil || early.MatchString(message) {
		line++
	}
	last := 1 + bytes.Count(bytes.TrimRight(data, " \t\r\n"), []byte("\n"))
	return min(line, last), message
}

// Duplicate finds the first key of a YAML stream that a mapping has twice. The
// line is 0 if there is none, or if the stream cannot be read.
func Duplicate(data []byte) (line int, message string) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err != nil {
			return 0, ""
		}
		if line, message := duplicate(&n, 0); line > 0 {
			return line, message
		}
	}
}

func duplicate(n *yaml.Node, depth int) (int, string) {
	if depth > MaxDepth {
		return 0, ""
	}
	if n.Kind == yaml.MappingNode {
		seen := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
				continue
			}
			if first, ok := seen[k.Value]; ok {
				return k.Line, fmt.Sprintf("key %q is already set in line %d", k.Value, first)
			}
			seen[k.Value] = k.Line
		}
	}
	for _, c := range n.Content {
		if line, message := duplicate(c, depth+1); line > 0 {
			return line, message
		}
	}
	return 0, ""
}
