package expand

import (
	"fmt"
	"sort"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/report"
)

func sortByWave(apps []*cluster.Application) {
	sort.SliceStable(apps, func(i, j int) bool {
		if apps[i].Wave != apps[j].Wave {
			return apps[i].Wave < apps[j].Wave
		}
		return apps[i].Name() < apps[j].Name()
	})
}

// Scoper tells namespaced kinds from cluster-scoped ones.
type Scoper interface {
	// ClusterScoped is true only for kinds known to have no namespace.
	ClusterScoped(schema.GroupKind) bool
}

type identity struct {
	destination     string
	gk              schema.GroupKind
	namespace, name string
}

// Place gives every object the namespace that Argo CD gives it, and drops the
// earlier of two objects with one identity, as its DeduplicateTargetObjects
// does: the last one wins. It returns a finding for each that is dropped.
func Place(c *cluster.Cluster, s Scoper) []report.Finding {
	var findings []report.Finding
	for _, a := range c.Apps {
		dest := a.Spec.Spec.Destination
		for _, o := range a.Objects {
			switch {
			case s.ClusterScoped(o.GroupVersionKind().GroupKind()):
				o.SetNamespace("")
			case o.GetNamespace() == "":
				o.SetNamespace(dest.Namespace)
			}
		}
		last := map[identity]int{}
		for i, o := range a.Objects {
			last[identityOf(a, o)] = i
		}
		kept := a.Objects[:0:0]
		for i, o := range a.Objects {
			if j := last[identityOf(a, o)]; j != i && o.GetName() != "" {
				other := a.Objects[j]
				findings = append(findings, report.Finding{
					Cluster: c.Name, Rule: "object-duplicate", App: a, Object: o,
					Message: fmt.Sprintf("also rendered from %s, and the last one wins", report.Place(other.File, other.Line)),
				})
				continue
			}
			kept = append(kept, o)
		}
		a.Objects = kept
	}
	return append(findings, shared(c)...)
}

func identityOf(a *cluster.Application, o *cluster.Object) identity {
	d := a.Destination()
	return identity{d.Server + " " + d.Name, o.GroupVersionKind().GroupKind(), o.GetNamespace(), o.GetName()}
}

// shared finds objects that two applications claim: Argo CD lets each overwrite
// the other for ever, or refuses with FailOnSharedResource.
func shared(c *cluster.Cluster) []report.Finding {
	var findings []report.Finding
	owner := map[identity]*cluster.Object{}
	for _, a := range c.Apps {
		for _, o := range a.Objects {
			if o.GetName() == "" || isApplication(o) {
				continue // an Application declared twice is application-duplicate
			}
			id := identityOf(a, o)
			if first, ok := owner[id]; ok {
				findings = append(findings, report.Finding{
					Cluster: c.Name, Rule: "object-shared", App: a, Object: o,
					Message: fmt.Sprintf("application %s renders this object too", first.App.Name()),
				})
				continue
			}
			owner[id] = o
		}
	}
	return findings
}

// settle links every object to its application.
func (r *run) settle() {
	for _, a := range r.cluster.Apps {
		for _, o := range a.Objects {
			o.App = a
		}
	}
}
