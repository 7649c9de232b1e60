// Package cluster is what one root Application leads to: applications, their
// objects, and where each came from. It holds data only; expand fills it, the
// checks and the reports read it.
package cluster

import (
	"sort"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Cluster is everything that one root Application brings to a cluster.
type Cluster struct {
	Name string         // "prod", or the root file when there is no such name
	File string         // the root file, relative to the repository
	Apps []*Application // the root first, then children in the order they are declared
	// Given are the objects in the root file beside the Application: they are
	// applied by hand together with it.
	Given []*Object
}

// Application is one Argo CD Application and what it renders to.
type Application struct {
	Key      string // namespace/name
	Spec     *v1alpha1.Application
	Object   *Object // the object that declares it
	Parent   *Application
	Children []*Application
	Wave     int
	Objects  []*Object // in the order that Argo CD would list them
	Missing  []Missing // sources that could not be rendered here
	Reads    []string  // every file of the repository that the render read
	// Deferred says that the application is not rendered, for it is known to be
	// what it is in another revision, and to have no child.
	Deferred bool
	// Same says that the render of another revision stands for this one's.
	Same bool
}

// Missing says why a source is not rendered: nothing is known of its objects.
type Missing struct {
	Source string // for people: "chart karpenter 1.8.0 of public.ecr.aws/karpenter"
	Reason string
	Remedy string
	Chart  bool // a remote Helm chart: it may bring custom resources, hardly a project
	Index  int  // of the source among the application's; -1 if it is no source of its own
}

// Why is the reason, and what to do about it if anything can be done.
func (m Missing) Why() string {
	if m.Remedy == "" {
		return m.Reason
	}
	return m.Reason + "; " + m.Remedy
}

// Object is one Kubernetes object as Argo CD would apply it, without tracking
// metadata.
type Object struct {
	*unstructured.Unstructured
	App    *Application
	File   string // where it was written, "" if unknown
	Line   int    // 0 if unknown
	Source int    // index of the source that rendered it
}

// ID names the object for people and for sorting: group/version Kind namespace/name.
func (o *Object) ID() string {
	name := o.GetName()
	if name == "" {
		name = o.GetGenerateName() + "*"
	}
	if ns := o.GetNamespace(); ns != "" {
		name = ns + "/" + name
	}
	return o.GetAPIVersion() + " " + o.GetKind() + " " + name
}

// Name is the application's name without its namespace.
func (a *Application) Name() string { return a.Spec.Name }

// Root is the application at the top, whose namespace is that of Argo CD itself.
func (a *Application) Root() *Application {
	for a.Parent != nil {
		a = a.Parent
	}
	return a
}

// Objects lists the objects of all applications, and those given with the root.
func (c *Cluster) Objects() []*Object {
	out := append([]*Object(nil), c.Given...)
	for _, a := range c.Apps {
		out = append(out, a.Objects...)
	}
	return out
}

// ByKey finds an application, or nil.
func (c *Cluster) ByKey(key string) *Application {
	for _, a := range c.Apps {
		if a.Key == key {
			return a
		}
	}
	return nil
}

// SortedObjects is the application's objects by ID.
func (a *Application) SortedObjects() []*Object {
	out := append([]*Object(nil), a.Objects...)
	sort.SliceStable(out, func(i, j int) bool { return out[i].ID() < out[j].ID() })
	return out
}

// inCluster are the two ways to name the cluster that Argo CD itself runs in.
const (
	inClusterName   = "in-cluster"
	inClusterServer = v1alpha1.KubernetesInternalAPIServerAddr
)

// Destination is where the application's objects go, with the cluster that Argo
// CD runs in always given by both its name and its server.
func (a *Application) Destination() v1alpha1.ApplicationDestination {
	d := a.Spec.Spec.Destination
	switch {
	case d.Server == "" && d.Name == inClusterName:
		d.Server = inClusterServer
	case d.Name == "" && d.Server == inClusterServer:
		d.Name = inClusterName
	}
	return d
}

// Incomplete says whether some source of the cluster is not rendered: what is
// not found here may then still exist. Remote charts count only if asked for.
func (c *Cluster) Incomplete(charts bool) bool {
	for _, a := range c.Apps {
		for _, m := range a.Missing {
			if charts || !m.Chart {
				return true
			}
		}
	}
	return false
}
