package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/diff/show"
	"example.com/mlops-platform/tools/render/internal/expand"
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
	r := &diff.Report{Versions: versions(head.config.KubeVersion),
		Base: diff.Revision{Name: commit.Name, Commit: commit.Hash}}
	base, baseErr := load(o, tree.OpenFiles(commit))
	pairs, err := head.rootPairs(base)
	if err != nil {
		return nil, err
	}
	if baseErr != nil {
		return brokenBase(ctx, r, head, pairs, fmt.Errorf("the base %s: %w", commit.Name, baseErr))
	}
	pair := expand.NewPair(expand.Revision{Tree: head.tree, Modules: head.modules},
		expand.Revision{Tree: base.tree, Modules: base.modules}, all)
	now, err := head.render(ctx, pairs, func(e *expand.Expander) { e.Newer = pair })
	if err != nil {
		return nil, err
	}
	then, err := base.render(ctx, pairs, func(e *expand.Expander) { e.Older = pair })
	if err != nil {
		return nil, fmt.Errorf("the base %s: %w", commit.Name, err)
	}
	for _, p := range pairs {
		c := &comparison{root: p, head: head, base: base, now: now[p.name], then: then[p.name]}
		out, err := c.compare(ctx)
		if err != nil {
			return nil, err
		}
		r.Clusters = append(r.Clusters, out)
	}
	r.Rendered.Tree, r.Rendered.Base = pair.Rendered()
	if err := errors.Join(head.modules.Verify(), base.modules.Verify()); err != nil {
		return nil, err
	}
	return r, nil
}

// brokenBase reports on the tree alone.
func brokenBase(ctx context.Context, r *diff.Report, head *session, roots []root, err error) (*diff.Report, error) {
	now, headErr := head.render(ctx, roots, func(*expand.Expander) {})
	if headErr = errors.Join(headErr, head.modules.Verify()); headErr != nil {
		return nil, errors.Join(headErr, err)
	}
	for _, p := range roots {
		r.Clusters = append(r.Clusters, &diff.Cluster{Name: p.name, File: p.file,
			Problems: bothSides(nil, now[p.name].problems)})
	}
	return r, err
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
			return nil, usagef("no cluster %q on either side; there are %s", n,
				strings.Join(slices.Sorted(maps.Keys(have)), ", "))
		}
		out = append(out, root{n, have[n]})
	}
	return out, nil
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
