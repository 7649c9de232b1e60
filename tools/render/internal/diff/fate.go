package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/sync/hook"
	resources "github.com/argoproj/gitops-engine/pkg/sync/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

// What becomes of an object that Git no longer has.
const (
	Pruned = "pruned" // deleted by the sync
	Waits  = "waits"  // deleted when a person says so
	Stays  = "stays"  // never deleted by Argo CD
)

// Fate is what becomes of an object that Git no longer has.
type Fate struct{ Outcome, Why string }

// resourcesFinalizer makes the deletion of an Application delete what is in it.
const resourcesFinalizer = "resources-finalizer.argocd.argoproj.io"

// fate says what becomes of an object of the base. What counts is what the object
// says of itself in the cluster, and what its Application says from now on.
func (c *comparison) fate(i item) *Fate {
	if i.app == "" {
		return &Fate{Stays, "it was applied by hand with the root file, and is deleted by hand"}
	}
	if a := c.tree.ByKey(i.app); a != nil {
		return pruning(a, i.o)
	}
	return c.cascade(c.base.ByKey(i.app), i.o)
}

// pruning is the fate in an Application that goes on without the object.
func pruning(a *cluster.Application, o *cluster.Object) *Fate {
	auto, prune := automation(a)
	switch option := syncOption(a, o.Unstructured, "Prune"); {
	case hook.IsHook(o.Unstructured):
		return &Fate{Stays, "it is a hook: Argo CD deletes it by its hook-delete-policy only"}
	case option == "false":
		return &Fate{Stays, "Prune=false"}
	case !auto:
		return &Fate{Waits, "the Application does not sync by itself"}
	case !prune:
		return &Fate{Stays, "the Application syncs without prune; it stays OutOfSync until somebody prunes"}
	case option == "confirm":
		return &Fate{Waits, "Prune=confirm"}
	}
	return &Fate{Outcome: Pruned, Why: takesAlong(o)}
}

// cascade is the fate of an object whose Application is gone too.
func (c *comparison) cascade(a *cluster.Application, o *cluster.Object) *Fate {
	above := c.fate(item{a.Object, parentKey(a)})
	name := "Application " + a.Name()
	switch option := syncOption(a, o.Unstructured, "Delete"); {
	case above.Outcome == Stays:
		return &Fate{Stays, name + " stays: " + above.Why}
	case !slices.ContainsFunc(a.Object.GetFinalizers(), func(f string) bool {
		return strings.HasPrefix(f, resourcesFinalizer)
	}):
		return &Fate{Stays, name + " has no resources finalizer: its objects are left behind"}
	case option == "false":
		return &Fate{Stays, "Delete=false"}
	case above.Outcome == Waits:
		return &Fate{Waits, "with " + name + ": " + above.Why}
	case option == "confirm":
		return &Fate{Waits, "Delete=confirm"}
	}
	return &Fate{Pruned, join("with "+name, takesAlong(o))}
}

func parentKey(a *cluster.Application) string {
	if a.Parent == nil {
		return ""
	}
	return a.Parent.Key
}

func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// takesAlong names what is lost with an object.
func takesAlong(o *cluster.Object) string {
	switch o.GetKind() {
	case "Namespace":
		return "with everything in it"
	case "PersistentVolumeClaim":
		return "with its data, unless the storage class retains volumes"
	case "CustomResourceDefinition":
		kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
		return fmt.Sprintf("with every %s in the cluster", kind)
	}
	return ""
}

// syncOption is an option of the object, or else of its Application: "Prune=confirm"
// has the value confirm.
func syncOption(a *cluster.Application, u *unstructured.Unstructured, name string) string {
	for _, value := range []string{"true", "false", "confirm"} {
		if resources.HasAnnotationOption(u, common.AnnotationSyncOptions, name+"="+value) {
			return value
		}
	}
	if a == nil || a.Spec.Spec.SyncPolicy == nil {
		return ""
	}
	for _, o := range a.Spec.Spec.SyncPolicy.SyncOptions {
		if value, ok := strings.CutPrefix(o, name+"="); ok {
			return value
		}
	}
	return ""
}

// automation says whether an Application syncs by itself, and prunes when it does.
// The field enabled is newer than the linked types.
func automation(a *cluster.Application) (auto, prune bool) {
	policy := a.Spec.Spec.SyncPolicy
	if policy == nil || policy.Automated == nil {
		return false, false
	}
	enabled, found, _ := unstructured.NestedBool(a.Object.Object, "spec", "syncPolicy", "automated", "enabled")
	return enabled || !found, policy.Automated.Prune
}
