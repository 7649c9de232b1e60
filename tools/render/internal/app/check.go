package app

import (
	"context"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/expand"
	"example.com/mlops-platform/tools/render/internal/lint"
	"example.com/mlops-platform/tools/render/internal/report"
)

func check(ctx context.Context, o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	clusters, err := s.checkAll(ctx)
	if err != nil {
		return err
	}
	r := &report.Report{Versions: versions(s.config.KubeVersion), Clusters: clusters}
	if err := report.New(o.format, o.colour).Write(o.stdout, r); err != nil {
		return err
	}
	return verdict(clusters, o.failOn)
}

// verdict turns counts into the exit code. What could not be looked at fails a
// run only when asked to, and is never counted as passed.
func verdict(clusters []*report.ClusterReport, failOn string) error {
	c := report.Total(clusters)
	failed := c.Errors
	if failOn == "warning" || failOn == "gap" {
		failed += c.Warnings
	}
	if failOn == "gap" {
		failed += c.NotRendered
		for _, r := range clusters {
			failed += len(r.Unchecked) // objects, and single fields of others
		}
	}
	if failed > 0 {
		return errFindings
	}
	return nil
}

// checkAll renders and checks every cluster.
func (s *session) checkAll(ctx context.Context) ([]*report.ClusterReport, error) {
	results, err := s.expand(ctx)
	if err != nil {
		return nil, err
	}
	s.shown.say("validating")
	defer s.shown.done()
	out := make([]*report.ClusterReport, len(results))
	var g errgroup.Group
	for i, res := range results {
		g.Go(func() error {
			out[i] = s.checkOne(res)
			return nil
		})
	}
	return out, g.Wait()
}

func (s *session) checkOne(res *expand.Result) *report.ClusterReport {
	c := res.Cluster
	v := s.shared.of(c)
	findings := res.Findings
	objects := c.Objects()
	results := s.shared.validateAll(v, objects)
	in := &lint.Input{Cluster: c, Validator: v, Results: results}
	findings = append(findings, lint.Run(in)...)
	r := &report.ClusterReport{Cluster: c, Statuses: map[*cluster.Object]report.Status{}}
	for _, f := range findings {
		f = lint.Complete(f)
		s.finder.Locate(&f)
		r.Findings = append(r.Findings, f)
	}
	sort.SliceStable(r.Findings, func(i, j int) bool { return r.Findings[i].Less(r.Findings[j]) })
	settle(r, objects, in)
	return r
}

// settle gives every object its status, and lists what was not checked.
func settle(r *report.ClusterReport, objects []*cluster.Object, in *lint.Input) {
	for _, o := range objects {
		res := in.Results[o]
		r.Statuses[o] = report.Pass
		if res.Status == admit.NotChecked && !lint.Typed(o) {
			r.Statuses[o] = report.NotChecked
			r.Unchecked = append(r.Unchecked, report.Unchecked{Object: o, Reason: res.Reason})
		}
		for _, f := range res.Newer {
			r.Unchecked = append(r.Unchecked, report.Unchecked{Object: o, Path: f.Path,
				Reason: strings.TrimPrefix(f.Message, "not checked: ")})
		}
	}
	for _, f := range r.Findings {
		if f.Object != nil && f.Severity == report.Error && r.Statuses[f.Object] == report.Pass {
			r.Statuses[f.Object] = report.Fail
		}
	}
}

type scoper struct{ v *admit.Validator }

// ClusterScoped asks the schemas.
func (s scoper) ClusterScoped(gk schema.GroupKind) bool { return s.v.Scope(gk) == admit.Cluster }
