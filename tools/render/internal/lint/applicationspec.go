package lint

import (
	"fmt"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/report"
)

var _ = register(Rule{
	ID:     "application-spec",
	What:   "Argo CD marks this Application as invalid and never syncs it.",
	Remedy: "complete the specification",
	Check: func(in *Input, find func(report.Finding)) {
		for _, a := range in.Cluster.Apps {
			for _, f := range specFaults(&a.Spec.Spec) {
				f.App, f.Object = a, a.Object
				find(f)
			}
			for _, f := range sourceFaults(a) {
				f.App, f.Object = a, a.Object
				find(f)
			}
		}
	},
})

func specFaults(spec *v1alpha1.ApplicationSpec) []report.Finding {
	var out []report.Finding
	say := func(path, message string) {
		out = append(out, report.Finding{Path: path, Message: message})
	}
	if spec.Project == "" {
		say("spec.project", "spec.project is empty: name an AppProject, such as default")
	}
	switch d := spec.Destination; {
	case d.Server == "" && d.Name == "":
		say("spec.destination", "spec.destination has neither server nor name")
	case d.Server != "" && d.Name != "":
		say("spec.destination", "spec.destination has both server and name: give one")
	}
	if spec.Source == nil && len(spec.Sources) == 0 && spec.SourceHydrator == nil {
		say("spec", "there is no source: give spec.source or spec.sources")
	}
	return out
}

func sourceFaults(a *cluster.Application) []report.Finding {
	var out []report.Finding
	refs := map[string]int{}
	if a.Spec.Spec.SourceHydrator != nil {
		return nil
	}
	for i, s := range a.Spec.Spec.GetSources() {
		path := sourcePath(a, i)
		say := func(format string, args ...any) {
			out = append(out, report.Finding{Path: path, Message: path + ": " + fmt.Sprintf(format, args...)})
		}
		if s.RepoURL == "" {
			say("repoURL is empty")
		}
		if s.Path == "" && s.Chart == "" && s.Ref == "" {
			say("path, chart and ref are all empty: give one")
		}
		if s.Chart != "" && s.TargetRevision == "" {
			say("chart %s has no targetRevision: a chart needs a version", s.Chart)
		}
		if s.Ref != "" && s.Chart != "" {
			say("a source with ref cannot have a chart")
		}
		if s.Ref != "" {
			if first, again := refs[s.Ref]; again {
				say("ref %q is already given to spec.sources[%d]", s.Ref, first)
			}
			refs[s.Ref] = i
		}
	}
	return out
}
