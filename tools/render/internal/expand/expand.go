// Package expand follows one root Application to everything it brings to a
// cluster: child Applications to any depth, and the objects of each.
package expand

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"golang.org/x/sync/errgroup"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/decode"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/kust"
	"example.com/mlops-platform/tools/render/internal/locate"
	"example.com/mlops-platform/tools/render/internal/report"
	"example.com/mlops-platform/tools/render/internal/source"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// Expander renders clusters of one repository.
type Expander struct {
	Tree    *tree.Tree
	Modules *gomod.Modules
	Builder *kust.Builder
	// KubeVersion is what Helm charts see as .Capabilities.KubeVersion.
	KubeVersion string
	// Started is told each application as its render begins; it may be nil.
	Started func(clusterName, app string)
	// LinksOut are tracked symbolic links that leave the repository. One is
	// enough for Argo CD to refuse every source of it.
	LinksOut []string
	// Newer or Older is set if this is that revision of a pair.
	Newer, Older *Pair

	duplicate sync.Map // file -> duplicateKey: bases are read by many applications
	makes     sync.Map // file -> bool: whether it may make an Application
}

// duplicateKey is a key that a file has twice; the line is 0 if there is none.
type duplicateKey struct {
	line    int
	message string
}

// Result is a cluster and what went wrong on the way to it.
type Result struct {
	Cluster  *cluster.Cluster
	Findings []report.Finding

	run *run
}

// run is the state of one expansion.
type run struct {
	*Expander
	cluster  *cluster.Cluster
	repoURL  string // of the root: what "this repository" is called
	revision string
	seen     map[string]*cluster.Application
	findings []report.Finding
	mu       sync.Mutex
	looked   map[string][]string // by key: what deferred applications are made of
	// kustomizer builds Kustomize folders.
	kustomizer source.Kustomizer
}

// Expand renders the cluster whose root Application is in file. An error means
// that there is no cluster to speak of; faults below the root are findings.
func (e *Expander) Expand(ctx context.Context, name, file string) (*Result, error) {
	r := &run{Expander: e, seen: map[string]*cluster.Application{}, looked: map[string][]string{}}
	r.kustomizer = r.kustomize
	r.cluster = &cluster.Cluster{Name: name, File: file}
	level, err := r.roots(file)
	if err != nil {
		return nil, fmt.Errorf("reading root: %w", err)
	}
	for _, link := range e.LinksOut {
		r.find(report.Finding{Rule: "link-outside", App: level[0], File: link,
			Message: "the symbolic link is absolute or leaves the repository"})
	}
	for len(level) > 0 {
		if err := r.renderAll(ctx, level); err != nil {
			return nil, err
		}
		var next []*cluster.Application
		for _, a := range level {
			next = append(next, r.children(a)...)
		}
		level = next
	}
	r.cluster.Apps = ordered(r.cluster.Apps)
	r.settle()
	sort.Slice(r.findings, func(i, j int) bool { return r.findings[i].Less(r.findings[j]) })
	return &Result{Cluster: r.cluster, Findings: r.findings, run: r}, nil
}

// roots reads the root file: one or more Applications, and what is applied by
// hand with them.
func (r *run) roots(file string) ([]*cluster.Application, error) {
	objects, err := readObjects(r.Tree, file)
	if err != nil {
		return nil, err
	}
	var roots []*cluster.Application
	for _, o := range objects {
		if !isApplication(o) {
			r.cluster.Given = append(r.cluster.Given, o)
			continue
		}
		if o.GetNamespace() == "" {
			o.SetNamespace(controlPlane)
		}
		a, err := newApplication(o, nil)
		if err != nil {
			f := report.Finding{Object: o, Path: pathOf(err)}
			locate.New(r.Tree).Locate(&f)
			return nil, fmt.Errorf("%s: %w", report.Place(f.File, f.Line), err)
		}
		r.seen[a.Key] = a
		roots = append(roots, a)
		r.cluster.Given = append(r.cluster.Given, o)
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("%s: no object of kind Application (argoproj.io/v1alpha1) in it", file)
	}
	r.cluster.Apps = append(r.cluster.Apps, roots...)
	r.repoURL, r.revision = ownRepository(roots[0])
	return roots, nil
}

func ownRepository(root *cluster.Application) (url, revision string) {
	for _, s := range root.Spec.Spec.GetSources() {
		if s.Chart == "" && s.RepoURL != "" {
			return s.RepoURL, s.TargetRevision
		}
	}
	return "", ""
}

func (r *run) renderAll(ctx context.Context, apps []*cluster.Application) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, a := range apps {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if r.Started != nil {
				r.Started(r.cluster.Name, a.Name())
			}
			r.render(ctx, a)
			return nil
		})
	}
	return g.Wait()
}

// children turns the Applications among an application's objects into the next
// level. The order is that of the objects, so it does not depend on timing.
func (r *run) children(a *cluster.Application) []*cluster.Application {
	var next []*cluster.Application
	for _, o := range a.Objects {
		switch {
		case isApplicationSet(o):
			a.Missing = append(a.Missing, cluster.Missing{
				Source: "ApplicationSet " + o.GetName(),
				Reason: "generators of ApplicationSets are not expanded",
				Remedy: "check one of its Applications with --root", Index: -1,
			})
		case isApplication(o):
			if child := r.child(a, o); child != nil {
				next = append(next, child)
			}
		}
	}
	r.cluster.Apps = append(r.cluster.Apps, next...)
	return next
}

// maxDepth bounds the applications above one. A template that declares its own
// successor would otherwise never end; the deepest tree seen in the field has 4.
const maxDepth = 32

