// Package show writes a comparison for people and for programs.
package show

import (
	"fmt"
	"io"
	"strings"

	"example.com/mlops-platform/tools/render/internal/diff"
)

// Writer writes a report in one format.
type Writer interface {
	Write(w io.Writer, r *diff.Report) error
}

// New returns the writer of a format, or nil for an unknown one.
func New(format string, colour bool) Writer {
	switch format {
	case "text":
		return text{pen(colour)}
	case "markdown":
		return markdown{limit: commentLimit}
	case "json":
		return jsonWriter{}
	}
	return nil
}

// against says what the working tree was compared with.
func against(r *diff.Report) string {
	short := r.Base.Commit
	if len(short) > 12 {
		short = short[:12]
	}
	if strings.HasPrefix(r.Base.Commit, r.Base.Name) {
		return short
	}
	return short + " (" + r.Base.Name + ")"
}

// rendering says how much was rendered to find out.
func rendering(r *diff.Report) string {
	return fmt.Sprintf("; rendered %s, and %d again as they were", count(r.Rendered.Tree, "application"), r.Rendered.Base)
}

// radius is the blast radius in a line: what is touched, and how.
func radius(n diff.Counts) string {
	if n.Objects == 0 {
		return "no difference"
	}
	return fmt.Sprintf("%s, %s, %s: %s", count(n.Clusters, "cluster"), count(n.Applications, "application"),
		count(n.Objects, "object"), strings.Join(kinds(n), ", "))
}

func kinds(n diff.Counts) []string {
	return some(
		tally{n.Added, "added"}, tally{n.Changed, "changed"}, tally{n.Removed, "removed"},
		tally{n.Renamed, "renamed"}, tally{n.Moved, "moved to another application"},
	)
}

// dangers are the numbers that want to be looked at.
func dangers(n diff.Counts) []string {
	return some(
		tally{n.Pruned, "pruned"}, tally{n.Waiting, "pruned when a person confirms"},
		tally{n.Staying, "left in the cluster"},
		tally{n.Refused, "refused by the API server"}, tally{n.Recreated, "deleted and created again"},
		tally{n.Unseen, "not seen by Argo CD"}, tally{n.WithoutEffect, "without effect"},
		tally{n.NotCompared, "not compared"}, tally{n.Problems, "not rendered"},
	)
}

type tally struct {
	n    int
	what string
}

func some(all ...tally) (out []string) {
	for _, t := range all {
		if t.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", t.n, t.what))
		}
	}
	return out
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sign is what a line about an object begins with.
func sign(o *diff.Object) string {
	switch o.Change {
	case diff.Added:
		return "+"
	case diff.Removed:
		return "-"
	default:
		return "~"
	}
}

// was names an object's earlier place.
func was(o *diff.Object) string {
	if o.Was == nil {
		return ""
	}
	name := oldName(o)
	switch {
	case o.Change == diff.Moved:
		return "moved from application " + appName(o.Was.Application)
	case o.Was.Application != "":
		return "renamed from " + name + " of application " + o.Was.Application
	}
	return "renamed from " + name
}

// oldName has the namespace only if that was another one.
func oldName(o *diff.Object) string {
	if o.Was.Namespace != "" && o.Was.Namespace != o.Namespace {
		return o.Was.Namespace + "/" + o.Was.Name
	}
	return o.Was.Name
}

func appName(name string) string {
	if name == "" {
		return "(root file)"
	}
	return name
}

// remark is a line about an object with how bad it is.
type remark struct {
	bad  bool
	text string
}

// remarks are what a sync would do with the difference.
func remarks(o *diff.Object) []remark {
	var out []remark
	for _, f := range o.Refused {
		if o.Recreated {
			out = append(out, remark{true, "deleted and created again, for the API server refuses the update: " + f.String()})
			continue
		}
		out = append(out, remark{true, "the API server will refuse this change: " + f.String()})
	}
	if len(o.Refused) > 0 && !o.Recreated {
		out = append(out, remark{true, "it needs the sync options Replace=true,Force=true, " +
			"which delete it and create it again"})
	}
	if o.Unseen {
		out = append(out, remark{true, "Argo CD would not apply this: the field has no schema, and server-side diff sees " +
			"nothing in it; annotate the Application with argocd.argoproj.io/compare-options: IncludeMutationWebhook=true"})
	}
	if o.NoEffect {
		out = append(out, remark{false, "no effect: the API server makes the same object of both"})
	}
	if f := o.Fate; f != nil {
		out = append(out, remark{f.Outcome != diff.Stays, fate(o)})
	}
	for _, n := range o.Notes {
		out = append(out, remark{false, n})
	}
	return out
}

func fate(o *diff.Object) string {
	what := ""
	if o.Was != nil {
		what = oldName(o) + ": "
	}
	switch o.Fate.Outcome {
	case diff.Pruned:
		what += "pruned"
	case diff.Waits:
		what += "pruned only when a person says so"
	default:
		what += "stays in the cluster"
	}
	if o.Fate.Why == "" {
		return what
	}
	return what + ": " + o.Fate.Why
}
