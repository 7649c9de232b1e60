package expand

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// rendered takes down what an application has just been rendered to.
func (r *run) rendered(a *cluster.Application, traces []*tree.Trace) *rendered {
	out := &rendered{traces: traces, objects: a.Objects, missing: a.Missing, reads: a.Reads, deferred: a.Deferred}
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

// reuse fills an application from a render of the newer revision.
func (r *run) reuse(a *cluster.Application, from *rendered) {
	a.Same, a.Deferred = true, from.deferred
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
