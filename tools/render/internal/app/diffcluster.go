package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/expand"
	"example.com/mlops-platform/tools/render/internal/report"
)

// half is one side of one cluster.
type half struct {
	result   *expand.Result // nil: the side has no such cluster, or it cannot be read
	failed   map[string]bool
	problems []diff.Problem
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
	if err := ctx.Err(); err != nil {
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
	h.add(s, result.Findings)
	return h
}

// add takes note of the findings that keep something from being rendered.
func (h *half) add(s *session, findings []report.Finding) {
	for _, f := range findings {
		switch f.Rule {
		case "render-failed":
			h.failed[f.App.Key] = true
		case "link-outside":
		case "application-invalid", "application-depth":
			h.failed[f.Object.GetNamespace()+"/"+f.Object.GetName()] = true
		default:
			continue
		}
		s.finder.Locate(&f)
		h.problems = append(h.problems,
			diff.Problem{Application: f.AppName(), File: f.File, Line: f.Line, Message: f.Message})
	}
}

func (h *half) rendered() *diff.Rendered {
	if h.result == nil {
		return nil
	}
	return &diff.Rendered{Cluster: h.result.Cluster, Failed: h.failed}
}

func (h *half) apps() []*cluster.Application {
	if h.result == nil {
		return nil
	}
	return h.result.Cluster.Apps
}

// comparison is one cluster on both sides.
type comparison struct {
	root
	head, base *session
	now, then  *half
	late       map[string][]*cluster.Object // of deferred Applications, by key
}

func (c *comparison) compare(ctx context.Context) (*diff.Cluster, error) {
	if len(c.now.problems) > 0 && c.now.result == nil || len(c.then.problems) > 0 && c.then.result == nil {
		return &diff.Cluster{Name: c.name, File: c.file, Problems: bothSides(c.then.problems, c.now.problems)}, nil
	}
	c.renderUnpaired(ctx)
	crds, err := c.place()
	if err != nil {
		return nil, err
	}
	out := diff.Compare(diff.Input{Name: c.name, File: c.file, Base: c.then.rendered(), Tree: c.now.rendered(),
		CRDs: crds, Validator: admit.New(crds), Locate: c.locate,
		Settings: func(name, setting string) map[string]string { return c.settings(ctx, name, setting) }})
	out.Problems = bothSides(c.then.problems, c.now.problems)
	return out, nil
}

func (c *comparison) locate(side string, f *report.Finding) {
	if side == diff.Base {
		c.base.finder.Locate(f)
		return
	}
	c.head.finder.Locate(f)
}

// renderUnpaired renders the deferred Applications of the tree that the base does
// not have like that: what they say is news.
func (c *comparison) renderUnpaired(ctx context.Context) {
	for _, a := range c.now.apps() {
		if !a.Deferred {
			continue
		}
		if c.then.result != nil {
			if other := c.then.result.Cluster.ByKey(a.Key); other != nil && other.Deferred {
				continue
			}
		}
		c.now.add(c.head, c.now.result.Render(ctx, a))
	}
}

// place gives the objects of both sides their namespaces, by the definitions of
// each, and returns those of the tree.
func (c *comparison) place() ([]*unstructured.Unstructured, error) {
	now, err := c.definitions(c.head, c.now)
	if err != nil {
		return nil, err
	}
	then, err := c.definitions(c.base, c.then)
	if err != nil {
		return nil, err
	}
	c.now.place(now)
	c.then.place(then)
	return now, nil
}

func (h *half) place(crds []*unstructured.Unstructured) {
	if h.result != nil {
		expand.Place(h.result.Cluster, scoper{admit.New(crds)}) // objects claimed twice are a matter of check
	}
}

// settings are the data of a ConfigMap in the tree's cluster. If a deferred
// Application has the setting, it is rendered after all.
func (c *comparison) settings(ctx context.Context, name, setting string) map[string]string {
	if c.now.result == nil {
		return nil
	}
	objects := c.now.result.Cluster.Objects()
	for _, a := range c.now.apps() {
		if a.Deferred && c.mentions(a, []byte(setting)) {
			objects = append(objects, c.after(ctx, a)...)
		}
	}
	for _, o := range objects {
		if o.GetKind() == "ConfigMap" && o.GetName() == name {
			data, _, _ := unstructured.NestedStringMap(o.Object, "data")
			return data
		}
	}
	return nil
}

// after renders a deferred Application once, and leaves it deferred: its objects
// are the same on both sides. What is wrong with it was so before.
func (c *comparison) after(ctx context.Context, a *cluster.Application) []*cluster.Object {
	if c.late == nil {
		c.late = map[string][]*cluster.Object{}
	}
	if _, ok := c.late[a.Key]; !ok {
		missing := a.Missing
		_ = c.now.result.Render(ctx, a)
		c.late[a.Key] = a.Objects
		a.Deferred, a.Objects, a.Missing = true, nil, missing
	}
	return c.late[a.Key]
}

func (c *comparison) mentions(a *cluster.Application, text []byte) bool {
	for _, file := range c.now.result.Looked(a) {
		if data, err := c.head.tree.ReadFile(file); err == nil && bytes.Contains(data, text) {
			return true
		}
	}
	return false
}
