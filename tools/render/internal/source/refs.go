package source

import (
	"fmt"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/git"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

// ref splits "$name/path" if name is the ref of a source whose repository is
// here. Otherwise the dollar starts a variable.
func (r *render) ref(raw string) (root, rest string, ok bool) {
	if !strings.HasPrefix(raw, "$") || len(r.App.Spec.Sources) < 2 {
		return "", "", false
	}
	name, rest, _ := strings.Cut(raw, "/")
	root, ok = r.Refs[name]
	return root, rest, ok
}

// checkRefs checks the refs that the Application itself names, before any
// override file, as runManifestGenAsync does: each must be the ref of another
// source, that source no chart, and one repository at one revision only.
func (r *render) checkRefs() error {
	h := r.Source.Helm
	if h == nil || !r.App.Spec.HasMultipleSources() {
		return nil
	}
	paths := append([]string(nil), h.ValueFiles...)
	for _, p := range h.FileParameters {
		paths = append(paths, p.Path)
	}
	repos := map[string]*v1alpha1.ApplicationSource{}
	for _, p := range paths {
		if !strings.HasPrefix(p, "$") {
			continue
		}
		name, _, _ := strings.Cut(p, "/")
		target := r.refTarget(name)
		if target == nil {
			return fmt.Errorf("%q: no source of the application has ref: %s", p, strings.TrimPrefix(name, "$"))
		}
		if target.Chart != "" {
			return fmt.Errorf("%q: the source with ref: %s is a Helm chart; only Git repositories can be referred to",
				p, target.Ref)
		}
		repo := git.NormalizeGitURL(target.RepoURL)
		if was := repos[repo]; was != nil && was.TargetRevision != target.TargetRevision {
			return fmt.Errorf("%q: refs %s and %s are one repository at two revisions (%q, %q); Argo CD takes one",
				p, was.Ref, target.Ref, was.TargetRevision, target.TargetRevision)
		}
		repos[repo] = target
		if _, ok := r.Refs[name]; !ok {
			return &NotRendered{cluster.Missing{
				Source: fmt.Sprintf("%s of %s", p, target.RepoURL),
				Reason: "the file is in another repository, which needs a network",
			}}
		}
	}
	return nil
}

// refTarget is the source with a ref, which needs at least two sources.
func (r *render) refTarget(name string) *v1alpha1.ApplicationSource {
	if len(r.App.Spec.Sources) < 2 {
		return nil
	}
	for i, s := range r.App.Spec.Sources {
		if s.Ref != "" && "$"+s.Ref == name {
			return &r.App.Spec.Sources[i]
		}
	}
	return nil
}
