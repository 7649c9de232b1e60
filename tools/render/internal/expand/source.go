package expand

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/kust"
	"example.com/mlops-platform/tools/render/internal/report"
	"example.com/mlops-platform/tools/render/internal/source"
	"example.com/mlops-platform/tools/render/internal/tree"
	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// source renders one source of an application and appends its objects.
func (r *run) source(ctx context.Context, v *tree.View, a *cluster.Application,
	all v1alpha1.ApplicationSources, i int,
) error {
	s := all[i]
	what := describe(s)
	missed := len(a.Missing)
	defer func() {
		for j := range a.Missing[missed:] {
			a.Missing[missed+j].Index = i
		}
	}()
	if s.Chart != "" {
		a.Missing = append(a.Missing, cluster.Missing{Source: what, Reason: "remote charts need a network",
			Remedy: "vendor the chart to have its objects checked", Chart: true})
		return nil
	}
	if s.RepoURL == "" {
		return nil // an application-spec finding
	}
	if reason := r.elsewhere(s); reason != "" {
		a.Missing = append(a.Missing, cluster.Missing{Source: what, Reason: reason})
		return nil
	}
	if s.Path == "" {
		return nil // only a ref, which renders nothing; without one an application-spec finding
	}
	res, err := source.Render(ctx, source.Request{
		View: v, App: a.Spec, Source: s, Refs: r.refs(all), KubeVersion: r.KubeVersion,
		Kustomize: r.kustomizer, ControlPlane: a.Root().Spec.Namespace,
	})
	if res != nil && res.Type == v1alpha1.ApplicationSourceTypeDirectory {
		r.duplicates(a, itemFiles(res.Items))
	} else {
		r.duplicates(a, kustomizations(v.Reads()))
	}
	if err != nil {
		return missing(a, what, err)
	}
	for _, item := range res.Items {
		a.Objects = append(a.Objects, &cluster.Object{
			Unstructured: item.Object, App: a, File: item.File, Line: item.Line, Source: i,
		})
	}
	for _, n := range res.Notes {
		rule := "file-ignored"
		if n.Unstable {
			rule = "output-unstable"
		}
		r.find(report.Finding{Rule: rule, App: a, File: n.File, Line: n.Line, Message: n.Message})
	}
	return nil
}

// missing notes what of an error only says that a network is needed, and
// returns the rest.
func missing(a *cluster.Application, what string, err error) error {
	var faults []error
	for _, e := range flat(err) {
		var n *source.NotRendered
		if errors.As(e, &n) {
			a.Missing = append(a.Missing, n.Missing)
		} else if n, ok := kust.IsNotOffline(e); ok {
			a.Missing = append(a.Missing, cluster.Missing{Source: what, Reason: n.Error(),
				Remedy: "require the repository as a Go module at that tag, or vendor the files"})
		} else {
			faults = append(faults, e)
		}
	}
	return errors.Join(faults...)
}

// flat takes joined errors apart.
func flat(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flat(e)...)
	}
	return out
}

// duplicates finds keys that a file has twice. Kustomize refuses them in
// resources, and takes the last in a kustomization, as Argo CD does in plain
// manifests.
func (r *run) duplicates(a *cluster.Application, files []string) {
	for _, file := range files {
		if d := r.duplicateIn(file); d.line > 0 {
			r.find(report.Finding{Rule: "key-duplicate", App: a, File: file, Line: d.line, Message: d.message})
		}
	}
}

func (e *Expander) duplicateIn(file string) duplicateKey {
	if d, ok := e.duplicate.Load(file); ok {
		return d.(duplicateKey)
	}
	var d duplicateKey
	if data, err := e.Tree.ReadFile(file); err == nil {
		d.line, d.message = yamldoc.Duplicate(data)
	}
	e.duplicate.Store(file, d)
	return d
}

// itemFiles are the YAML files that objects were read from.
func itemFiles(items []source.Item) []string {
	var out []string
	for _, item := range items {
		if ext := path.Ext(item.File); (ext == ".yaml" || ext == ".yml") && !slices.Contains(out, item.File) {
			out = append(out, item.File)
		}
	}
	return out
}

// kustomizations are those of the repository among files.
func kustomizations(files []string) []string {
	var out []string
	for _, file := range files {
		if !strings.HasPrefix(file, gomod.MountRoot+"/") && kust.IsKustomization(path.Base(file)) {
			out = append(out, file)
		}
	}
	return out
}

// kustomize connects the source package with the builder.
func (r *run) kustomize(v *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize,
	env *v1alpha1.Env,
) ([]source.Item, error) {
	built, err := r.Builder.Build(v, dir, o, env)
	if err != nil {
		return nil, err
	}
	items := make([]source.Item, len(built))
	for i, b := range built {
		items[i] = source.Item{Object: b.Object, File: b.File}
	}
	return items, nil
}

// refs maps the $name of each ref source in this repository to its root.
func (r *run) refs(all v1alpha1.ApplicationSources) map[string]string {
	refs := map[string]string{}
	if len(all) < 2 {
		return refs
	}
	for _, s := range all {
		if s.Ref != "" && s.Chart == "" && r.elsewhere(s) == "" {
			refs["$"+s.Ref] = "."
		}
	}
	return refs
}

// elsewhere says why a source is not in the working tree, "" if it is.
func (r *run) elsewhere(s v1alpha1.ApplicationSource) string {
	if !sameRepository(s.RepoURL, r.repoURL) {
		return fmt.Sprintf("another repository; this one is %s", r.repoURL)
	}
	if s.TargetRevision != r.revision && !tip(s.TargetRevision) && !(tip(r.revision) && defaultBranch(s.TargetRevision)) {
		return fmt.Sprintf("targetRevision %s; the working tree stands for %s", s.TargetRevision, shown(r.revision))
	}
	return ""
}

func tip(revision string) bool { return revision == "" || revision == "HEAD" }

// defaultBranch is what HEAD of a repository is called nearly everywhere.
func defaultBranch(revision string) bool { return revision == "main" || revision == "master" }

func shown(revision string) string {
	if revision == "" {
		return "HEAD"
	}
	return revision
}

// sameRepository compares host and path, so that https, ssh and a missing
// ".git" do not matter.
func sameRepository(a, b string) bool { return repository(a) == repository(b) }

func repository(url string) string {
	r, ok := kust.ParseRemote(url)
	name := url
	if ok {
		name = path.Join(r.Repo, r.Path)
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(name, "/"), ".git"))
}

// describe names a source for people.
func describe(s v1alpha1.ApplicationSource) string {
	rev := shown(s.TargetRevision)
	if s.Chart != "" {
		return fmt.Sprintf("chart %s %s of %s", s.Chart, rev, s.RepoURL)
	}
	if s.Path == "" {
		return fmt.Sprintf("%s at %s", s.RepoURL, rev)
	}
	return fmt.Sprintf("%s of %s at %s", s.Path, s.RepoURL, rev)
}
