package diff

import (
	"encoding/base64"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/diff/fields"
)

// lastApplied repeats the whole object, data included.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func isSecret(u *unstructured.Unstructured) bool {
	gvk := u.GroupVersionKind()
	return gvk.Group == "" && gvk.Kind == "Secret"
}

// mask returns a Secret without its values. nr tells the two Secrets of a pair
// apart: a value that differs from the other's is hidden under it, an equal one
// under 0, and nothing else can be told from the numbers. It happens before
// anything is compared, so no value gets any further.
func mask(secret, other *unstructured.Unstructured, nr int) *unstructured.Unstructured {
	theirs := map[string]any{}
	if other != nil {
		theirs = secretData(other)
	}
	hidden := map[string]any{}
	for k, v := range secretData(secret) {
		hidden[k] = fields.Hidden{}
		if w, both := theirs[k]; both && !fields.Equal(v, w) {
			hidden[k] = fields.Hidden{Nr: nr}
		}
	}
	out := maps.Clone(secret.Object)
	delete(out, "stringData")
	delete(out, "data")
	if len(hidden) > 0 {
		out["data"] = hidden
	}
	meta, _ := out["metadata"].(map[string]any)
	if notes, ok := meta["annotations"].(map[string]any); ok && notes[lastApplied] != nil {
		meta, notes = maps.Clone(meta), maps.Clone(notes)
		notes[lastApplied] = fields.Hidden{}
		meta["annotations"], out["metadata"] = notes, meta
	}
	return &unstructured.Unstructured{Object: out}
}

// secretData is data as the API server stores it: stringData is written over it.
func secretData(u *unstructured.Unstructured) map[string]any {
	out := map[string]any{}
	switch data := u.Object["data"].(type) {
	case map[string]any:
		for k, v := range data {
			out[k] = v
		}
	case nil:
	default:
		out[""] = data // the API server refuses it; it is hidden all the same
	}
	switch data := u.Object["stringData"].(type) {
	case map[string]any:
		for k, v := range data {
			if s, ok := v.(string); ok {
				v = base64.StdEncoding.EncodeToString([]byte(s))
			}
			out[k] = v
		}
	case nil:
	default:
		out[""] = data
	}
	return out
}
