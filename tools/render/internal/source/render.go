// Package source turns one source of one Argo CD Application into the objects
// that Argo CD would take from it: a folder of manifests or jsonnet, a local
// Helm chart, or a Kustomize folder.
//
// The semantics are those of the repo-server of argo-cd 2.14.21
// (reposerver/repository/repository.go); the package oracle compares the two.
// Files are read through a tree.View only: nothing outside the repository, no
// network, no other program.
package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// Request is one source of one Application.
type Request struct {
	// View is what the source reads through. Give each source a view of its
	// own: Argo CD renders each from a clean checkout, and Kustomize overrides
	// are written into the view.
	View   *tree.View
	App    *v1alpha1.Application
	Source v1alpha1.ApplicationSource
	// Refs maps "$name" of a multi-source ref to the folder in the tree that
	// is the root of its repository: "." is this one. A ref to a repository
	// that is not here is absent.
	Refs map[string]string
	// KubeVersion and APIVersions are what the destination cluster reports;
	// Helm charts ask for them.
	KubeVersion string
	APIVersions []string
	// Revision is the commit that Argo CD would sync, for
	// $ARGOCD_APP_REVISION. Empty stands for a commit of forty zeros.
	Revision string
	// ControlPlane is the namespace that Argo CD runs in. An Application
	// outside it is known as <namespace>_<name>. Empty means that all are in.
	ControlPlane string
	// Kustomize builds Kustomize folders.
	Kustomize Kustomizer
}

// Kustomizer builds the folder dir with an Application's overrides. A folder
// that needs a network gives an error that wraps *NotRendered.
type Kustomizer func(
	v *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize, env *v1alpha1.Env,
) ([]Item, error)

// Item is one object and where it was written.
type Item struct {
	Object *unstructured.Unstructured
	File   string // relative to the repository, "" if unknown
	Line   int    // first line of the object's document, 0 if unknown
}

// Note is something that Argo CD would silently ignore or do differently from
// what the files suggest: worth telling, no error.
type Note struct {
	File    string
	Line    int
	Message string
	// Unstable says that the output itself changes from render to render.
	Unstable bool
}

// Result is what a source renders to, in Argo CD's order.
type Result struct {
	Type  v1alpha1.ApplicationSourceType
	Items []Item
	Notes []Note
}

// NotRendered says why a source cannot be rendered offline.
type NotRendered struct{ cluster.Missing }

// Error is the reason in one line.
func (e *NotRendered) Error() string {
	s := e.Source + ": " + e.Reason
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// render is one call of Render.
type render struct {
	Request
	dir  string // the application's folder in the tree
	env  *v1alpha1.Env
	res  Result
	libs *jsonnetLibs
}

// Render returns the objects of a source in Argo CD's order. An error that
// wraps *NotRendered means that the source cannot be rendered offline (a remote
// chart, a plugin, a missing chart dependency, a ref to another repository);
// any other error is a fault of the repository and names file and line where
// they are known.
func Render(ctx context.Context, req Request) (*Result, error) {
	req.Source = *req.Source.DeepCopy() // overrides and substitutions change it
	r := &render{Request: req}
	if r.Source.Chart != "" {
		return nil, remoteChart(r.Source)
	}
	if r.Source.Path == "" {
		return r.withoutPath()
	}
	if err := r.generate(ctx); err != nil {
		return nil, err
	}
	items, err := r.explode(r.res.Items)
	if err != nil {
		return nil, err
	}
	r.res.Items = items
	return &r.res, nil
}

// generate fills the result with the documents of the source, lists not yet
// taken apart.
func (r *render) generate(ctx context.Context) error {
	dir, err := appFolder(r.View, r.Source.Path)
	if err != nil {
		return err
	}
	r.dir = dir
	if err := r.checkRefs(); err != nil {
		return err
	}
	if err := r.mergeOverrides(); err != nil {
		return err
	}
	r.env = r.environment()
	kind, err := r.sourceType()
	if err != nil {
		return err
	}
	r.res.Type = kind
	r.noteRevision()
	switch kind {
	case v1alpha1.ApplicationSourceTypePlugin:
		return plugin(r.Source)
	case v1alpha1.ApplicationSourceTypeHelm:
		return r.helm(ctx)
	case v1alpha1.ApplicationSourceTypeKustomize:
		return r.kustomize(ctx)
	default:
		return r.directory(ctx)
	}
}

// withoutPath is for a source with neither path nor chart: among several it
// gives no objects and no error, alone it is an invalid spec.
func (r *render) withoutPath() (*Result, error) {
	if !r.App.Spec.HasMultipleSources() {
		return nil, errors.New("spec.source: neither path nor chart is set; write path: . for the repository's root")
	}
	r.res.Type = v1alpha1.ApplicationSourceTypeDirectory
	if !r.Source.IsRef() {
		r.note("", 0, "a source of spec.sources without path gives no objects; write path: . for the repository's root")
	}
	return &r.res, nil
}

func (r *render) kustomize(ctx context.Context) error {
	if r.Kustomize == nil {
		return fmt.Errorf("%s: a Kustomize folder, and no Kustomize builder is given", r.dir)
	}
	return guard(ctx, "kustomize", func() (err error) {
		r.res.Items, err = r.Kustomize(r.View, r.dir, r.Source.Kustomize, r.env)
		return err
	})
}

func (r *render) note(file string, line int, format string, args ...any) {
	r.res.Notes = append(r.res.Notes, Note{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

func remoteChart(s v1alpha1.ApplicationSource) error {
	what := "chart " + s.Chart
	if s.TargetRevision != "" {
		what += " " + s.TargetRevision
	}
	return &NotRendered{cluster.Missing{
		Source: what + " of " + s.RepoURL,
		Reason: "the chart is in a chart repository, which needs a network",
		Remedy: "vendor the chart into the repository and give its path to have it checked",
		Chart:  true,
	}}
}

func plugin(s v1alpha1.ApplicationSource) error {
	what := "config management plugin"
	if s.Plugin != nil && s.Plugin.Name != "" {
		what += " " + s.Plugin.Name
	}
	return &NotRendered{cluster.Missing{
		Source: what + " in " + s.Path,
		Reason: "a plugin is another program, run beside Argo CD",
		Remedy: "commit what the plugin renders to have it checked",
	}}
}
