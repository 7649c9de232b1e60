// Package fields compares two objects field by field. Elements of a list are
// matched by what identifies them (a container by its name), and by their place
// only where nothing does.
package fields

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Op says what happened to a field.
type Op int

const (
	// Added means that only the new object has the field.
	Added Op = iota
	// Removed means that only the old object has it.
	Removed
	// Changed means that both have it, with other values.
	Changed
	// Reordered means that a list holds its elements in another order.
	Reordered
)

func (o Op) String() string { return [...]string{"added", "removed", "changed", "reordered"}[o] }

// Change is one difference. From and To are JSON values; a Reordered list gives
// the identities of its elements.
type Change struct {
	Path     string // spec.template.spec.containers[name=web].image
	At       string // the same in the new object, by place: spec.template.spec.containers[0].image
	Op       Op
	From, To any
}

// path is where a comparison stands, by identity and by place in the new object.
type path struct{ id, at string }

func (p path) field(name string) path { return path{child(p.id, name), child(p.at, name)} }

func (p path) element(id string, i int) path {
	return path{fmt.Sprintf("%s[%s]", p.id, id), fmt.Sprintf("%s[%d]", p.at, i)}
}

// Schema knows the lists of a kind.
type Schema interface {
	// Field describes the value of a field, or the elements of it if it is a list.
	// keys are the fields that identify an element, none if nothing is known.
	// A nil Schema knows nothing.
	Field(name string) (value Schema, keys []string)
}

// Hidden stands for a value that must not be shown. Two of them are equal if the
// values were.
type Hidden struct{ Nr int }

// HiddenText is what a hidden value is shown as.
const HiddenText = "(hidden)"

// MarshalJSON shows that there is a value, and nothing of it.
func (Hidden) MarshalJSON() ([]byte, error) { return []byte(`"` + HiddenText + `"`), nil }

// Compare lists the differences between two objects by path.
func Compare(from, to map[string]any, s Schema) []Change {
	c := &comparison{}
	c.maps(path{}, from, to, s)
	return c.changes
}

type comparison struct{ changes []Change }

func (c *comparison) add(p path, op Op, from, to any) {
	if op == Removed {
		p.at = ""
	}
	c.changes = append(c.changes, Change{p.id, p.at, op, from, to})
}

func (c *comparison) maps(p path, from, to map[string]any, s Schema) {
	names := slices.Collect(maps.Keys(from))
	for name := range to {
		if _, both := from[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		var sub Schema
		var keys []string
		if s != nil {
			sub, keys = s.Field(name)
		}
		c.values(p.field(name), from[name], to[name], sub, keys)
	}
}

// values compares two values. A null is the same as no value: the API server
// drops it.
func (c *comparison) values(p path, from, to any, s Schema, keys []string) {
	switch {
	case Equal(from, to):
		return
	case from == nil:
		c.add(p, Added, nil, to)
		return
	case to == nil:
		c.add(p, Removed, from, nil)
		return
	}
	switch a := from.(type) {
	case map[string]any:
		if b, ok := to.(map[string]any); ok {
			c.maps(p, a, b, s)
			return
		}
	case []any:
		if b, ok := to.([]any); ok {
			c.lists(p, a, b, s, keys)
			return
		}
	}
	c.add(p, Changed, from, to)
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// child writes a path as Kubernetes does: metadata.annotations[example.com/x].
func child(path, name string) string {
	if !plain.MatchString(name) {
		return path + "[" + name + "]"
	}
	return strings.TrimPrefix(path+"."+name, ".")
}
