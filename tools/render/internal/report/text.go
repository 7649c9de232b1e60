package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// text is the report for people: findings first, what could not be checked or
// rendered next, and a summary by cluster and application last, where the eye
// is when the command ends.
type text struct{ paint painter }

func (t *text) Write(w io.Writer, r *Report) error {
	var b strings.Builder
	for _, c := range r.Clusters {
		t.findings(&b, c)
	}
	for _, c := range r.Clusters {
		t.gaps(&b, c)
	}
	t.summary(&b, r)
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *text) findings(b *strings.Builder, c *ClusterReport) {
	for _, f := range c.Findings {
		mark := t.paint.red("error")
		if f.Severity == Warning {
			mark = t.paint.yellow("warning")
		}
		where := Place(f.File, f.Line)
		if where == "" {
			where = c.Cluster.Name
		}
		fmt.Fprintf(b, "%s: %s %s: %s\n", t.paint.bold(where), mark, f.Rule, oneLine(f.Message))
		fmt.Fprintf(b, "    %s\n", t.paint.dim(subject(f)))
		if f.Remedy != "" {
			fmt.Fprintf(b, "    %s\n", f.Remedy)
		}
	}
}

// oneLine keeps a finding on the line that names its place, for programs that
// read "file:line: message".
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func subject(f Finding) string {
	parts := []string{"cluster " + f.Cluster}
	if f.App != nil {
		parts = append(parts, "application "+f.AppName())
	}
	if f.Object != nil {
		parts = append(parts, f.ObjectID())
	}
	if f.Path != "" {
		parts = append(parts, f.Path)
	}
	return strings.Join(parts, " · ")
}

// gaps lists what nobody looked at, so that silence is never taken for success.
func (t *text) gaps(b *strings.Builder, c *ClusterReport) {
	for _, a := range c.Cluster.Apps {
		for _, m := range a.Missing {
			fmt.Fprintf(b, "%s %s · application %s: %s: %s\n", t.paint.yellow("not rendered"),
				c.Cluster.Name, a.Name(), m.Source, m.Why())
		}
	}
	reasons := map[string]int{}
	for _, u := range c.Unchecked {
		reasons[unchecked(u)]++
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(b, "%s %s · %s (%d)\n", t.paint.yellow("not checked"), c.Cluster.Name, reason, reasons[reason])
	}
}

// unchecked is one line for all objects of a kind, or for one field of them.
func unchecked(u Unchecked) string {
	if u.Path == "" {
		return u.Reason
	}
	return fmt.Sprintf("%s %s · %s: %s", u.Object.GetAPIVersion(), u.Object.GetKind(), u.Path, u.Reason)
}

func (t *text) summary(b *strings.Builder, r *Report) {
	for _, c := range r.Clusters {
		fmt.Fprintf(b, "\n%s  %s\n", t.paint.bold(c.Cluster.Name), t.paint.dim(c.Cluster.File))
		tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "  application\twave\tobjects\tpass\tfail\tnot checked\tnot rendered")
		t.row(tw, "(root file)", "", c.Of(nil))
		for _, a := range c.Cluster.Apps {
			t.row(tw, strings.Repeat("  ", depth(a))+a.Name(), fmt.Sprint(a.Wave), c.Of(a))
		}
		t.row(tw, "total", "", c.Total())
		tw.Flush()
	}
	n := Total(r.Clusters)
	line := fmt.Sprintf("%d clusters, %d applications, %d objects: %d pass, %d fail, %d not checked; "+
		"%d sources not rendered; %d errors, %d warnings",
		len(r.Clusters), n.Applications, n.Objects, n.Pass, n.Fail, n.NotChecked, n.NotRendered, n.Errors, n.Warnings)
	paint := t.paint.green
	if n.Errors > 0 {
		paint = t.paint.red
	}
	fmt.Fprintf(b, "\n%s\n", paint(line))
	v := r.Versions
	fmt.Fprintf(b, "%s\n", t.paint.dim(fmt.Sprintf(
		"as Argo CD %s, kustomize %s, Helm %s, Kubernetes %s, Argo Workflows %s would",
		v.ArgoCD, v.Kustomize, v.Helm, v.Kubernetes, v.ArgoWorkflows)))
}

func (t *text) row(w io.Writer, name, wave string, c Counts) {
	dash := func(n int) string {
		if n == 0 {
			return "·"
		}
		return fmt.Sprint(n)
	}
	fmt.Fprintf(w, "  %s\t%s\t%d\t%s\t%s\t%s\t%s\n", name, wave, c.Objects, dash(c.Pass), dash(c.Fail),
		dash(c.NotChecked), dash(c.NotRendered))
}
