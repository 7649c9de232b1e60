// Package locate finds the line that a person must edit.
//
// A finding knows an object, a field path and, mostly, the value at fault. The
// object's own file may say something else: a patch, a replacement or an
// images entry of an overlay can have set the field. So the value is looked for
// first where the object was written, then in every file that the
// application's render read, nearest overlay first.
package locate

import (
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/report"
	"example.com/mlops-platform/tools/render/internal/tree"
	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// Finder locates findings in one repository. It is safe for concurrent use.
type Finder struct {
	tree *tree.Tree
	docs sync.Map // file -> []yamldoc.Doc
}

// New returns a Finder that parses files of t on demand, each once.
func New(t *tree.Tree) *Finder { return &Finder{tree: t} }

// Locate fills File and Line of a finding that has no file yet.
func (f *Finder) Locate(x *report.Finding) {
	if x.Object == nil || x.File != "" {
		return
	}
	file, doc, line := f.declared(x.Object)
	if doc != nil {
		value, at, whole := find(doc.Node, x.Path)
		line = at.Line
		if hit := containing(value, x.Value); hit != nil {
			x.File, x.Line = file, hit.Line
			return
		}
		if whole && (x.Value == "" || value.Value == x.Value) {
			x.File, x.Line = file, line
			return
		}
	}
	if file, line := f.setElsewhere(x); file != "" {
		x.File, x.Line = file, line
		return
	}
	x.File, x.Line = file, line
}

// declared finds the document that introduced the object.
func (f *Finder) declared(o *cluster.Object) (string, *yamldoc.Doc, int) {
	if o.File == "" {
		return "", nil, 0
	}
	docs := f.read(o.File)
	for i := range docs {
		if d := &docs[i]; o.Line != 0 && d.Line == o.Line {
			return o.File, d, d.Line
		}
	}
	if o.Line == 0 {
		if d := likest(docs, o); d != nil {
			return o.File, d, d.Line
		}
	}
	return o.File, nil, o.Line
}

// likest finds the document that became the object. A patch may have changed
// the kind, and a prefix or suffix the name, so both need not be equal.
func likest(docs []yamldoc.Doc, o *cluster.Object) *yamldoc.Doc {
	var best *yamldoc.Doc
	for i := range docs {
		d := &docs[i]
		meta, _ := d.Object["metadata"].(map[string]any)
		name, _ := meta["name"].(string)
		if name == "" || !strings.Contains(o.GetName(), name) {
			continue
		}
		if d.Object["kind"] == o.GetKind() {
			return d
		}
		if best == nil {
			best = d
		}
	}
	return best
}

func (f *Finder) read(file string) []yamldoc.Doc {
	if d, ok := f.docs.Load(file); ok {
		return d.([]yamldoc.Doc)
	}
	var docs []yamldoc.Doc
	if data, err := tree.NewView(f.tree).ReadFile("/" + file); err == nil {
		docs, _ = yamldoc.Read(file, data) // a file that does not parse has no lines to offer
	}
	f.docs.Store(file, docs)
	return docs
}

// setElsewhere looks for the value in the files that the render read. Only a
// value found under a key of the path's last name, or an image's parts under
// an images entry, is taken: a coincidence is worse than no line.
func (f *Finder) setElsewhere(x *report.Finding) (string, int) {
	if x.Value == "" || x.App == nil {
		return "", 0
	}
	key := lastKey(x.Path)
	files := nearestFirst(x.App.Reads)
	if o := x.App.Object; o != nil && o.File != "" {
		files = append([]string{o.File}, files...) // its overrides are applied last
	}
	for _, file := range files {
		for _, d := range f.read(file) {
			if n := keyed(d.Node, key, x.Value); n != nil {
				return file, n.Line
			}
			if key == "image" {
				if n := imageEntry(d.Node, x.Value); n != nil {
					return file, n.Line
				}
			}
		}
	}
	return "", 0
}

// nearestFirst orders files with overlays before bases and the repository's own
// before those of modules; the deepest path is the nearest overlay.
func nearestFirst(files []string) []string {
	out := append([]string(nil), files...)
	rank := func(p string) int {
		switch {
		case strings.HasPrefix(p, gomod.MountRoot):
			return 2
		case strings.Contains(p, "/base/"):
			return 1
		}
		return 0
	}
	sort.SliceStable(out, func(i, j int) bool {
		if a, b := rank(out[i]), rank(out[j]); a != b {
			return a < b
		}
		return strings.Count(out[i], "/") > strings.Count(out[j], "/")
	})
	return out
}

// keyed finds "key: value" below n, with value a whole scalar.
func keyed(n *yaml.Node, key, value string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if v := n.Content[i+1]; n.Content[i].Value == key && v.Kind == yaml.ScalarNode && v.Value == value {
				return v
			}
		}
		if v := jsonPatch(n, key, value); v != nil {
			return v
		}
	}
	for _, c := range append(n.Content, embedded(n, value)...) {
		if v := keyed(c, key, value); v != nil {
			return v
		}
	}
	return nil
}

