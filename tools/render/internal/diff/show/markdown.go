package show

import (
	"fmt"
	"html"
	"io"
	"strings"

	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/report"
)

// commentLimit is what GitHub takes in one comment, in characters. Bytes are
// counted here, of which there are never fewer.
const commentLimit = 65536

// Mark is the first line of the Markdown report: who posts it finds the comment to
// replace by it.
const Mark = "<!-- render diff -->"

// markdown is the report as one comment on a pull request: how much is touched,
// then what wants to be looked at, then every Application folded.
type markdown struct{ limit int }

// part is one Application of one cluster.
type part struct {
	cluster *diff.Cluster
	app     *diff.App
}

func (m markdown) Write(w io.Writer, r *diff.Report) error {
	var parts []part
	for _, c := range r.Clusters {
		for _, a := range c.Apps {
			parts = append(parts, part{c, a})
		}
	}
	head := m.head(r, parts)
	footer := fmt.Sprintf("\n_Left out to fit into %d characters: what says so above. "+
		"`render diff --base %.12s` shows all of it._\n", m.limit, r.Base.Commit)
	_, err := io.WriteString(w, head+m.fit(parts, m.limit-len(head)-len(footer), footer))
	return err
}

// fit writes as much as the room allows. An Application that does not fit names
// what it leaves out; footer is added if any does.
func (m markdown) fit(parts []part, room int, footer string) string {
	var b strings.Builder
	later := 0
	for _, p := range parts {
		later += len(p.brief())
	}
	complete := true
	shown := seen{}
	for i, p := range parts {
		later -= len(p.brief())
		block, whole := p.block(room-leftOutLine-b.Len()-later, shown)
		if b.Len()+len(block) > room-leftOutLine {
			complete = false
			fmt.Fprintf(&b, "\n%d more applications are left out.\n", len(parts)-i)
			break
		}
		complete = complete && whole
		b.WriteString(block)
		if whole {
			shown.add(p)
		}
	}
	if !complete {
		b.WriteString(footer)
	}
	return b.String()
}

// leftOutLine is room for the line that counts what is left out altogether.
const leftOutLine = 64

func (m markdown) head(r *diff.Report, parts []part) string {
	n := r.Count()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n### render diff: %s\n\n", Mark, radius(n))
	if d := dangers(n); len(d) > 0 {
		fmt.Fprintf(&b, "**%s**\n\n", strings.Join(d, ", "))
	}
	fmt.Fprintf(&b, "Compared with `%s`%s.\n", strings.ReplaceAll(against(r), "`", "'"), rendering(r))
	var lines []string
	for _, c := range r.Clusters {
		for _, p := range c.Problems {
			lines = append(lines, "not rendered: "+problem(c.Name, p))
		}
	}
	for _, p := range parts {
		for _, o := range p.app.Objects {
			for _, x := range remarks(o) {
				if x.bad {
					lines = append(lines, fmt.Sprintf("%s: %s: %s", p.title(), o.ID(), x.text))
				}
			}
		}
	}
	if len(lines) > 0 {
		b.WriteString("\n")
	}
	for i, l := range lines {
		if i == maxCalls {
			fmt.Fprintf(&b, "- … and %d more\n", len(lines)-i)
			break
		}
		fmt.Fprintf(&b, "- :warning: %s\n", escape(short(l)))
	}
	return b.String() + "\n"
}

// maxCalls bounds the list of what wants to be looked at.
const maxCalls = 25

