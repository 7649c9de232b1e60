package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/diff/show"
	"example.com/mlops-platform/tools/render/internal/expand"
	"example.com/mlops-platform/tools/render/internal/report"
	"example.com/mlops-platform/tools/render/internal/revision"
	"example.com/mlops-platform/tools/render/internal/tree"
)

// diffTrees compares what a revision and the working tree put into each cluster.
func diffTrees(ctx context.Context, o *options) error {
	r, err := compare(ctx, o, false)
	if r != nil {
		if err := show.New(o.format, o.colour).Write(o.stdout, r); err != nil {
			return err
		}
	}
	if err == nil && !r.Empty() {
		return errFindings
	}
	return err
}

// compare renders the working tree, then of the base what differs from it: all of
// it if that is asked for. A report beside an error says how far it came.
func compare(ctx context.Context, o *options, all bool) (*diff.Report, error) {
	dir, err := o.repository()
	if err != nil {
		return nil, err
	}
	t, err := tree.Open(dir)
	if err != nil {
		return nil, err
	}
	commit, err := revision.Open(t.Dir(), o.base)
	if err != nil {
		return nil, err
	}
	head, err := load(o, t)
	if err != nil {
		return nil, err
	}
	r := &diff.Report{Versions: versions(head.config.KubeVersion), Base: diff.Revision{Name: commit.Name, Commit: commit.Hash}}
	base, baseErr := load(o, tree.OpenFiles(commit))
	pairs, err := head.rootPairs(base)
	if err != nil {
		return nil, err
	}
	kept, again := &expand.Renders{}, &expand.Renders{}
	now, err := head.render(ctx, pairs, func(e *expand.Expander) { e.Kept = kept })
	if err != nil {
		return nil, err
	}
	if baseErr != nil {
		for _, p := range pairs {
			r.Clusters = append(r.Clusters, &diff.Cluster{Name: p.name, File: p.file, Problems: now[p.name].problems})
		}
		return r, fmt.Errorf("the base %s: %w", commit.Name, baseErr)
	}
	then, err := base.render(ctx, pairs, func(e *expand.Expander) {
		if e.Kept = again; !all {
			e.Known = expand.NewKnown(kept, head.modules, base.tree, base.modules)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", commit.Name, err)
	}
	r.Rendered = diff.Rendering{Tree: kept.Count(), Base: again.Count()}
	if err := place(head, base, now, then); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		r.Clusters = append(r.Clusters, compareCluster(p, head, base, now[p.name], then[p.name]))
	}
	return r, nil
}

// rootPairs are the clusters to compare: those asked for, or all of both sides.
func (s *session) rootPairs(base *session) ([]root, error) {
	if s.options.root != "" {
		file, err := s.inTree(s.options.root)
		if err != nil {
			return nil, err
		}
		return []root{{nameOf(file), file}}, nil
	}
	have := s.clusterRoots()
	if base != nil {
		maps.Copy(have, base.clusterRoots())
	}
	if len(have) == 0 {
		return nil, usagef("no clusters/<name>/root.yaml on either side: name a root Application with --root FILE")
	}
	wanted := s.clusters
	if len(wanted) == 0 {
		wanted = slices.Sorted(maps.Keys(have))
	}
	var out []root
	for _, n := range wanted {
		if have[n] == "" {
			return nil, usagef("no cluster %q on either side; there are %s", n, strings.Join(slices.Sorted(maps.Keys(have)), ", "))
		}
		out = append(out, root{n, have[n]})
	}
	return out, nil
}

// half is one side of one cluster.
type half struct {
	result    *expand.Result // nil: the side has no such cluster, or it cannot be read
	failed    map[string]bool
	problems  []diff.Problem
	validator *admit.Validator
	crds      []*unstructured.Unstructured
}

// render expands every cluster of one side. What is wrong with one cluster does
// not keep the others from being rendered.
func (s *session) render(ctx context.Context, roots []root, set func(*expand.Expander)) (map[string]*half, error) {
	defer s.shown.done()
	e, err := s.expander()
	if err != nil {
		return nil, err
	}
	set(e)
	halves := make([]*half, len(roots))
	var g errgroup.Group
	for i, r := range roots {
		g.Go(func() error {
			halves[i] = s.renderOne(ctx, e, r)
			return nil
		})
	}
	_ = g.Wait() // what is wrong is in the halves
	if err := errors.Join(ctx.Err(), s.modules.Verify()); err != nil {
		return nil, err
	}
	out := map[string]*half{}
	for i, r := range roots {
		out[r.name] = halves[i]
	}
	return out, nil
}

func (s *session) renderOne(ctx context.Context, e *expand.Expander, r root) *half {
	h := &half{failed: map[string]bool{}}
	// A link that leads nowhere is a root too: reading it says what is wrong.
	if _, _, err := s.tree.Resolve(r.file); errors.Is(err, fs.ErrNotExist) {
		return h
	}
	result, err := e.Expand(ctx, r.name, r.file)
	if err != nil {
		h.problems = []diff.Problem{{Message: err.Error()}}
		return h
	}
	h.result = result
	for _, f := range result.Findings {
		h.add(f, s.finder.Locate)
	}
	return h
}

// add takes note of a finding that keeps something from being rendered.
func (h *half) add(f report.Finding, find func(*report.Finding)) {
	switch f.Rule {
	case "render-failed", "link-outside":
		if f.App != nil {
			h.failed[f.App.Key] = h.failed[f.App.Key] || f.Rule == "render-failed"
		}
	case "application-invalid", "application-depth":
		h.failed[f.Object.GetNamespace()+"/"+f.Object.GetName()] = true
	default:
		return
	}
	find(&f)
	h.problems = append(h.problems, diff.Problem{Application: f.AppName(), File: f.File, Line: f.Line, Message: f.Message})
}

// place gives the objects of both sides their namespaces. The schemas of the base
// are those of the tree unless something says otherwise.
func place(head, base *session, now, then map[string]*half) error {
	schemas, err := head.schemas()
	if err != nil {
		return err
	}
	older, err := base.schemasLike(head, schemas)
	if err != nil {
		return fmt.Errorf("the base: %w", err)
	}
	for _, h := range now {
		h.place(schemas)
	}
	for _, h := range then {
		h.place(older)
	}
	return nil
}

func (h *half) place(schemas []*unstructured.Unstructured) {
	if h.result == nil {
		return
	}
	h.crds = slices.Clone(schemas)
	for _, o := range h.result.Cluster.Objects() {
		if o.GetKind() == crdKind {
			h.crds = append(h.crds, o.Unstructured)
		}
	}
	h.validator = admit.New(h.crds)
	expand.Place(h.result.Cluster, scoper{h.validator}) // objects claimed twice are a matter of check
}

// schemasLike reads the schemas that the settings name, unless those of another
// side are the same.
func (s *session) schemasLike(other *session, theirs []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	if slices.Equal(s.config.Schemas, other.config.Schemas) && s.modules.Same(other.modules) &&
		other.schemaTrace.Holds(s.tree) {
		return theirs, nil
	}
	return s.schemas()
}

func compareCluster(r root, head, base *session, now, then *half) *diff.Cluster {
	out := &diff.Cluster{Name: r.name, File: r.file}
	if len(now.problems) > 0 && now.result == nil || len(then.problems) > 0 && then.result == nil {
		out.Problems = bothSides(then.problems, now.problems)
		return out
	}
	in := diff.Input{Name: r.name, File: r.file, Base: then.rendered(), Tree: now.rendered(),
		CRDs: now.crds, Validator: now.validator,
		Locate: func(side string, f *report.Finding) {
			if side == diff.Base {
				base.finder.Locate(f)
				return
			}
			head.finder.Locate(f)
		}}
	out = diff.Compare(in)
	out.Problems = bothSides(then.problems, now.problems)
	return out
}

func (h *half) rendered() *diff.Rendered {
	if h.result == nil {
		return nil
	}
	return &diff.Rendered{Cluster: h.result.Cluster, Failed: h.failed}
}

// bothSides says of each problem on which side it is. One that both have is told
// once.
func bothSides(base, tree []diff.Problem) []diff.Problem {
	same := func(a diff.Problem) func(diff.Problem) bool {
		return func(b diff.Problem) bool {
			return a.Application == b.Application && a.File == b.File && a.Message == b.Message
		}
	}
	var out []diff.Problem
	for _, p := range tree {
		if p.Side = diff.Tree; slices.ContainsFunc(base, same(p)) {
			p.Side = diff.Both
		}
		out = append(out, p)
	}
	for _, p := range base {
		if p.Side = diff.Base; !slices.ContainsFunc(tree, same(p)) {
			out = append(out, p)
		}
	}
	return out
}
