package report

import (
	"encoding/json"
	"io"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/gomod"
)

// SchemaVersion changes when a field of the JSON report changes its meaning or
// goes away; new fields do not change it.
const SchemaVersion = 1

type jsonWriter struct{}

type jsonReport struct {
	SchemaVersion int           `json:"schemaVersion"`
	Versions      Versions      `json:"versions"`
	Summary       Counts        `json:"summary"`
	Clusters      []jsonCluster `json:"clusters"`
}

type jsonCluster struct {
	Name         string          `json:"name"`
	Root         string          `json:"root"`
	Summary      Counts          `json:"summary"`
	Applications []jsonApp       `json:"applications"`
	Findings     []jsonFinding   `json:"findings"`
	NotChecked   []jsonUnchecked `json:"notChecked"`
}

type jsonApp struct {
	Name        string        `json:"name"`
	Namespace   string        `json:"namespace"`
	Parent      string        `json:"parent,omitempty"`
	Wave        int           `json:"wave"`
	Summary     Counts        `json:"summary"`
	NotRendered []jsonMissing `json:"notRendered"`
}

type jsonMissing struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
}

type jsonFinding struct {
	Rule        string `json:"rule"`
	Severity    string `json:"severity"`
	Application string `json:"application,omitempty"`
	Object      string `json:"object,omitempty"`
	Path        string `json:"path,omitempty"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
	Message     string `json:"message"`
	Remedy      string `json:"remedy,omitempty"`
}

type jsonUnchecked struct {
	Application string `json:"application,omitempty"`
	Object      string `json:"object"`
	Path        string `json:"path,omitempty"`
	Reason      string `json:"reason"`
}

func (jsonWriter) Write(w io.Writer, r *Report) error {
	out := jsonReport{SchemaVersion: SchemaVersion, Versions: r.Versions, Summary: Total(r.Clusters),
		Clusters: []jsonCluster{}}
	for _, c := range r.Clusters {
		out.Clusters = append(out.Clusters, encodeCluster(c))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func encodeCluster(c *ClusterReport) jsonCluster {
	j := jsonCluster{Name: c.Cluster.Name, Root: c.Cluster.File, Summary: c.Total(),
		Applications: []jsonApp{}, Findings: []jsonFinding{}, NotChecked: []jsonUnchecked{}}
	for _, a := range c.Cluster.Apps {
		j.Applications = append(j.Applications, encodeApp(c, a))
	}
	for _, f := range c.Findings {
		j.Findings = append(j.Findings, jsonFinding{
			Rule: f.Rule, Severity: f.Severity.String(), Application: f.AppName(), Object: f.ObjectID(),
			Path: f.Path, File: gomod.Name(f.File), Line: f.Line, Message: f.Message, Remedy: f.Remedy,
		})
	}
	for _, u := range c.Unchecked {
		app := ""
		if u.Object.App != nil {
			app = u.Object.App.Name()
		}
		j.NotChecked = append(j.NotChecked, jsonUnchecked{app, u.Object.ID(), u.Path, u.Reason})
	}
	return j
}

func encodeApp(c *ClusterReport, a *cluster.Application) jsonApp {
	j := jsonApp{Name: a.Name(), Namespace: a.Spec.Namespace, Wave: a.Wave, Summary: c.Of(a),
		NotRendered: []jsonMissing{}}
	if a.Parent != nil {
		j.Parent = a.Parent.Name()
	}
	for _, m := range a.Missing {
		j.NotRendered = append(j.NotRendered, jsonMissing{m.Source, m.Reason, m.Remedy})
	}
	return j
}
