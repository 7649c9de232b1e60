package diff

import (
	"strings"

	resources "github.com/argoproj/gitops-engine/pkg/sync/resource"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

const (
	compareOptions = "argocd.argoproj.io/compare-options"
	// serverSideKey is the controller's default, in argocd-cmd-params-cm.
	serverSideKey = "controller.diff.server.side"
)

// asksServer says whether Argo CD compares an Application by a dry run of the API
// server: as the Application says, or else as the controller is set.
func (c *comparison) asksServer(a *cluster.Application) bool {
	if a == nil {
		return false
	}
	switch {
	case resources.HasAnnotationOption(a.Object, compareOptions, "ServerSideDiff=true"):
		return true
	case resources.HasAnnotationOption(a.Object, compareOptions, "ServerSideDiff=false"):
		return false
	}
	return c.serverSide()
}

// unseen marks the objects whose difference Argo CD would not see. Of the answer
// to a dry run it drops all fields that it does not own one by one, because a
// webhook might have set them. A spec without a schema it owns as one, so nothing
// in it ever differs; IncludeMutationWebhook=true makes it keep the whole answer.
func (c *comparison) unseen(out *App, a *cluster.Application) {
	if a == nil || resources.HasAnnotationOption(a.Object, compareOptions, "IncludeMutationWebhook=true") {
		return
	}
	var blind []*Object
	seen := false
	for _, o := range out.Objects {
		if o.Change == Changed && c.blind(o) {
			blind = append(blind, o)
			continue
		}
		seen = seen || o.Effective()
	}
	if len(blind) == 0 || !c.asksServer(a) {
		return
	}
	if seen && syncOption(a, a.Object.Unstructured, "ApplyOutOfSyncOnly") != "true" {
		return // a sync that another object starts applies all of them
	}
	for _, o := range blind {
		o.Unseen = true
	}
}

// blind says whether all that differs lies in fields without a schema.
func (c *comparison) blind(o *Object) bool {
	for _, f := range o.Fields {
		top, _, _ := strings.Cut(f.Path, ".")
		if !c.schemas.opaque(o.to.GroupVersionKind(), top) {
			return false
		}
	}
	return len(o.Fields) > 0
}