func (r *run) child(parent *cluster.Application, o *cluster.Object) *cluster.Application {
	if chain := strings.Split(pathTo(parent, nil), " -> "); len(chain) >= maxDepth {
		r.find(report.Finding{Rule: "application-depth", Object: o, Path: "metadata.name",
			Message: fmt.Sprintf("more than %d applications above %s: … -> %s", maxDepth, o.GetName(),
				strings.Join(chain[len(chain)-3:], " -> "))})
		return nil
	}
	if o.GetNamespace() == "" {
		o.SetNamespace(parent.Spec.Spec.Destination.Namespace)
	}
	child, err := newApplication(o, parent)
	if err != nil {
		r.find(report.Finding{Rule: "application-invalid", Object: o, Path: pathOf(err), Message: err.Error()})
		return nil
	}
	first, again := r.seen[child.Key]
	if !again {
		r.seen[child.Key] = child
		parent.Children = append(parent.Children, child)
		return child
	}
	if cycle := pathTo(parent, first); cycle != "" {
		if !sameSpec(first, child) || first != parent {
			r.find(report.Finding{Rule: "application-cycle", Object: o, Path: "metadata.name",
				Message: "applications form a cycle: " + cycle + " -> " + child.Name()})
		}
		return nil // an application that manages itself, unchanged, is a known pattern
	}
	r.find(report.Finding{Rule: "application-duplicate", Object: o, Path: "metadata.name",
		Message: fmt.Sprintf("Application %s is also declared by %s", child.Key, declaredBy(first))})
	return nil
}

// pathOf is the field that could not be decoded.
func pathOf(err error) string {
	var fault *decode.Fault
	if errors.As(err, &fault) {
		return fault.Path
	}
	return ""
}

func declaredBy(a *cluster.Application) string {
	if a.Parent == nil {
		return "the root file"
	}
	return "application " + a.Parent.Name()
}

// pathTo lists the applications from up, or from the root if up is nil, to a; it
// is "" when up is not above a.
func pathTo(a, up *cluster.Application) string {
	var names []string
	for x := a; x != nil; x = x.Parent {
		names = append([]string{x.Name()}, names...)
		if x == up || up == nil && x.Parent == nil {
			return strings.Join(names, " -> ")
		}
	}
	return ""
}

func (r *run) find(f report.Finding) {
	f.Cluster = r.cluster.Name
	if f.Object != nil && f.App == nil {
		f.App = f.Object.App
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.findings = append(r.findings, f)
}

// render fills one application, from the other revision of a pair if it must be
// the same there.
func (r *run) render(ctx context.Context, a *cluster.Application) {
	if r.Newer == nil && r.Older == nil {
		r.build(ctx, a, "")
		return
	}
	key := r.keyOf(a)
	if known := r.Older.known(key); known != nil {
		r.reuse(a, known)
		return
	}
	if same, ok := r.unchanged(ctx, a, r.Newer); ok {
		a.Deferred, a.Missing = true, same.missing
		r.Newer.keep(key, same)
		return
	}
	r.build(ctx, a, key)
}

// build renders one application. Its faults are findings, so that all of a
// repository's faults are reported in one run.
func (r *run) build(ctx context.Context, a *cluster.Application, key string) {
	var traces []*tree.Trace
	defer func() { r.Newer.keep(key, r.rendered(a, traces)) }()
	r.Newer.count(0)
	r.Older.count(1)
	spec := &a.Spec.Spec
	if spec.SourceHydrator != nil {
		a.Missing = append(a.Missing, cluster.Missing{
			Source: "sourceHydrator", Reason: "hydrated branches are not in this working tree",
			Remedy: "check the dry source with an Application of its own",
		})
		return
	}
	sources := spec.GetSources()
	reads := map[string]bool{}
	for i := range sources {
		// A view for each source: Argo CD renders each from a clean checkout, and
		// overrides are written into the view.
		traces = append(traces, &tree.Trace{})
		view := tree.NewView(r.Tree.Traced(traces[i]))
		if err := r.source(ctx, view, a, sources, i); err != nil {
			for _, fault := range flat(err) {
				r.failed(a, sourcePath(spec, i), fault.Error())
			}
		}
		for _, file := range view.Reads() {
			reads[file] = true
		}
	}
	a.Reads = slices.Sorted(maps.Keys(reads))
}

// failed reports what kept a source from being rendered, at the file that the
// message names.
func (r *run) failed(a *cluster.Application, path, message string) {
	f := report.Finding{Rule: "render-failed", App: a, Object: a.Object, Path: path, Message: message}
	if f.File, f.Line = r.placeIn(message); f.File != "" {
		f.Message = strings.Replace(message, report.Place(f.File, f.Line)+": ", "", 1)
	} else if strings.HasPrefix(message, "spec.source.path") {
		f.Path += ".path"
	}
	r.find(f)
}

func sourcePath(spec *v1alpha1.ApplicationSpec, i int) string {
	if spec.HasMultipleSources() {
		return fmt.Sprintf("spec.sources[%d]", i)
	}
	return "spec.source"
}

var inMessage = regexp.MustCompile(`(?:^|[ "'])([^ "':]+)(?::([0-9]+))?:`)

// placeIn finds the file that a message names, so that the finding points at it
// and not at the Application.
func (r *run) placeIn(message string) (file string, line int) {
	for _, m := range inMessage.FindAllStringSubmatch(message, -1) {
		if r.Tree.IsFile(m[1]) {
			n, _ := strconv.Atoi(m[2]) // no line is line 0
			return m[1], n
		}
	}
	return "", 0
}
