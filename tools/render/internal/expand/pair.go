package expand

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/report"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// Revision is what renders are made from.
type Revision struct {
	Tree    *tree.Tree
	Modules *gomod.Modules
}

// Pair is two revisions of one repository that are compared: the newer is expanded
// first, the older after it. What cannot differ between them is rendered once, or
// not at all. It is safe for concurrent use.
type Pair struct {
	newer, older Revision
	all          bool
	folders      *tree.Folders
	sameModules  func() bool
	byKey        sync.Map // key -> *rendered, of the newer
	counts       [2]atomic.Int64
}

// NewPair begins a comparison. If all is set, both revisions are rendered whole.
func NewPair(newer, older Revision, all bool) *Pair {
	return &Pair{newer: newer, older: older, all: all, folders: tree.CompareFolders(newer.Tree, older.Tree),
		sameModules: sync.OnceValue(func() bool { return newer.Modules.Same(older.Modules) })}
}

// Rendered is how many applications of each revision were rendered.
func (p *Pair) Rendered() (newer, older int) { return int(p.counts[0].Load()), int(p.counts[1].Load()) }

func (p *Pair) count(side int) {
	if p != nil {
		p.counts[side].Add(1)
	}
}

// rendered is what one application came to, and all that this depended on.
type rendered struct {
	traces   []*tree.Trace
	objects  []*cluster.Object
	written  []string // the namespace that each object was written with
	missing  []cluster.Missing
	reads    []string
	findings []report.Finding
	failed   bool
	deferred bool
}

// keyOf is all that a render depends on apart from what it reads.
func (r *run) keyOf(a *cluster.Application) string {
	s := a.Spec.Spec
	spec, err := json.Marshal(v1alpha1.ApplicationSpec{Source: s.Source, Sources: s.Sources,
		SourceHydrator: s.SourceHydrator, Destination: s.Destination})
	if err != nil {
		return "" // not JSON: rendered each time
	}
	return fmt.Sprintf("%q %q %q %q %q %q %v %s", r.cluster.Name, a.Key, r.repoURL, r.revision, r.KubeVersion,
		a.Root().Spec.Namespace, r.Builder.AnyFile, spec)
}

// keep takes down what an application of the newer revision came to.
func (p *Pair) keep(key string, r *rendered) {
	if p != nil && key != "" {
		p.byKey.Store(key, r)
	}
}

// known returns the render of the newer revision that is that of the older too, or
// nil.
func (p *Pair) known(key string) *rendered {
	if p == nil || p.all {
		return nil
	}
	v, ok := p.byKey.Load(key)
	if !ok {
		return nil
	}
	r := v.(*rendered)
	if r.deferred || p.answers(r) {
		return r
	}
	return nil
}

// answers says whether the older revision answers all that was asked of the newer
// one in the same way.
func (p *Pair) answers(r *rendered) bool {
	asked := r.failed // of a module that was asked for in vain there is no trace
	for _, m := range r.missing {
		asked = asked || !m.Chart
	}
	if asked && !p.sameModules() {
		return false
	}
	for _, t := range r.traces {
		for _, mount := range t.Mounts() {
			if !p.newer.Modules.SameMount(p.older.Modules, mount) {
				return false
			}
		}
		if !t.Holds(p.older.Tree) {
			return false
		}
	}
	return true
}
