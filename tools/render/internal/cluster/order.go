package cluster

import (
	"strings"

	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/sync/hook"
	"github.com/argoproj/gitops-engine/pkg/sync/syncwaves"
)

// Wave is the object's sync wave as Argo CD reads it: the weight of a Helm hook
// stands in for a missing one, and what is not a number counts as 0.
func (o *Object) Wave() int { return syncwaves.Wave(o.Unstructured) }

// Phases are the parts of a sync that the object takes part in. One that is no
// hook takes part in Sync.
func (o *Object) Phases() []string {
	if !hook.IsHook(o.Unstructured) {
		if hook.Skip(o.Unstructured) {
			return []string{string(common.HookTypeSkip)}
		}
		return []string{string(common.HookTypeSync)}
	}
	var out []string
	for _, t := range hook.Types(o.Unstructured) {
		out = append(out, string(t))
	}
	// The controller handles these itself, outside of gitops-engine.
	for _, name := range strings.Split(o.GetAnnotations()[common.AnnotationKeyHook], ",") {
		if name = strings.TrimSpace(name); name == "PostDelete" || name == "PreDelete" {
			out = append(out, name)
		}
	}
	return out
}

// Applied says whether any sync applies the object. Helm's tests and hooks with
// a misspelt name are rendered and never applied.
func (o *Object) Applied() bool {
	p := o.Phases()
	return len(p) > 0 && p[0] != string(common.HookTypeSkip)
}
