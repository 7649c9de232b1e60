package show

import (
	"encoding/json"
	"io"

	"example.com/mlops-platform/tools/render/internal/diff"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/report"
)

// SchemaVersion changes when a field of the JSON report changes its meaning or
// goes away; new fields do not change it.
const SchemaVersion = 1

type jsonWriter struct{}

type jsonReport struct {
	SchemaVersion int             `json:"schemaVersion"`
	Versions      report.Versions `json:"versions"`
	Base          jsonBase        `json:"base"`
	Summary       diff.Counts     `json:"summary"`
	Rendered      jsonRendered    `json:"rendered"`
	Clusters      []jsonCluster   `json:"clusters"`
}

// jsonRendered counts renders of Applications.
type jsonRendered struct {
	Tree int `json:"tree"`
	Base int `json:"base"`
}

type jsonBase struct {
	Name   string `json:"name"`
	Commit string `json:"commit"`
}

type jsonProblem struct {
	Side        string `json:"side"`
	Application string `json:"application,omitempty"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
	Message     string `json:"message"`
}

type jsonCluster struct {
	Name         string        `json:"name"`
	Root         string        `json:"root"`
	Change       string        `json:"change,omitempty"`
	Summary      diff.Counts   `json:"summary"`
	Problems     []jsonProblem `json:"problems"`
	Applications []jsonApp     `json:"applications"`
}

type jsonApp struct {
	Name        string       `json:"name"`
	Namespace   string       `json:"namespace,omitempty"`
	Parent      string       `json:"parent,omitempty"`
	Wave        int          `json:"wave"`
	Change      string       `json:"change,omitempty"`
	Summary     diff.Counts  `json:"summary"`
	Objects     []jsonObject `json:"objects"`
	NotCompared []string     `json:"notCompared"`
	Sync        *jsonSync    `json:"sync,omitempty"`
}

type jsonSync struct {
	Starts string     `json:"starts"`
	Steps  []jsonStep `json:"steps"`
}

type jsonStep struct {
	Phase    string   `json:"phase"`
	Wave     int      `json:"wave"`
	Apply    []string `json:"apply"`
	RunAgain []string `json:"runAgain"`
	Prune    []string `json:"prune"`
}

type jsonObject struct {
	Change     string      `json:"change"`
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"`
	Namespace  string      `json:"namespace,omitempty"`
	Name       string      `json:"name"`
	Was        *jsonWas    `json:"was,omitempty"`
	Wave       int         `json:"wave"`
	Phases     []string    `json:"phases"`
	File       string      `json:"file,omitempty"`
	Line       int         `json:"line,omitempty"`
	Fields     []jsonField `json:"fields"`
	Ignored    []jsonField `json:"ignored"`
	Fate       *jsonFate   `json:"fate,omitempty"`
	Refused    []jsonFault `json:"refused"`
	Recreated  bool        `json:"recreated"`
	NoEffect   bool        `json:"noEffect"`
	Unseen     bool        `json:"unseen"`
	Notes      []string    `json:"notes"`
}

type jsonWas struct {
	Application string `json:"application,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name"`
}

type jsonField struct {
	Path string `json:"path"`
	Op   string `json:"op"`
	From any    `json:"from,omitempty"`
	To   any    `json:"to,omitempty"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

type jsonFate struct {
	Outcome string `json:"outcome"`
	Why     string `json:"why,omitempty"`
}

type jsonFault struct {
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

func (jsonWriter) Write(w io.Writer, r *diff.Report) error {
	out := jsonReport{SchemaVersion: SchemaVersion, Versions: r.Versions, Base: jsonBase(r.Base), Summary: r.Count(),
		Rendered: jsonRendered(r.Rendered), Clusters: list(r.Clusters, encodeCluster)}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// list encodes a list; an empty one is [], never null.
func list[T, U any](in []T, encode func(T) U) []U {
	out := make([]U, 0, len(in))
	for _, v := range in {
		out = append(out, encode(v))
	}
	return out
}

func same[T any](v T) T { return v }

func encodeProblem(p diff.Problem) jsonProblem {
	return jsonProblem{p.Side, p.Application, gomod.Name(p.File), p.Line, p.Message}
}

func encodeCluster(c *diff.Cluster) jsonCluster {
	return jsonCluster{Name: c.Name, Root: c.File, Change: c.Change, Summary: c.Count(),
		Problems: list(c.Problems, encodeProblem), Applications: list(c.Apps, encodeApp)}
}

func encodeApp(a *diff.App) jsonApp {
	out := jsonApp{Name: a.Name, Namespace: a.Namespace, Parent: a.Parent, Wave: a.Wave, Change: a.Change,
		Summary: a.Count(), Objects: list(a.Objects, encodeObject), NotCompared: list(a.NotCompared, same)}
	if a.Start != "" {
		out.Sync = &jsonSync{Starts: a.Start, Steps: list(a.Steps, func(s diff.Step) jsonStep {
			return jsonStep{s.Phase, s.Wave, list(s.Apply, same), list(s.Again, same), list(s.Prune, same)}
		})}
	}
	return out
}

func encodeObject(o *diff.Object) jsonObject {
	out := jsonObject{Change: o.Change, APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
		Wave: o.Wave, Phases: list(o.Phases, same), File: gomod.Name(o.File), Line: o.Line,
		Fields: list(o.Fields, encodeField), Ignored: list(o.Ignored, encodeField), Recreated: o.Recreated,
		NoEffect: o.NoEffect, Unseen: o.Unseen, Notes: list(o.Notes, same)}
	if o.Was != nil {
		was := jsonWas(*o.Was)
		out.Was = &was
	}
	if o.Fate != nil {
		fate := jsonFate(*o.Fate)
		out.Fate = &fate
	}
	out.Refused = []jsonFault{}
	for _, f := range o.Refused {
		out.Refused = append(out.Refused, jsonFault{f.Path, f.Message})
	}
	return out
}

func encodeField(f diff.Field) jsonField {
	return jsonField{f.Path, f.Op.String(), f.From, f.To, gomod.Name(f.File), f.Line}
}
