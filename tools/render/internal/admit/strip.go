package admit

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// plan says where in objects of one Go type newer fields can be. Types below which there is none have no plan, so a
// walk touches only the few branches that matter.
type plan struct {
	newer map[string][]newerField
	below map[string]*plan
}

// plans caches the plan of each root type, because making one walks the whole type.
var plans sync.Map // reflect.Type -> *plan

// planFor returns the plan of an API type; nil if nothing newer can be in it.
func planFor(root reflect.Type) *plan {
	if cached, ok := plans.Load(root); ok {
		return cached.(*plan)
	}
	cached, _ := plans.LoadOrStore(root, buildPlan(root, "", map[reflect.Type]bool{}))
	return cached.(*plan)
}

// buildPlan makes the plan of t, reached through the field called via. A type that contains itself is not descended
// into twice; the only such API type, a JSON schema, has nothing newer in it.
func buildPlan(t reflect.Type, via string, open map[reflect.Type]bool) *plan {
	t = element(t)
	if t.Kind() != reflect.Struct || decodesItself(t) || open[t] {
		return nil
	}
	open[t] = true
	defer delete(open, t)
	p := &plan{newer: map[string][]newerField{}, below: map[string]*plan{}}
	for _, f := range newerFields {
		if f.owner == t && (f.within == "" || f.within == via) {
			p.newer[f.name] = append(p.newer[f.name], f)
		}
	}
	for name, fieldType := range fieldsOf(t) {
		if child := buildPlan(fieldType, name, open); child != nil {
			p.below[name] = child
		}
	}
	if len(p.newer) == 0 && len(p.below) == 0 {
		return nil
	}
	return p
}

// strip takes the newer fields out of an object and returns what it took.
func (p *plan) strip(object map[string]any, path *field.Path) []Fault {
	if p == nil {
		return nil
	}
	var taken []Fault
	for name, fields := range p.newer {
		value, present := object[name]
		if !present || value == nil {
			continue
		}
		for _, f := range fields {
			if f.matches(value) {
				delete(object, name)
				taken = append(taken, f.fault(child(path, name).String(), value))
				break
			}
		}
	}
	for name, below := range p.below {
		taken = append(taken, below.stripBelow(object[name], child(path, name))...)
	}
	return taken
}

// stripBelow applies the plan to a struct or to each struct of a list; other values are left for decoding to refuse.
func (p *plan) stripBelow(value any, path *field.Path) []Fault {
	switch v := value.(type) {
	case map[string]any:
		return p.strip(v, path)
	case []any:
		var taken []Fault
		for i, item := range v {
			taken = append(taken, p.stripBelow(item, path.Index(i))...)
		}
		return taken
	default:
		return nil
	}
}

func (f newerField) matches(value any) bool {
	text, isString := value.(string)
	return len(f.values) == 0 || isString && slices.Contains(f.values, text)
}

func (f newerField) fault(path string, value any) Fault {
	text, _ := scalarText(value)
	what := "field"
	if len(f.values) > 0 {
		what = "value"
	}
	return Fault{
		Path: path,
		Message: fmt.Sprintf("not checked: this %s came with Kubernetes %s, the validation library is %s",
			what, f.since, LibraryVersion),
		Value: short(text),
	}
}

// child is field.Path.Child that also starts a path.
func child(path *field.Path, name string) *field.Path {
	if path == nil {
		return field.NewPath(name)
	}
	return path.Child(name)
}

// undeclared finds the function that CEL did not know.
var undeclared = regexp.MustCompile(`undeclared reference to '([A-Za-z.]+)'`)

// excuse splits faults into those that stand and those that only say that the library is older than the cluster: about
// a field that was taken out, about its parent (a union whose one member was taken out), or about a CEL function.
func excuse(faults, taken []Fault) (standing, newer []Fault) {
	newer = taken
	for _, fault := range faults {
		if hitsTaken(fault.Path, taken) {
			continue // the field itself is already listed
		}
		if name, since := newerFunction(fault.Message); name != "" {
			fault.Message = fmt.Sprintf("not checked: the expression uses %s, which came with Kubernetes %s, "+
				"the validation library is %s", name, since, LibraryVersion)
			newer = append(newer, fault)
			continue
		}
		standing = append(standing, fault)
	}
	return standing, newer
}

// hitsTaken reports whether path is that of a taken field or of its parent.
func hitsTaken(path string, taken []Fault) bool {
	return slices.ContainsFunc(taken, func(t Fault) bool {
		return path != "" && (path == t.Path || path == parentPath(t.Path))
	})
}

// parentPath returns the path without its last field.
func parentPath(path string) string {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 {
		return ""
	}
	return path[:dot]
}

// newerFunction returns the CEL function a compile error is about, if all that it misses is newer than the library.
func newerFunction(message string) (name, since string) {
	for _, match := range undeclared.FindAllStringSubmatch(message, -1) {
		missing, _, _ := strings.Cut(match[1], ".")
		release, known := newerFunctions[missing]
		if !known {
			return "", ""
		}
		name, since = missing, release
	}
	return name, since
}
