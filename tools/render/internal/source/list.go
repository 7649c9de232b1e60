package source

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// explode takes lists apart and drops null lists, as GenerateManifests does.
// Anything with an `items` array is a list for Argo CD, whatever its kind, and
// a list in a list stays one.
func (r *render) explode(items []Item) ([]Item, error) {
	out := make([]Item, 0, len(items))
	for _, it := range items {
		if it.Object == nil { // a null in a jsonnet array
			continue
		}
		field, has := it.Object.Object["items"]
		children, isList := field.([]any)
		switch {
		case isList:
			more, err := r.children(it, children)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		case has && field == nil && isNullList(it.Object):
			r.note(it.File, it.Line, "%s with items: null is dropped", it.Object.GetKind())
		default:
			if err := complete(it, ""); err != nil {
				return nil, err
			}
			out = append(out, it)
		}
	}
	return out, nil
}

func (r *render) children(list Item, children []any) ([]Item, error) {
	if !strings.HasSuffix(list.Object.GetKind(), "List") {
		r.note(list.File, list.Line,
			"%s %s has a field items, so Argo CD takes it for a list: only its %d items are applied, not the object",
			list.Object.GetKind(), list.Object.GetName(), len(children))
	}
	out := make([]Item, 0, len(children))
	for i, c := range children {
		obj, ok := c.(map[string]any)
		where := fmt.Sprintf("items[%d] of the list", i)
		if !ok {
			return nil, fault(list.File, list.Line, "%s is no object", where)
		}
		it := Item{Object: &unstructured.Unstructured{Object: obj}, File: list.File, Line: list.Line}
		if err := complete(it, where); err != nil {
			return nil, err
		}
		out = append(out, it)
	}
	return out, nil
}

// isNullList mirrors how Argo CD tells `items: null` of a list from a field of
// some other object.
func isNullList(u *unstructured.Unstructured) bool {
	_, spec := u.Object["spec"]
	_, status := u.Object["status"]
	return !spec && !status
}

// complete refuses objects that no API server could route.
func complete(it Item, what string) error {
	if what == "" {
		what = strings.TrimSpace("object " + it.Object.GetName())
	}
	if it.Object.GetKind() == "" {
		return fault(it.File, it.Line, "%s has no kind", what)
	}
	if it.Object.GetAPIVersion() == "" {
		return fault(it.File, it.Line, "%s has no apiVersion", what)
	}
	return nil
}
