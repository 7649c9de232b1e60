package show

import (
	"fmt"
	"io"
	"strings"

	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/report"
)

// pen colours text for a terminal, or leaves it as it is.
type pen bool

func (p pen) in(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p pen) red(s string) string   { return p.in("31", s) }
func (p pen) green(s string) string { return p.in("32", s) }
func (p pen) bold(s string) string  { return p.in("1", s) }
func (p pen) dim(s string) string   { return p.in("2", s) }

func (p pen) marked(mark byte, s string) string {
	switch mark {
	case '+':
		return p.green(s)
	case '-':
		return p.red(s)
	}
	return s
}

// text is the report for people: how much is touched first, what could not be
// rendered next, then every cluster by Application.
type text struct{ pen }

func (t text) Write(w io.Writer, r *diff.Report) error {
	var b strings.Builder
	n := r.Count()
	fmt.Fprintf(&b, "%s\n", t.bold(radius(n)))
	for _, d := range dangers(n) {
		fmt.Fprintf(&b, "  %s\n", d)
	}
	fmt.Fprintf(&b, "%s\n", t.dim("compared with "+against(r)+rendering(r)))
	for _, c := range r.Clusters {
		t.problems(&b, c.Name, c.Problems)
	}
	for _, c := range r.Clusters {
		if c.Count().Objects+len(c.Apps) > 0 || c.Change != "" {
			t.cluster(&b, c)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t text) problems(b *strings.Builder, cluster string, all []diff.Problem) {
	for _, p := range all {
		fmt.Fprintf(b, "%s %s\n", t.red("not rendered"), problem(cluster, p))
	}
}

// problem says which side, where and what.
func problem(cluster string, p diff.Problem) string {
	where := []string{p.Side}
	for _, s := range []string{cluster, p.Application} {
		if s != "" {
			where = append(where, s)
		}
	}
	out := strings.Join(where, " · ") + ": "
	if p.File != "" {
		out += report.Place(p.File, p.Line) + ": "
	}
	return clean(out + strings.Join(strings.Fields(p.Message), " "))
}

func (t text) cluster(b *strings.Builder, c *diff.Cluster) {
	title := t.bold(c.Name) + "  " + t.dim(c.File)
	if c.Change != "" {
		title += "  " + c.Change
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, a := range c.Apps {
		t.app(b, a)
	}
}

// appTitle names an Application, its wave, and whether it is new or gone.
func appTitle(a *diff.App) string {
	if a.Name == "" {
		return "(root file)"
	}
	s := fmt.Sprintf("%s  wave %d", a.Name, a.Wave)
	if a.Change != "" {
		s += "  " + a.Change
	}
	return s
}

func (t text) app(b *strings.Builder, a *diff.App) {
	fmt.Fprintf(b, "  %s\n", t.bold(clean(appTitle(a))))
	for _, o := range a.Objects {
		t.object(b, o)
	}
	for _, s := range a.NotCompared {
		fmt.Fprintf(b, "    ? %s\n", clean(s))
	}
	if a.Start == "" {
		return
	}
	fmt.Fprintf(b, "    %s\n", t.dim("syncs "+a.Start))
	for _, s := range a.Steps {
		fmt.Fprintf(b, "      %s\n", t.dim(clean(step(s))))
	}
}

// step is one step of a sync in a line.
func step(s diff.Step) string {
	var parts []string
	for _, p := range []struct {
		verb  string
		names []string
	}{{"", s.Apply}, {"runs again: ", s.Again}, {"prunes ", s.Prune}} {
		if n := len(p.names); n > maxNames {
			p.names = append(p.names[:maxNames:maxNames], fmt.Sprintf("and %d more", n-maxNames))
		}
		if len(p.names) > 0 {
			parts = append(parts, p.verb+strings.Join(p.names, ", "))
		}
	}
	name := fmt.Sprintf("wave %d: ", s.Wave)
	if s.Phase != "Sync" {
		name = s.Phase + " " + name
	}
	return name + strings.Join(parts, "; ")
}

// objectTitle names an object, what it was called, and where it is written.
func objectTitle(o *diff.Object) string {
	s := o.ID()
	if w := was(o); w != "" {
		s += "  " + w
	}
	return clean(s)
}

func (t text) object(b *strings.Builder, o *diff.Object) {
	mark := sign(o)
	fmt.Fprintf(b, "    %s %s", t.marked(mark[0], mark), t.marked(mark[0], objectTitle(o)))
	if at := report.Place(o.File, o.Line); at != "" {
		fmt.Fprintf(b, "  %s", t.dim(at))
	}
	b.WriteString("\n")
	for _, l := range fieldLines(o) {
		indent := "        "
		if l.below {
			indent += "  "
		}
		if l.mark != ' ' || l.below {
			indent += t.marked(l.mark, string(l.mark)) + " "
		}
		fmt.Fprintf(b, "%s%s\n", indent, t.marked(l.mark, l.text))
	}
	for _, r := range remarks(o) {
		s := "! " + clean(r.text)
		if r.bad {
			s = t.red(s)
		}
		fmt.Fprintf(b, "      %s\n", s)
	}
}
