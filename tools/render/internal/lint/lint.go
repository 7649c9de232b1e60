// Package lint checks a rendered cluster. A rule is one file: what it finds,
// why it matters, and what to do.
package lint

import (
	"sort"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/report"
)

// Rule documents one kind of finding.
type Rule struct {
	ID       string
	Severity report.Severity
	What     string // one line: what is wrong
	Remedy   string // one line: what to do
	// Check looks at a whole cluster; nil for findings made while rendering.
	Check func(*Input, func(report.Finding))
}

// Input is what rules look at.
type Input struct {
	Cluster   *cluster.Cluster
	Validator *admit.Validator
	Results   map[*cluster.Object]admit.Result
}

var rules = map[string]Rule{}

// register adds a rule; each rule's file calls it once.
func register(r Rule) struct{} { //nolint:unparam // a result makes the call a declaration
	if _, ok := rules[r.ID]; ok {
		panic("two rules are called " + r.ID)
	}
	rules[r.ID] = r
	return struct{}{}
}

// Rules lists the rules by ID.
func Rules() []Rule {
	out := make([]Rule, 0, len(rules))
	for _, r := range rules {
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Complete gives a finding the severity and the remedy of its rule. A rule may
// already have made one finding milder.
func Complete(f report.Finding) report.Finding {
	r := rules[f.Rule]
	f.Severity = max(f.Severity, r.Severity)
	if f.Remedy == "" {
		f.Remedy = r.Remedy
	}
	return f
}

// Run applies every rule to a cluster.
func Run(in *Input) []report.Finding {
	var out []report.Finding
	for _, r := range Rules() {
		if r.Check == nil {
			continue
		}
		r.Check(in, func(f report.Finding) {
			f.Rule, f.Cluster = r.ID, in.Cluster.Name
			if f.App == nil && f.Object != nil {
				f.App = f.Object.App
			}
			out = append(out, f)
		})
	}
	return out
}

// absent words a finding that says that something does not exist. Where it may be
// in what is not rendered, the finding is a warning.
func absent(unsure bool, f report.Finding) report.Finding {
	if unsure {
		f.Severity = report.Warning
		f.Message += "; a source that is not rendered may bring it"
	}
	return f
}
