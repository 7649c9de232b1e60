package expand

import (
	"bytes"
	"context"
	"errors"
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
)

// errLooked ends the render of a source whose inputs are all that is wanted.
var errLooked = errors.New("looked at, not rendered")

// unchanged says whether an application need not be rendered to know that it is
// the same in the older revision. Only the kustomizations are read; it holds if all
// folders that a build may read from are the same to the last file, and if nothing
// in them can make an Application, whose own sources might differ. To build costs a
// hundred times as much.
func (r *run) unchanged(ctx context.Context, a *cluster.Application, p *Pair) (*rendered, bool) {
	if p == nil || p.all || a.Parent == nil || a.Spec.Spec.SourceHydrator != nil {
		return nil, false
	}
	look := &looker{run: &run{Expander: r.Expander, cluster: r.cluster, repoURL: r.repoURL, revision: r.revision}}
	out, ok := look.at(ctx, a)
	if !ok || !p.answers(out) {
		return nil, false
	}
	for _, folder := range look.folders {
		if !strings.HasPrefix(folder, gomod.MountRoot+"/") && !p.folders.Same(folder) {
			return nil, false
		}
	}
	if slices.ContainsFunc(look.files, r.mayMakeApplication) {
		return nil, false
	}
	r.mu.Lock()
	r.looked[a.Key] = look.files
	r.mu.Unlock()
	return out, true
}

// looker finds the inputs of an application's sources.
type looker struct {
	*run
	folders, files []string
}

func (l *looker) at(ctx context.Context, a *cluster.Application) (*rendered, bool) {
	scratch := *a
	scratch.Objects, scratch.Missing = nil, nil
	l.kustomizer = l.inputs
	out := &rendered{deferred: true}
	sources := scratch.Spec.Spec.GetSources()
	for i := range sources {
		trace := &tree.Trace{}
		out.traces = append(out.traces, trace)
		err := l.source(ctx, tree.NewView(l.Tree.Traced(trace)), &scratch, sources, i)
		if err != nil && !errors.Is(err, errLooked) {
			return nil, false // the render says what is wrong
		}
	}
	out.missing = scratch.Missing
	offline := slices.ContainsFunc(out.missing, func(m cluster.Missing) bool { return !m.Chart })
	return out, len(scratch.Objects) == 0 && !offline && !slices.ContainsFunc(l.findings, fails)
}

func fails(f report.Finding) bool { return f.Rule != "key-duplicate" }

// inputs stands in for the builder.
func (l *looker) inputs(v *tree.View, dir string, o *v1alpha1.ApplicationSourceKustomize,
	env *v1alpha1.Env,
) ([]source.Item, error) {
	in, err := l.Builder.Inputs(v, dir, o, env)
	if err != nil {
		return nil, err
	}
	if in == nil {
		return nil, errors.New("anything may be read")
	}
	l.folders = append(l.folders, in.Folders...)
	l.files = append(l.files, in.Files...)
	return nil, errLooked
}

// mayMakeApplication says whether a file could be the reason for an object of kind
// Application or ApplicationSet. A document that says at its top what other kind
// it is cannot; one that does not say, such as a patch, can if it has the word.
func (e *Expander) mayMakeApplication(file string) bool {
	if v, ok := e.makes.Load(file); ok {
		return v.(bool)
	}
	data, err := e.Tree.ReadFile(file)
	may := err != nil || mayMake(data)
	if err == nil && kust.IsKustomization(path.Base(file)) {
		may = speaksOf(data)
	}
	e.makes.Store(file, may)
	return may
}

var word = []byte("Application")

// speaksOf looks for the word outside of comments.
func speaksOf(data []byte) bool {
	for line := range bytes.Lines(data) {
		code, _, _ := bytes.Cut(line, []byte("#"))
		if bytes.Contains(code, word) {
			return true
		}
	}
	return false
}

func mayMake(data []byte) bool {
	if !bytes.Contains(data, word) {
		return false
	}
	for _, doc := range bytes.Split(data, []byte("\n---")) {
		if kind := topKind(doc); (kind == "" || strings.HasSuffix(kind, "List") || strings.HasPrefix(kind, string(word))) &&
			speaksOf(doc) {
			return true
		}
	}
	return false
}

// topKind is the kind that a document in block style names in its first column,
// "" if it names none or more than one.
func topKind(doc []byte) string {
	kind := ""
	for line := range bytes.Lines(doc) {
		value, ok := bytes.CutPrefix(line, []byte("kind:"))
		if !ok {
			continue
		}
		if kind != "" {
			return ""
		}
		value, _, _ = bytes.Cut(value, []byte(" #"))
		kind = strings.Trim(string(bytes.TrimSpace(value)), `"'`)
	}
	return kind
}

// Render renders an application that was deferred. What is wrong with it is
// returned.
func (r *Result) Render(ctx context.Context, a *cluster.Application) []report.Finding {
	a.Deferred, a.Missing = false, nil
	before := len(r.run.findings)
	r.run.build(ctx, a, "")
	for _, o := range a.Objects {
		o.App = a
	}
	return r.run.findings[before:]
}

// Looked are the files that the deferred applications of a cluster are made of.
func (r *Result) Looked(a *cluster.Application) []string { return r.run.looked[a.Key] }
