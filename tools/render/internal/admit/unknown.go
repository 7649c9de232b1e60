package admit

import (
	"reflect"
	"regexp"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

// unknownField is how the strict decoders of the API server name a field.
var unknownField = regexp.MustCompile(`^unknown field "(.*)"$`)

// strictFault turns one error of a strict decoder into a fault. siblings returns the names that the fields' parent,
// given by its path, could have; nil if unknown.
func strictFault(err error, siblings func(path []string) []string) Fault {
	match := unknownField.FindStringSubmatch(err.Error())
	if match == nil {
		return Fault{Message: err.Error()}
	}
	return unknownFault(match[1], siblings)
}

// unknownFault returns the fault of the unknown field at path, with the name that was probably meant.
func unknownFault(path string, siblings func(path []string) []string) Fault {
	steps := fieldSteps(path)
	name := steps[len(steps)-1]
	message := `unknown field "` + name + `"`
	if near := closest(name, siblings(steps[:len(steps)-1])); near != "" {
		message += `; did you mean "` + near + `"?`
	}
	return Fault{Path: path, Message: message, Value: short(name)}
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// fieldSteps splits a field path into field names, without list indices.
func fieldSteps(path string) []string {
	return strings.Split(listIndex.ReplaceAllString(path, ""), ".")
}

// goSiblings returns the names of the fields that an API type has at a path.
func goSiblings(root reflect.Type) func(path []string) []string {
	return func(path []string) []string {
		t := element(root)
		for _, step := range path {
			switch {
			case t.Kind() == reflect.Struct:
				next, ok := fieldsOf(t)[step]
				if !ok {
					return nil
				}
				t = element(next)
			case t.Kind() == reflect.Map:
				t = element(t.Elem())
			default:
				return nil
			}
		}
		if t.Kind() != reflect.Struct {
			return nil
		}
		names := make([]string, 0, len(fieldsOf(t)))
		for name := range fieldsOf(t) {
			names = append(names, name)
		}
		return names
	}
}

// schemaSiblings returns the names of the properties that a custom resource's schema has at a path.
func schemaSiblings(root *structuralschema.Structural) func(path []string) []string {
	return func(path []string) []string {
		s := root
		for _, step := range path {
			for s != nil && s.Items != nil {
				s = s.Items
			}
			if s == nil {
				return nil
			}
			property, ok := s.Properties[step]
			switch {
			case ok:
				s = &property
			case s.AdditionalProperties != nil:
				s = s.AdditionalProperties.Structural
			default:
				return nil
			}
		}
		for s != nil && s.Items != nil {
			s = s.Items
		}
		if s == nil {
			return nil
		}
		names := make([]string, 0, len(s.Properties))
		for name := range s.Properties {
			names = append(names, name)
		}
		return names
	}
}

// closest returns the candidate that name is most likely a misspelling of, or "" if none is near enough. Of equally
// near ones the alphabetically first is taken, so that the answer does not depend on map order.
func closest(name string, candidates []string) string {
	const maxName = 64 // longer names are no typing errors, and the distance is quadratic
	if len(name) > maxName {
		return ""
	}
	best, bestDistance := "", max(len(name)/3, 1)+1
	for _, candidate := range candidates {
		if len(candidate) > maxName {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(candidate))
		if d < bestDistance || d == bestDistance && best != "" && candidate < best {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance is the number of single-letter insertions, deletions, substitutions and swaps of neighbours that turn a
// into b.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			substituted := row[j]
			if a[i] != b[j] {
				substituted++
			}
			next[j+1] = min(substituted, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
