package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"gopkg.in/yaml.v3"
)

// maxNodes bounds a file's YAML nodes once aliases are expanded. The full
// Workflow CRD, the largest manifest known, has about 120,000.
const maxNodes = 2_000_000

var anchor = regexp.MustCompile(`(?m)(^|[\s\[{,:-])&[A-Za-z0-9_]`)

// checkAliases refuses a file whose aliases expand beyond maxNodes (the
// "billion laughs" attack). Files without anchors cost one scan.
func checkAliases(name string, data []byte) error {
	if !bytes.ContainsRune(data, '&') || !anchor.Match(data) {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return nil //nolint:nilerr // not YAML: whoever parses the file says so, with a line
		}
		sizes := map[*yaml.Node]int{}
		if n := expanded(&doc, sizes); n > maxNodes {
			return fmt.Errorf("%s:%d: aliases expand to more than %d nodes", name, doc.Line, maxNodes)
		}
	}
}

// expanded counts the nodes below n with aliases followed, saturating.
func expanded(n *yaml.Node, sizes map[*yaml.Node]int) int {
	if size, ok := sizes[n]; ok {
		return size
	}
	sizes[n] = maxNodes + 1 // a cycle through an alias is infinite
	total := 1
	if n.Kind == yaml.AliasNode {
		total += expanded(n.Alias, sizes)
	}
	for _, c := range n.Content {
		total = min(total+expanded(c, sizes), maxNodes+1)
	}
	sizes[n] = total
	return total
}
