package lint

import (
	"fmt"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/decode"
	"example.com/mlops-platform/tools/render/internal/report"
)

// project is an AppProject and the file that declares it.
type project struct {
	*v1alpha1.AppProject
	file string
}

// String names the project for people.
func (p *project) String() string {
	if p.file == "" {
		return "AppProject " + p.Name
	}
	return "AppProject " + p.Name + " (" + report.Place(p.file, 0) + ")"
}

// projects decodes the cluster's AppProjects by name.
func projects(c *cluster.Cluster) map[string]*project {
	out := map[string]*project{}
	for _, o := range c.Objects() {
		gvk := o.GroupVersionKind()
		if gvk.Group != "argoproj.io" || gvk.Kind != "AppProject" {
			continue
		}
		p := &v1alpha1.AppProject{}
		if decode.Into(o.Object, p) == nil { // a broken project is an argo-field finding
			out[p.Name] = &project{p, o.File}
		}
	}
	return out
}

// projectOf returns the application's project. Argo CD creates `default`, which
// allows everything, where no object of that name is given.
func projectOf(all map[string]*project, a *cluster.Application) *project {
	name := a.Spec.Spec.GetProject()
	if p, ok := all[name]; ok || name != v1alpha1.DefaultAppProjectName {
		return p
	}
	return &project{AppProject: &v1alpha1.AppProject{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.AppProjectSpec{
			SourceRepos:              []string{"*"},
			Destinations:             []v1alpha1.ApplicationDestination{{Server: "*", Namespace: "*"}},
			ClusterResourceWhitelist: []metav1.GroupKind{{Group: "*", Kind: "*"}},
		},
	}}
}

var _ = register(Rule{
	ID:     "project-missing",
	What:   "The application names an AppProject that nothing declares: Argo CD would not sync it.",
	Remedy: "declare the AppProject in the same cluster, or name an existing one",
	Check: func(in *Input, find func(report.Finding)) {
		all := projects(in.Cluster)
		for _, a := range in.Cluster.Apps {
			if projectOf(all, a) == nil {
				find(absent(in.Cluster.Incomplete(false), report.Finding{
					App: a, Object: a.Object, Path: "spec.project", Value: a.Spec.Spec.Project,
					Message: "AppProject " + a.Spec.Spec.Project + " is not declared in this cluster"}))
			}
		}
	},
})

var _ = register(Rule{
	ID:     "project-source",
	What:   "The AppProject does not allow the repository of this source.",
	Remedy: "add the repository to spec.sourceRepos of the AppProject, or use one that is listed",
	Check: func(in *Input, find func(report.Finding)) {
		eachProject(in, func(a *cluster.Application, p *project) {
			for i, s := range a.Spec.Spec.GetSources() {
				if !p.IsSourcePermitted(s) {
					find(report.Finding{App: a, Object: a.Object, Value: s.RepoURL,
						Path:    sourcePath(a, i) + ".repoURL",
						Message: fmt.Sprintf("%s does not allow repository %s", p, s.RepoURL)})
				}
			}
		})
	},
})

var _ = register(Rule{
	ID:     "project-destination",
	What:   "The AppProject does not allow the application, or an object of it, in that cluster and namespace.",
	Remedy: "add the namespace to spec.destinations of the AppProject, or move the object",
	Check: func(in *Input, find func(report.Finding)) {
		eachProject(in, func(a *cluster.Application, p *project) {
			dest := a.Destination()
			if !destination(p, dest) {
				find(report.Finding{App: a, Object: a.Object, Path: "spec.destination.namespace", Value: dest.Namespace,
					Message: fmt.Sprintf("%s does not allow destination %s", p, place(dest))})
				return
			}
			for _, o := range a.Objects {
				d := dest
				d.Namespace = o.GetNamespace()
				if d.Namespace != "" && d.Namespace != dest.Namespace && !destination(p, d) {
					find(report.Finding{Object: o, Path: "metadata.namespace", Value: d.Namespace,
						Message: fmt.Sprintf("%s does not allow an object in %s", p, place(d))})
				}
			}
		})
	},
})

var _ = register(Rule{
	ID:     "project-kind",
	What:   "The AppProject does not allow objects of this kind.",
	Remedy: "add the kind to the AppProject's whitelist, or let another application hold the object",
	Check: func(in *Input, find func(report.Finding)) {
		eachProject(in, func(a *cluster.Application, p *project) {
			for _, o := range a.Objects {
				gk := o.GroupVersionKind().GroupKind()
				namespaced := in.Validator.Scope(gk) != admit.Cluster
				if !p.IsGroupKindPermitted(gk, namespaced) {
					find(report.Finding{Object: o, Path: "kind", Value: o.GetKind(),
						Message: fmt.Sprintf("%s does not allow %s", p, gk)})
				}
			}
		})
	},
})

func eachProject(in *Input, visit func(*cluster.Application, *project)) {
	all := projects(in.Cluster)
	for _, a := range in.Cluster.Apps {
		if p := projectOf(all, a); p != nil {
			visit(a, p)
		}
	}
}

// destination asks Argo CD's own rule. Clusters scoped to a project are known
// only to a running Argo CD, so none are assumed.
func destination(p *project, d v1alpha1.ApplicationDestination) bool {
	if d.Server == "" {
		d.Server = serverOf(d.Name)
	}
	ok, err := p.IsDestinationPermitted(d, func(string) ([]*v1alpha1.Cluster, error) { return nil, nil })
	return err == nil && ok
}

// serverOf is the server of a destination given by name. Argo CD looks it up in
// the Secret of that cluster, which is not in Git: only a pattern for every
// server allows it here.
func serverOf(name string) string {
	return "https://" + name + ".invalid"
}

func place(d v1alpha1.ApplicationDestination) string {
	where := d.Server
	if where == "" {
		where = d.Name
	}
	return fmt.Sprintf("namespace %q of %s", d.Namespace, where)
}

func sourcePath(a *cluster.Application, i int) string {
	if a.Spec.Spec.HasMultipleSources() {
		return fmt.Sprintf("spec.sources[%d]", i)
	}
	return "spec.source"
}
