package diff

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"

	"example.com/mlops-platform/tools/render/internal/diff/fields"
)

// schemas know the lists of built-in kinds from their Go types, and those of
// custom resources from their definitions.
type schemas map[schema.GroupVersionKind]custom

// newSchemas indexes custom resource definitions.
func newSchemas(crds []*unstructured.Unstructured) schemas {
	out := schemas{}
	for _, crd := range crds {
		group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
		list, _, _ := unstructured.NestedFieldNoCopy(crd.Object, "spec", "versions")
		versions, _ := list.([]any)
		for _, v := range versions {
			v, _ := v.(map[string]any)
			name, _ := v["name"].(string)
			root, _, _ := unstructured.NestedFieldNoCopy(v, "schema", "openAPIV3Schema")
			if root, ok := root.(map[string]any); ok {
				out[schema.GroupVersionKind{Group: group, Version: name, Kind: kind}] = root
			}
		}
	}
	return out
}

// of returns the schema of a kind, nil if none is known.
func (s schemas) of(gvk schema.GroupVersionKind) fields.Schema {
	if c, ok := s[gvk]; ok {
		return c
	}
	object, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil
	}
	meta, err := strategicpatch.NewPatchMetaFromStruct(object)
	if err != nil {
		return nil
	}
	return native{meta}
}

// native is a Go type with the patchMergeKey tags of the Kubernetes API.
type native struct{ strategicpatch.LookupPatchMeta }

// Field implements fields.Schema.
func (n native) Field(name string) (fields.Schema, []string) {
	if sub, meta, err := n.LookupPatchMetadataForSlice(name); err == nil {
		if key := meta.GetPatchMergeKey(); key != "" {
			return native{sub}, []string{key}
		}
		return native{sub}, nil
	}
	if sub, _, err := n.LookupPatchMetadataForStruct(name); err == nil {
		return native{sub}, nil
	}
	return nil, nil
}

// custom is a part of an openAPIV3Schema.
type custom map[string]any

// Field implements fields.Schema.
func (c custom) Field(name string) (fields.Schema, []string) {
	properties, _ := c["properties"].(map[string]any)
	value, ok := properties[name].(map[string]any)
	if !ok {
		if value, ok = c["additionalProperties"].(map[string]any); !ok {
			return nil, nil
		}
	}
	items, ok := value["items"].(map[string]any)
	if !ok {
		return custom(value), nil
	}
	var keys []string
	list, _ := value["x-kubernetes-list-map-keys"].([]any)
	for _, k := range list {
		if k, ok := k.(string); ok {
			keys = append(keys, k)
		}
	}
	return custom(items), keys
}

// opaque says whether the schema says nothing about a top-level field, and an
// apply owns all of it as one: the spec of a WorkflowTemplate in the small
// definitions that Argo Workflows installs.
func (s schemas) opaque(gvk schema.GroupVersionKind, name string) bool {
	properties, _ := s[gvk]["properties"].(map[string]any)
	field, _ := properties[name].(map[string]any)
	return field["x-kubernetes-preserve-unknown-fields"] == true && field["x-kubernetes-map-type"] == "atomic"
}