// escape takes the meaning out of Markdown and HTML.
func escape(s string) string {
	var b strings.Builder
	for _, r := range html.EscapeString(clean(s)) {
		if strings.ContainsRune("\\*_`[]|", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if r == '@' {
			b.WriteRune('\u200b') // nobody is told
		}
	}
	return b.String()
}

func (p part) title() string { return p.cluster.Name + " · " + appName(p.app.Name) }

func (p part) summary() string {
	n := p.app.Count()
	all := append(kinds(n), dangers(n)...)
	s := fmt.Sprintf("<b>%s · %s</b>", html.EscapeString(clean(p.cluster.Name)), html.EscapeString(clean(appTitle(p.app))))
	return s + ": " + strings.Join(all, ", ")
}

// maxNames bounds the objects that are named where their details are left out.
const maxNames = 20

// brief is an Application of which nothing but names is shown.
func (p part) brief() string {
	return fmt.Sprintf("\n%s\n%s\n", p.summary(), leftOut(p.app.Objects))
}

func leftOut(objects []*diff.Object) string {
	var names []string
	for i, o := range objects {
		if i == maxNames {
			names = append(names, fmt.Sprintf("and %d more", len(objects)-i))
			break
		}
		names = append(names, escape(short(sign(o)+" "+objectTitle(o))))
	}
	return "Details left out: " + strings.Join(names, ", ")
}

// seen says in which cluster an object was shown with these very details: what
// three clusters have alike is read once.
type seen map[string]string

func (s seen) add(p part) {
	for _, o := range p.app.Objects {
		if text := markdownObject(o); s[text] == "" && strings.Count(text, "\n") > 2 {
			s[text] = clean(p.cluster.Name)
		}
	}
}

// block is an Application with as many details as fit into room.
func (p part) block(room int, shown seen) (text string, whole bool) {
	objects := make([]string, len(p.app.Objects))
	for i, o := range p.app.Objects {
		objects[i] = markdownObject(o)
		if first := shown[objects[i]]; first != "" {
			title, _, _ := strings.Cut(objects[i], "\n")
			objects[i] = fmt.Sprintf("%s\n  the same as in %s\n", title, first)
		}
	}
	if s := p.details(objects); len(s) <= room {
		return s, true
	}
	for shown := fewer(len(objects)); shown > 0; shown = fewer(shown) {
		if size(objects[:shown]) > room {
			continue
		}
		if s := p.details(objects[:shown]); len(s) <= room {
			return s, false
		}
	}
	return p.brief(), false
}

func size(texts []string) (n int) {
	for _, s := range texts {
		n += len(s)
	}
	return n
}

// fewer takes big steps from many objects and small ones from few.
func fewer(n int) int { return n - max(1, n/8) }

// details is an Application with its first objects; it names the others.
func (p part) details(objects []string) string {
	var b strings.Builder
	for _, o := range objects {
		b.WriteString(o)
	}
	for _, s := range p.app.NotCompared {
		fmt.Fprintf(&b, "? %s\n", clean(s))
	}
	if p.app.Start != "" {
		fmt.Fprintf(&b, "\nsyncs %s\n", p.app.Start)
	}
	for _, s := range p.app.Steps {
		fmt.Fprintf(&b, "  %s\n", clean(step(s)))
	}
	body := b.String()
	fence := strings.Repeat("`", max(3, longestRun(body, '`')+1))
	out := fmt.Sprintf("\n<details><summary>%s</summary>\n\n%sdiff\n%s%s\n\n</details>\n", p.summary(), fence, body, fence)
	if len(objects) < len(p.app.Objects) {
		out = fmt.Sprintf("%s\n%s\n", out, leftOut(p.app.Objects[len(objects):]))
	}
	return out
}

func markdownObject(o *diff.Object) string {
	var b strings.Builder
	title := sign(o) + " " + objectTitle(o)
	if at := report.Place(o.File, o.Line); at != "" {
		title += "  " + at
	}
	fmt.Fprintf(&b, "@@ %s @@\n", title)
	for _, l := range fieldLines(o) {
		if l.below {
			l.text = "  " + l.text
		}
		fmt.Fprintf(&b, "%c %s\n", l.mark, l.text)
	}
	for _, r := range remarks(o) {
		fmt.Fprintf(&b, "! %s\n", clean(r.text))
	}
	return b.String()
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
