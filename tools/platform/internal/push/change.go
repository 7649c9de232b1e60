package push

import (
	"fmt"
	"slices"

	"example.com/mlops-platform/tools/platform/argocd"
)

// verb is what a sync did to an object.
type verb string

const (
	created verb = "created"
	changed verb = "changed"
	pruned  verb = "pruned"
	kept    verb = "kept" // Git has it no more; it is deleted when somebody confirms it
	failed  verb = "failed"
)

// mark stands before an object, as in a diff.
func (v verb) mark() string {
	return map[verb]string{created: "+", changed: "~", pruned: "-", kept: "!", failed: "✗"}[v]
}

// change is an object that a sync was about.
type change struct {
	object, message string
	verb            verb
}

// object names an object to people.
func object(r argocd.Resource) string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return fmt.Sprintf("%s %s/%s", r.Kind, r.Namespace, r.Name)
}

// changeOf reads one result of a sync. Argo CD tells that an object was applied, not whether it was there; what the
// Application consisted of before does.
func changeOf(r argocd.Result, before []argocd.Resource) change {
	c := change{object: object(r.Resource), message: r.Message, verb: created}
	switch r.Status {
	case "Pruned":
		c.verb = pruned
	case "PruneSkipped":
		c.verb = kept
	case "SyncFailed":
		c.verb = failed
	default:
		if slices.ContainsFunc(before, func(b argocd.Resource) bool {
			return b.Group == r.Group && b.Kind == r.Kind && b.Namespace == r.Namespace && b.Name == r.Name
		}) {
			c.verb = changed
		}
	}
	return c
}
