package lint

import (
	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/report"
)

var _ = register(Rule{
	ID:     "schema-invalid",
	What:   "The API server would refuse this object.",
	Remedy: "mend the field; kubectl explain shows what it takes",
	Check: each(func(o *cluster.Object, r admit.Result, find func(report.Finding)) {
		for _, f := range r.Faults {
			find(report.Finding{Object: o, Path: f.Path, Value: f.Value, Message: f.Message})
		}
	}),
})

var _ = register(Rule{
	ID:       "schema-warning",
	Severity: report.Warning,
	What:     "The API server would accept this object and warn.",
	Remedy:   "follow the warning before the next Kubernetes upgrade",
	Check: each(func(o *cluster.Object, r admit.Result, find func(report.Finding)) {
		if r.Status == admit.Fail {
			return // the API server warns of what it accepts; a refused object has faults
		}
		for _, f := range r.Warnings {
			find(report.Finding{Object: o, Path: f.Path, Value: f.Value, Message: f.Message})
		}
	}),
})

var _ = register(Rule{
	ID:     "schema-unknown-kind",
	What:   "No schema is known for this kind: the object is not checked, and the API server may not know it either.",
	Remedy: "render its CustomResourceDefinition, or name a folder that holds it under schemas in .render.yaml",
	Check: func(in *Input, find func(report.Finding)) {
		groups := map[string]bool{}
		for _, o := range in.Cluster.Objects() {
			if !in.Results[o].UnknownKind {
				groups[o.GroupVersionKind().Group] = true
			}
		}
		for _, o := range in.Cluster.Objects() {
			if !in.Results[o].UnknownKind || Typed(o) {
				continue
			}
			// A group of which another kind is known is misspelt rather than absent.
			unsure := in.Cluster.Incomplete(true) && !groups[o.GroupVersionKind().Group]
			find(absent(unsure, report.Finding{Object: o, Path: "kind", Value: o.GetKind(),
				Message: "kind " + o.GetKind() + " of " + o.GetAPIVersion() + " is unknown"}))
		}
	},
})

// each visits the cluster's objects in order.
func each(check func(*cluster.Object, admit.Result, func(report.Finding))) func(*Input, func(report.Finding)) {
	return func(in *Input, find func(report.Finding)) {
		for _, o := range in.Cluster.Objects() {
			check(o, in.Results[o], find)
		}
	}
}
