// Package report says what a run found, for people and for programs.
package report

import (
	"fmt"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/gomod"
)

// Severity says whether a finding fails the run.
type Severity int

const (
	// Error means that the cluster would refuse it, or not do what the file says.
	Error Severity = iota
	// Warning means that it works today and needs attention.
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Finding is one thing that is wrong with one object.
type Finding struct {
	Rule     string
	Severity Severity
	Cluster  string
	App      *cluster.Application
	Object   *cluster.Object // nil when the finding is about a file or an application
	Path     string          // field path, "spec.template.spec.containers[0].image"
	Value    string          // the scalar at fault, to find its line; "" if none
	File     string          // relative to the repository
	Line     int             // 1-based, 0 if unknown
	Message  string
	Remedy   string
}

// Less orders findings by cluster, application, object, path, rule and message:
// the same on every run.
func (f Finding) Less(g Finding) bool { return f.key() < g.key() }

func (f Finding) key() string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%s\x00%s", f.Cluster, f.AppName(), f.ObjectID(), f.Path, f.Rule, f.Message)
}

// AppName is the application's name, "" if there is none.
func (f Finding) AppName() string {
	if f.App == nil {
		return ""
	}
	return f.App.Name()
}

// ObjectID names the object, "" if there is none.
func (f Finding) ObjectID() string {
	if f.Object == nil {
		return ""
	}
	return f.Object.ID()
}

// Place writes a position for people: "apps/x/deployment.yaml:31".
func Place(file string, line int) string {
	switch {
	case file == "":
		return ""
	case line == 0:
		return gomod.Name(file)
	}
	return fmt.Sprintf("%s:%d", gomod.Name(file), line)
}
