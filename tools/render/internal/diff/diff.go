// Package diff compares what two revisions of a repository would put into a
// cluster: object by object, in the terms of Argo CD and the API server. It says
// what a sync would do with each difference: apply it, prune it, be refused, or
// not see it at all.
package diff

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/render/internal/admit"
	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/diff/fields"
	"example.com/mlops-platform/tools/render/internal/report"
)

// The two sides of a comparison.
const (
	Base = "base" // the revision compared with
	Tree = "tree" // the working tree
	Both = "both"
)

// Report is the outcome of a run.
type Report struct {
	Versions report.Versions
	Base     Revision
	Rendered Rendering
	Clusters []*Cluster
}

// Rendering is how many Applications were rendered: all of the tree, and those of
// the base that need not be the same.
type Rendering struct{ Tree, Base int }

// Revision is what the working tree was compared with.
type Revision struct{ Name, Commit string }

// Cluster is one cluster with a difference, or one that was compared without any.
type Cluster struct {
	Name, File string
	Change     string // Added, Removed, or "" if both sides have the cluster
	Apps       []*App // those with something to say, a parent before its children
	Problems   []Problem
}

// App is what differs in one Application. The one without a name is the root
// file, which is applied by hand.
type App struct {
	Name, Namespace, Parent string
	Wave                    int
	Change                  string
	Start                   string // when it syncs, for people
	Objects                 []*Object
	Steps                   []Step // of the coming sync, in order
	NotCompared             []string
}

// What happened to an object, an Application or a cluster.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
	Renamed = "renamed"
	Moved   = "moved" // to another Application
)

// Object is one object that differs. Values of Secrets are fields.Hidden.
type Object struct {
	Change                            string
	APIVersion, Kind, Namespace, Name string
	Was                               *Was // what it was called, or whose it was
	Phases                            []string
	Wave                              int
	File                              string // in the tree; in the base if it was removed
	Line                              int
	Fields                            []Field
	Ignored                           []Field // differences that ignoreDifferences hides from Argo CD
	Fate                              *Fate   // of the object in the cluster that Git no longer has
	Refused                           []admit.Fault
	Recreated                         bool // refused as an update, and so deleted and created again
	NoEffect                          bool // the API server makes the same object of both
	Notes                             []string
	Unseen                            bool // Argo CD would not see the difference

	from, to *cluster.Object
}

// Was is an object's earlier place.
type Was struct{ Application, Namespace, Name string }

// Field is one field that differs, and the line that says so now.
type Field struct {
	fields.Change
	File string
	Line int
}

// Problem is what kept something from being rendered.
type Problem struct {
	Side, Application, File string
	Line                    int
	Message                 string
}

// ID names the object for people.
func (o *Object) ID() string {
	u := &cluster.Object{Unstructured: &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": o.APIVersion, "kind": o.Kind, "metadata": map[string]any{"name": o.Name, "namespace": o.Namespace},
	}}}
	return u.ID()
}

// Effective says whether a sync would change the cluster for this object.
func (o *Object) Effective() bool {
	return !o.NoEffect && !o.Unseen && (o.Change != Changed || len(o.Fields) > 0)
}

// label is the name that is shown: a generated one ends in a star.
func label(o *cluster.Object) string {
	if n := o.GetName(); n != "" {
		return n
	}
	return o.GetGenerateName() + "*"
}
