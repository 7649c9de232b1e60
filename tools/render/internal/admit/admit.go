package admit

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Validator validates objects against the built-in kinds and the custom resource definitions of one cluster. It is safe
// for concurrent use.
type Validator struct {
	definitions map[schema.GroupKind]*definition
}

// New builds a validator from the custom resource definitions known to a cluster. It only indexes them: a definition is
// compiled when the first object of its kind is validated, so it must not be changed until then, and is itself
// validated by passing it to Validate. Of two definitions of the same kind the later one counts, as when both are
// applied in that order. What is no definition is left out.
func New(crds []*unstructured.Unstructured) *Validator {
	v := &Validator{definitions: make(map[schema.GroupKind]*definition, len(crds))}
	for _, crd := range crds {
		if d := newDefinition(crd); d != nil {
			v.definitions[d.kind] = d
		}
	}
	return v
}

// Known reports whether the cluster would serve a kind at that version.
func (v *Validator) Known(kind schema.GroupVersionKind) bool {
	if _, ok := newerKinds[kind]; ok {
		return true
	}
	if object := recall(kind); object != nil && storable(kind.GroupKind()) {
		return removedIn(object) == ""
	}
	d, ok := v.definitions[kind.GroupKind()]
	return ok && d.serves(kind.Version)
}

// Validate says what the API server would say on creating an object. The object is not changed.
func (v *Validator) Validate(u *unstructured.Unstructured) (result Result) {
	defer func() {
		// The validation code is that of an API server, which recovers from its panics too. What panicked was neither
		// accepted nor refused.
		if r := recover(); r != nil {
			result = unchecked("validating panicked, which is a bug in this tool or in Kubernetes %s: %v at %s",
				LibraryVersion, r, panicSite(debug.Stack()))
		}
	}()
	if u == nil || u.Object == nil {
		return failed("", "the object is empty", "")
	}
	var n normaliser
	object, bad := n.object(u.Object)
	if bad != nil {
		return failed(bad.path, bad.message, "")
	}
	kind, faults := typeOf(object)
	if len(faults) > 0 {
		return settled(faults, nil, nil)
	}
	result = v.dispatch(kind, object)
	if n.size > maxStored && result.Status != NotChecked {
		result.Warnings = ordered(append(result.Warnings, Fault{
			Message: fmt.Sprintf("at %d bytes or more the object is larger than etcd stores by default (%d)", n.size, maxStored),
		}))
	}
	return result
}

// typeOf reads the version and kind of an object.
func typeOf(object map[string]any) (kind schema.GroupVersionKind, faults []Fault) {
	for _, name := range []string{"apiVersion", "kind"} {
		switch value := object[name].(type) {
		case nil:
			faults = append(faults, Fault{Path: name, Message: "Required value"})
		case string:
			if value == "" {
				faults = append(faults, Fault{Path: name, Message: "Required value"})
			}
		default:
			faults = append(faults, wrongType(aString, value, child(nil, name))...)
		}
	}
	if len(faults) > 0 {
		return kind, faults
	}
	apiVersion := object["apiVersion"].(string)
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil || gv.Version == "" {
		return kind, []Fault{{
			Path: "apiVersion", Message: "Invalid value: must be VERSION or GROUP/VERSION", Value: short(apiVersion),
		}}
	}
	return gv.WithKind(object["kind"].(string)), nil
}

// dispatch finds out who knows the kind and lets it validate the object, which is a private copy.
func (v *Validator) dispatch(kind schema.GroupVersionKind, object map[string]any) Result {
	if newer, ok := newerKinds[kind]; ok {
		result := unchecked("%s %s came with Kubernetes %s; the validation library is %s",
			kind.GroupVersion(), kind.Kind, newer.since, LibraryVersion)
		result.Newer = []Fault{{Path: "apiVersion", Message: result.Reason, Value: kind.GroupVersion().String()}}
		return result
	}
	if known := recall(kind); known != nil && storable(kind.GroupKind()) {
		if release := removedIn(known); release != "" {
			return removed(kind, release)
		}
		return validateBuiltin(kind, object)
	}
	if d, ok := v.definitions[kind.GroupKind()]; ok {
		return d.validate(kind, object)
	}
	return v.unknown(kind)
}

// storable reports whether objects of a built-in kind exist in a cluster, now or in older releases.
func storable(kind schema.GroupKind) bool {
	_, isNative := natives[kind]
	_, isUnsupported := unsupported[kind]
	_, isGone := goneKinds[kind]
	return isNative || isUnsupported || isGone
}

// validateBuiltin validates an object of a built-in kind that is not removed.
func validateBuiltin(kind schema.GroupVersionKind, object map[string]any) Result {
	n, ok := natives[kind.GroupKind()]
	if !ok {
		return unchecked("%s %s: %s", kind.GroupVersion(), kind.Kind, unsupported[kind.GroupKind()].reason)
	}
	if !n.family().scheme.Recognizes(kind) {
		return unchecked("%s %s is not in the validation library", kind.GroupVersion(), kind.Kind)
	}
	result := validateNative(n, kind, object)
	result.Warnings = ordered(append(result.Warnings, versionWarnings(kind)...))
	return result
}

// unknown returns the result of an object whose kind nobody knows. In a group of Kubernetes' own that is an error: the
// kinds it has are known, those newer than the library included.
func (v *Validator) unknown(kind schema.GroupVersionKind) Result {
	if gone, ok := goneKinds[kind.GroupKind()]; ok {
		return removed(kind, gone.release)
	}
	if versions := servedVersions(kind.GroupKind()); len(versions) > 0 && storable(kind.GroupKind()) {
		return failed("apiVersion", fmt.Sprintf("%s has no version %q; use %s",
			kind.Kind, kind.Version, kind.GroupKind().WithVersion(versions[0]).GroupVersion()), kind.GroupVersion().String())
	}
	if recall(kind) != nil {
		return unchecked("%s %s is a list or an option, not an object that a cluster stores", kind.GroupVersion(), kind.Kind)
	}
	if builtinGroup(kind.Group) {
		message := fmt.Sprintf("Kubernetes has no %s %s", kind.GroupVersion(), kind.Kind)
		if near := closest(kind.Kind, kindsOf(kind.Group)); near != "" {
			message += fmt.Sprintf("; did you mean %q?", near)
		}
		return failed("kind", message, kind.Kind)
	}
	result := unchecked("%s %s is neither built in nor defined by a custom resource definition that the cluster gets; "+
		"add its definition to what is rendered, or to the pinned ones", kind.GroupVersion(), kind.Kind)
	result.UnknownKind = true
	return result
}

// kindsOf returns the storable built-in kinds of a group.
func kindsOf(group string) (kinds []string) {
	for kind := range natives {
		if kind.Group == group {
			kinds = append(kinds, kind.Kind)
		}
	}
	for kind := range unsupported {
		if kind.Group == group {
			kinds = append(kinds, kind.Kind)
		}
	}
	return kinds
}

// panicSite returns the line of code that panicked, from a stack trace.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	start := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "panic(") })
	const toSite = 3 // the panic call, its file, the function that called it; then that one's file
	if start < 0 || start+toSite >= len(lines) {
		return "an unknown place"
	}
	site, _, _ := strings.Cut(strings.TrimSpace(lines[start+toSite]), " +0x")
	return site
}