// embedded parses a block of text that is YAML itself, as a patch is that is
// written into a kustomization. Lines are those of the file.
func embedded(n *yaml.Node, value string) []*yaml.Node {
	block := n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if !block || !strings.Contains(n.Value, value) {
		return nil
	}
	var doc yaml.Node
	if yaml.Unmarshal([]byte(n.Value), &doc) != nil {
		return nil
	}
	shift(&doc, n.Line)
	return doc.Content
}

func shift(n *yaml.Node, by int) {
	n.Line += by
	for _, c := range n.Content {
		shift(c, by)
	}
}

// containing finds a scalar below n that holds the workflow expression
// "{{…}}"; other values are compared as wholes.
func containing(n *yaml.Node, expression string) *yaml.Node {
	if !strings.HasPrefix(expression, "{{") {
		return nil
	}
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, expression) {
		return n
	}
	for _, c := range n.Content {
		if hit := containing(c, expression); hit != nil {
			return hit
		}
	}
	return nil
}

// jsonPatch finds a JSON 6902 operation whose path ends in key.
func jsonPatch(n *yaml.Node, key, value string) *yaml.Node {
	p, v := child(n, "path"), child(n, "value")
	if p != nil && v != nil && path.Base(p.Value) == key && v.Value == value {
		return v
	}
	return nil
}

// imageEntry finds the entry of a kustomization's images that made image, or
// that of an Application: "name=new:tag".
func imageEntry(n *yaml.Node, image string) *yaml.Node {
	if k := child(n, "kustomize"); k != nil {
		n = k
	}
	images := child(n, "images")
	if images == nil {
		for _, c := range n.Content {
			if hit := imageEntry(c, image); hit != nil {
				return hit
			}
		}
		return nil
	}
	for _, e := range images.Content {
		if _, to, ok := strings.Cut(e.Value, "="); e.Kind == yaml.ScalarNode && (e.Value == image || ok && to == image) {
			return e
		}
		for _, k := range []string{"newTag", "digest"} {
			v := child(e, k)
			if v == nil || v.Value == "" {
				continue
			}
			name := child(e, "newName")
			if name == nil {
				name = child(e, "name")
			}
			if name != nil && strings.HasSuffix(image, path.Base(name.Value)+":"+v.Value) ||
				name != nil && strings.HasSuffix(image, path.Base(name.Value)+"@"+v.Value) {
				return v
			}
		}
	}
	return nil
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// find walks a field path as far as the document goes: value is the node it
// got to, at the one whose line a person would look at, and whole says that it
// got to the end.
func find(n *yaml.Node, fieldPath string) (value, at *yaml.Node, whole bool) {
	value, at = n, n
	for _, step := range Split(fieldPath) {
		next, line := enter(value, step)
		if next == nil {
			return value, at, false
		}
		value, at = next, next
		if line != nil && next.Kind != yaml.ScalarNode {
			at = line
		}
	}
	return value, at, true
}

// enter takes one step; line is the node whose line stands for it.
func enter(n *yaml.Node, step string) (next, line *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1], n.Content[i]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i], n.Content[i]
		}
		for _, c := range n.Content { // a list's item named by its key: containers[server]
			if v := child(c, "name"); v != nil && v.Value == step {
				return c, c
			}
		}
	}
	return nil, nil
}

// Split takes a Kubernetes field path apart: a.b[0].c["x.y"] is a b 0 c x.y.
func Split(p string) []string {
	var out []string
	for p != "" {
		switch {
		case p[0] == '.':
			p = p[1:]
		case p[0] == '[':
			end := strings.IndexByte(p, ']')
			if end < 0 {
				return append(out, p[1:])
			}
			out = append(out, strings.Trim(p[1:end], `"'`))
			p = p[end+1:]
		default:
			end := strings.IndexAny(p, ".[")
			if end < 0 {
				end = len(p)
			}
			out = append(out, p[:end])
			p = p[end:]
		}
	}
	return out
}

// lastKey is the last name of a path that is not a list index.
func lastKey(p string) string {
	steps := Split(p)
	for i := len(steps) - 1; i >= 0; i-- {
		if _, err := strconv.Atoi(steps[i]); err != nil {
			return steps[i]
		}
	}
	return ""
}
