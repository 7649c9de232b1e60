package expand

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/report"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// Renders are the applications of one revision, each with all that its render
// depended on. It is safe for concurrent use.
type Renders struct {
	byKey sync.Map // key -> *rendered
	count atomic.Int64
}

// Count is how many applications were rendered.
func (k *Renders) Count() int { return int(k.count.Load()) }

// rendered is what one application came to.
type rendered struct {
	traces   []*tree.Trace
	objects  []*cluster.Object
	written  []string // the namespace that each object was written with
	missing  []cluster.Missing
	reads    []string
	findings []report.Finding
	failed   bool
}

// Known are the renders of another revision, as seen from this one.
type Known struct {
	renders     *Renders
	there, here *gomod.Modules
	tree        *tree.Tree
	sameModules func() bool
}

// NewKnown compares renders of another revision, and the modules it requires,
// with the tree and the modules of this one.
func NewKnown(renders *Renders, there *gomod.Modules, t *tree.Tree, here *gomod.Modules) *Known {
	return &Known{renders: renders, there: there, here: here, tree: t,
		sameModules: sync.OnceValue(func() bool { return here.Same(there) })}
}

// keyOf is all that a render depends on apart from what it reads.
func (r *run) keyOf(a *cluster.Application) string {
	if r.Kept == nil && r.Known == nil {
		return ""
	}
	spec, err := json.Marshal(a.Object.Object)
	if err != nil {
		return "" // not JSON: rendered each time
	}
	return fmt.Sprintf("%q %q %q %q %v %s", r.repoURL, r.revision, r.KubeVersion, a.Root().Spec.Namespace,
		r.Builder.AnyFile, spec)
}

func (k *Renders) keep(key string, r *rendered) {
	if k == nil {
		return
	}
	k.count.Add(1)
	if key != "" {
		k.byKey.Store(key, r)
	}
}

// find returns the render of the other revision that equals one of this, or nil.
func (k *Known) find(key string) *rendered {
	if k == nil || key == "" {
		return nil
	}
	v, ok := k.renders.byKey.Load(key)
	if !ok {
		return nil
	}
	r := v.(*rendered)
	if !k.modulesAnswer(r) {
		return nil
	}
	for _, t := range r.traces {
		if !t.Holds(k.tree) {
			return nil
		}
	}
	return r
}

// modulesAnswer says whether the modules that a render asked for answer the same
// here. One that asked in vain left no trace of its question.
func (k *Known) modulesAnswer(r *rendered) bool {
	asked := r.failed
	for _, m := range r.missing {
		asked = asked || !m.Chart
	}
	if asked && !k.sameModules() {
		return false
	}
	for _, t := range r.traces {
		for _, mount := range t.Mounts() {
			if !k.here.SameMount(k.there, mount) {
				return false
			}
		}
	}
	return true
}

// rendered takes down what an application has just been rendered to.
func (r *run) rendered(a *cluster.Application, traces []*tree.Trace) *rendered {
	out := &rendered{traces: traces, objects: a.Objects, missing: a.Missing, reads: a.Reads}
	for _, o := range a.Objects {
		out.written = append(out.written, o.GetNamespace())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.findings {
		if f.App == a {
			out.findings = append(out.findings, f)
			out.failed = out.failed || f.Rule == "render-failed"
		}
	}
	return out
}

// reuse fills an application from a render of another revision.
func (r *run) reuse(a *cluster.Application, from *rendered) {
	a.Missing = append(a.Missing, from.missing...)
	a.Reads = from.reads
	for i, o := range from.objects {
		u := shallow(o.Unstructured)
		u.SetNamespace(from.written[i])
		a.Objects = append(a.Objects, &cluster.Object{Unstructured: u, App: a,
			File: o.File, Line: o.Line, Source: o.Source})
	}
	for _, f := range from.findings {
		if f.App = a; f.Object != nil {
			f.Object = a.Object
		}
		r.find(f)
	}
}

// shallow copies an object as deep as a cluster changes it: the namespace is set
// when it is known which kinds have one.
func shallow(u *unstructured.Unstructured) *unstructured.Unstructured {
	object := maps.Clone(u.Object)
	if meta, ok := object["metadata"].(map[string]any); ok {
		object["metadata"] = maps.Clone(meta)
	}
	return &unstructured.Unstructured{Object: object}
}
