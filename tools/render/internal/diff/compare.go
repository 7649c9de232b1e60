package diff

import (
	"slices"
	"sync"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/diff/fields"
	"example.com/mlops-platform/tools/render/internal/report"
)

// Input is one cluster on both sides.
type Input struct {
	Name, File string
	Base, Tree *Rendered // nil: the cluster is not on that side
	// CRDs are the definitions that the tree's cluster knows, Validator judges by them.
	CRDs      []*unstructured.Unstructured
	Validator *admit.Validator
	// Settings are the data of a ConfigMap of the tree's cluster, if anything there
	// speaks of a setting; it is asked only if something depends on it.
	Settings func(configMap, setting string) map[string]string
	// Locate finds the line of a finding about an object of the tree, or of the base.
	Locate func(side string, f *report.Finding)
}

// Rendered is one side of a cluster.
type Rendered struct {
	Cluster *cluster.Cluster
	Failed  map[string]bool // keys of Applications that could not be rendered
}

// comparison is the state of comparing one cluster.
type comparison struct {
	Input
	base, tree  *cluster.Cluster // empty if a side lacks the cluster
	schemas     schemas
	overrides   func() map[string]v1alpha1.ResourceOverride
	serverSide  func() bool // Argo CD asks the API server what an apply would change
	apps        map[string]*App
	notCompared map[string][]string // by Application
}

// Compare returns the differences of one cluster.
func Compare(in Input) *Cluster {
	out := &Cluster{Name: in.Name, File: in.File}
	switch {
	case in.Base == nil && in.Tree == nil:
		return out
	case in.Base == nil:
		out.Change = Added
	case in.Tree == nil:
		out.Change = Removed
	}
	c := &comparison{Input: in, schemas: newSchemas(in.CRDs), apps: map[string]*App{}, notCompared: map[string][]string{}}
	c.base, c.tree = clusterOf(in.Base), clusterOf(in.Tree)
	c.overrides = sync.OnceValue(func() map[string]v1alpha1.ResourceOverride {
		return overrides(in.Settings("argocd-cm", ignoreKey))
	})
	c.serverSide = sync.OnceValue(func() bool {
		return in.Settings("argocd-cmd-params-cm", serverSideKey)[serverSideKey] == "true"
	})
	m := match(items(c.base), items(c.tree))
	m.gone = c.known(m.gone, c.tree, in.Tree)
	m.fresh = c.known(m.fresh, c.base, in.Base)
	m.pairs = slices.DeleteFunc(m.pairs, func(p pair) bool { return !c.differs(p) })
	m.pairs = append(m.pairs, m.renames()...)
	for _, p := range m.pairs {
		c.add(p.to, c.changed(p))
	}
	for _, i := range m.fresh {
		c.add(i, c.added(i))
	}
	for _, i := range m.gone {
		c.add(i, c.removed(i))
	}
	out.Apps = c.finish()
	return out
}

func clusterOf(r *Rendered) *cluster.Cluster {
	if r == nil {
		return &cluster.Cluster{}
	}
	return r.Cluster
}

// differs is quick: objects of a render that stands for another share their parts.
func (c *comparison) differs(p pair) bool {
	return p.from.app != p.to.app || !fields.Equal(p.from.o.Object, p.to.o.Object)
}

// known keeps the items whose absence from the other side means something. If
// their Application, or one above it, could not be rendered there, nobody knows.
func (c *comparison) known(in []item, there *cluster.Cluster, side *Rendered) []item {
	return slices.DeleteFunc(slices.Clone(in), func(i item) bool {
		why := unknown(i, there, side)
		if why != "" {
			c.notCompared[i.app] = append(c.notCompared[i.app], (&Object{APIVersion: i.o.GetAPIVersion(),
				Kind: i.o.GetKind(), Namespace: i.o.GetNamespace(), Name: label(i.o)}).ID()+": "+why)
		}
		return why != ""
	})
}

// unknown says why nothing is known of an item on the other side, "" if something is.
func unknown(i item, there *cluster.Cluster, side *Rendered) string {
	if side == nil {
		return ""
	}
	source := i.o.Source
	for a := i.o.App; a != nil; a = a.Parent {
		if side.Failed[a.Key] {
			return "Application " + a.Name() + " is not rendered on the other side"
		}
		if other := there.ByKey(a.Key); other != nil {
			for _, m := range other.Missing {
				if m.Index == source {
					return m.Source + " is not rendered on the other side"
				}
			}
			return ""
		}
		source = a.Object.Source
	}
	return ""
}

// raw compares two objects, values of Secrets hidden.
func (c *comparison) raw(from, to *unstructured.Unstructured) []fields.Change {
	if isSecret(from) && isSecret(to) {
		from, to = mask(from, to, 1), mask(to, from, 2)
	}
	return fields.Compare(from.Object, to.Object, c.schemas.of(to.GroupVersionKind()))
}

// add puts an object under the Application that has it now, or had it last.
func (c *comparison) add(i item, o *Object) {
	if o == nil {
		return
	}
	a := c.app(i.app)
	a.Objects = append(a.Objects, o)
}

func (c *comparison) app(key string) *App {
	if a := c.apps[key]; a != nil {
		return a
	}
	a := &App{}
	c.apps[key] = a
	from, to := c.base.ByKey(key), c.tree.ByKey(key)
	shown := to
	if shown == nil {
		shown = from
	}
	if shown == nil {
		return a
	}
	a.Name, a.Namespace, a.Wave = shown.Name(), shown.Spec.Namespace, shown.Wave
	if shown.Parent != nil {
		a.Parent = shown.Parent.Name()
	}
	switch {
	case from == nil:
		a.Change = Added
	case to == nil:
		a.Change = Removed
	}
	return a
}

// finish puts Applications and their objects in order.
func (c *comparison) finish() []*App {
	var out []*App
	c.gaps()
	for key := range c.notCompared {
		c.app(key).NotCompared = c.notCompared[key]
	}
	keys := []string{""}
	for _, a := range append(slices.Clone(c.tree.Apps), c.base.Apps...) {
		if !slices.Contains(keys, a.Key) {
			keys = append(keys, a.Key)
		}
	}
	for _, key := range keys {
		a := c.apps[key]
		if a == nil {
			continue
		}
		slices.SortStableFunc(a.Objects, before)
		c.unseen(a, c.tree.ByKey(key))
		c.plan(a, key)
		out = append(out, a)
	}
	return out
}

// gaps notes the sources that cannot be rendered, where they are not the same on
// both sides: what they change is not known.
func (c *comparison) gaps() {
	for _, a := range c.tree.Apps {
		from := c.base.ByKey(a.Key)
		for _, m := range a.Missing {
			if from == nil || !slices.ContainsFunc(from.Missing, func(o cluster.Missing) bool { return o.Source == m.Source }) {
				c.notCompared[a.Key] = append(c.notCompared[a.Key], m.Source+" is not rendered: "+m.Why())
			}
		}
	}
}
