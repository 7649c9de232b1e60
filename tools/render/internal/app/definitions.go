package app

import (
	"bytes"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// definitions are the custom resource definitions that one side needs. Those of
// deferred Applications are taken from their files as they are, without patches;
// what the settings name is read only if some kind is still unknown.
func (c *comparison) definitions(s *session, h *half) ([]*unstructured.Unstructured, error) {
	if h.result == nil {
		return nil, nil
	}
	var crds []*unstructured.Unstructured
	for _, o := range h.result.Cluster.Objects() {
		if o.GetKind() == crdKind {
			crds = append(crds, o.Unstructured)
		}
	}
	missing := unknownKinds(crds, h, c.other(h))
	if len(missing) == 0 {
		return crds, nil
	}
	more, err := c.schemasOf(s)
	if err != nil {
		return nil, fmt.Errorf("reading definitions: %w", err)
	}
	crds = append(slices.Clone(more), crds...) // of two definitions the rendered one counts
	for _, a := range c.now.apps() {
		if missing = unknownKinds(crds, h, c.other(h)); len(missing) == 0 {
			break
		}
		if !a.Deferred {
			continue
		}
		for _, file := range c.now.result.Looked(a) {
			found, err := c.head.definitionsIn(file, missing)
			if err != nil {
				return nil, fmt.Errorf("reading definitions: %w", err)
			}
			crds = append(crds, found...)
		}
	}
	return crds, nil
}

func (c *comparison) other(h *half) *half {
	if h == c.now {
		return c.then
	}
	return c.now
}

// unknownKinds are the kinds of objects that may differ and that nothing is known
// of. An Application that is the same on both sides has none.
func unknownKinds(crds []*unstructured.Unstructured, h, other *half) []schema.GroupKind {
	v := admit.New(crds)
	same := map[string]bool{}
	for _, side := range []*half{h, other} {
		for _, a := range side.apps() {
			same[a.Key] = same[a.Key] || a.Same
		}
	}
	var out []schema.GroupKind
	for _, a := range h.apps() {
		if same[a.Key] {
			continue
		}
		for _, o := range a.Objects {
			gk := o.GroupVersionKind().GroupKind()
			if v.Scope(gk) == admit.ScopeUnknown && !slices.Contains(out, gk) {
				out = append(out, gk)
			}
		}
	}
	return out
}

// schemasOf reads the definitions that the settings of a side name, unless the
// other side's are the same.
func (c *comparison) schemasOf(s *session) ([]*unstructured.Unstructured, error) {
	theirs, err := c.head.schemasOnce()
	if s == c.head || err == nil && slices.Equal(s.config.Schemas, c.head.config.Schemas) &&
		s.modules.Same(c.head.modules) && c.head.schemaTrace.Holds(s.tree) {
		return theirs, err
	}
	return s.schemasOnce()
}

// definitionsIn reads the definitions of some kinds from a file.
func (s *session) definitionsIn(file string, kinds []schema.GroupKind) ([]*unstructured.Unstructured, error) {
	data, err := s.tree.ReadFile(file)
	if err != nil {
		return nil, err
	}
	names := func(gk schema.GroupKind) bool { return bytes.Contains(data, []byte("kind: "+gk.Kind)) }
	if !bytes.Contains(data, []byte(crdKind)) || !slices.ContainsFunc(kinds, names) {
		return nil, nil
	}
	docs, err := yamldoc.Read(file, data)
	if err != nil {
		return nil, nil //nolint:nilerr // the file is not this comparison's: it is the same on both sides
	}
	var out []*unstructured.Unstructured
	for _, d := range docs {
		u := &unstructured.Unstructured{Object: d.Object}
		group, _, _ := unstructured.NestedString(d.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(d.Object, "spec", "names", "kind")
		if u.GetKind() == crdKind && slices.Contains(kinds, schema.GroupKind{Group: group, Kind: kind}) {
			out = append(out, u)
		}
	}
	return out, nil
}
