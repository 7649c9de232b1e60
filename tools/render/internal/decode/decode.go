// Package decode fills Go types of Argo from objects, the way a controller gets
// them: the name of a field counts to the letter, so repoUrl is not repoURL.
package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"

	kjson "sigs.k8s.io/json"
)

// Fault is one field that does not fit the type.
type Fault struct {
	Path    string // field path; "" when it is not known
	Message string
}

func (f *Fault) Error() string { return f.Message }

// Into fills the struct that v points to. An error is a *Fault.
func Into(object map[string]any, v any) error {
	raw, err := json.Marshal(object)
	if err != nil {
		return &Fault{Message: err.Error()}
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, v); err != nil {
		return mismatch(raw, v, err)
	}
	return nil
}

// Strict fills v and returns every fault: fields that the type does not have,
// or the first that has another type.
func Strict(object map[string]any, v any) []Fault {
	raw, err := json.Marshal(object)
	if err != nil {
		return []Fault{{Message: err.Error()}}
	}
	unknown, err := kjson.UnmarshalStrict(raw, v)
	if err != nil {
		return []Fault{*mismatch(raw, v, err)}
	}
	var out []Fault
	for _, e := range unknown {
		f := Fault{Message: e.Error()}
		if m := quoted.FindStringSubmatch(f.Message); m != nil {
			f.Path = m[1]
		}
		out = append(out, f)
	}
	return out
}

var quoted = regexp.MustCompile(`unknown field "([^"]+)"`)

// mismatch says which field has the wrong type: encoding/json gives the path
// away, which the decoder of Kubernetes does not.
func mismatch(raw []byte, v any, err error) *Fault {
	var wrong *json.UnmarshalTypeError
	jerr := json.Unmarshal(raw, reflect.New(reflect.TypeOf(v).Elem()).Interface())
	if !errors.As(jerr, &wrong) || wrong.Field == "" {
		return &Fault{Message: err.Error()}
	}
	return &Fault{Path: wrong.Field, Message: fmt.Sprintf("%s: found %s, want %s",
		wrong.Field, found(wrong.Value), want(wrong.Type))}
}

func found(value string) string {
	switch value {
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "bool":
		return "true or false"
	case "string":
		return "text"
	case "number":
		return "a number"
	}
	return "the " + value // "the number 1.5"
}

func want(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Pointer:
		return want(t.Elem())
	default:
		return "a whole number"
	}
}
