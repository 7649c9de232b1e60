package report

import "io"

// Versions are the releases whose behaviour a run reproduces.
type Versions struct {
	ArgoCD        string `json:"argoCD"`
	Kustomize     string `json:"kustomize"`
	Helm          string `json:"helm"`
	Kubernetes    string `json:"kubernetes"`
	ArgoWorkflows string `json:"argoWorkflows"`
}

// Report is the outcome of a run.
type Report struct {
	Versions Versions
	Clusters []*ClusterReport
}

// Writer writes a report in one format.
type Writer interface {
	Write(w io.Writer, r *Report) error
}

// New returns the writer of a format, or nil for an unknown one.
func New(format string, colour bool) Writer {
	switch format {
	case "text":
		return &text{paint: painter(colour)}
	case "json":
		return jsonWriter{}
	}
	return nil
}
