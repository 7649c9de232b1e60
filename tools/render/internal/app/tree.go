package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

func drawTree(ctx context.Context, o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	results, err := s.expand(ctx)
	if err != nil {
		return err
	}
	failed := false
	var clusters []*cluster.Cluster
	for _, res := range results {
		failed = s.complain(res) || failed
		clusters = append(clusters, res.Cluster)
	}
	if o.format == "json" {
		err = treeJSON(o.stdout, clusters)
	} else {
		for _, c := range clusters {
			drawCluster(o.stdout, c, o.depth == "objects")
		}
	}
	if err == nil && failed {
		return errFindings
	}
	return err
}

// drawCluster draws one cluster; lines are indented by depth, and each level is
// split by sync wave because that is the order in which things happen.
func drawCluster(w io.Writer, c *cluster.Cluster, objects bool) {
	fmt.Fprintf(w, "%s  %s\n", c.Name, c.File)
	for _, o := range c.Given {
		fmt.Fprintf(w, "│  by hand  %s %s\n", o.GetKind(), o.GetName())
	}
	var top []*cluster.Application
	for _, a := range c.Apps {
		if a.Parent == nil {
			top = append(top, a)
		}
	}
	drawApps(w, top, "", objects)
	fmt.Fprintln(w)
}

func drawApps(w io.Writer, apps []*cluster.Application, indent string, objects bool) {
	for i, a := range apps {
		branch, next := "├─ ", "│  "
		if i == len(apps)-1 {
			branch, next = "└─ ", "   "
		}
		fmt.Fprintf(w, "%s%s%s\n", indent, branch, title(a))
		inner := indent + next
		for _, m := range a.Missing {
			fmt.Fprintf(w, "%s   not rendered: %s\n", inner, m.Source)
		}
		if objects {
			drawObjects(w, a, inner)
		}
		drawApps(w, a.Children, inner, objects)
	}
}

func title(a *cluster.Application) string {
	d := a.Spec.Spec.Destination.Namespace
	if d != "" {
		d = " → " + d
	}
	return fmt.Sprintf("[%d] %s%s  %d objects", a.Wave, a.Name(), d, len(a.Objects))
}

// drawObjects writes a line for each wave and kind.
func drawObjects(w io.Writer, a *cluster.Application, indent string) {
	bar := "   "
	if len(a.Children) > 0 {
		bar = "│  "
	}
	type group struct {
		phase string
		wave  int
		kind  string
	}
	byGroup := map[group][]string{}
	for _, o := range a.Objects {
		if o.GetKind() == "Application" && o.GroupVersionKind().Group == "argoproj.io" {
			continue // drawn as a branch of its own
		}
		g := group{phaseOf(o), o.Wave(), o.GetKind()}
		byGroup[g] = append(byGroup[g], o.GetName()+o.GetGenerateName())
	}
	groups := make([]group, 0, len(byGroup))
	for g := range byGroup {
		groups = append(groups, g)
	}
	sort.Slice(groups, func(i, j int) bool {
		a, b := groups[i], groups[j]
		return cmp.Or(cmp.Compare(slices.Index(phases, a.phase), slices.Index(phases, b.phase)),
			cmp.Compare(a.wave, b.wave), strings.Compare(a.kind, b.kind)) < 0
	})
	for _, g := range groups {
		sort.Strings(byGroup[g])
		phase := ""
		if g.phase != "" {
			phase = g.phase + "  "
		}
		fmt.Fprintf(w, "%s%s%3d  %s%s  %s\n", indent, bar, g.wave, phase, g.kind, strings.Join(byGroup[g], ", "))
	}
}

// phases are the parts of a sync in their order; "" is the sync itself.
var phases = []string{"PreSync", "", "PostSync", "SyncFail", "PreDelete", "PostDelete", "never applied"}

// phaseOf is the first phase that the object takes part in.
func phaseOf(o *cluster.Object) string {
	switch p := o.Phases(); {
	case !o.Applied():
		return "never applied"
	case p[0] == "Sync":
		return ""
	default:
		return p[0]
	}
}

type treeNode struct {
	Cluster      string       `json:"cluster"`
	Root         string       `json:"root"`
	Applications []treeAppOut `json:"applications"`
}

type treeAppOut struct {
	Name        string       `json:"name"`
	Parent      string       `json:"parent,omitempty"`
	Wave        int          `json:"wave"`
	Namespace   string       `json:"destinationNamespace"`
	NotRendered []string     `json:"notRendered"`
	Objects     []treeObject `json:"objects"`
}

type treeObject struct {
	Phases     []string `json:"phases"`
	Wave       int      `json:"wave"`
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Namespace  string   `json:"namespace,omitempty"`
	Name       string   `json:"name"`
	File       string   `json:"file,omitempty"`
}

func treeJSON(w io.Writer, clusters []*cluster.Cluster) error {
	out := []treeNode{}
	for _, c := range clusters {
		n := treeNode{Cluster: c.Name, Root: c.File, Applications: []treeAppOut{}}
		for _, a := range c.Apps {
			t := treeAppOut{Name: a.Name(), Wave: a.Wave, Namespace: a.Spec.Spec.Destination.Namespace,
				NotRendered: []string{}, Objects: []treeObject{}}
			if a.Parent != nil {
				t.Parent = a.Parent.Name()
			}
			for _, m := range a.Missing {
				t.NotRendered = append(t.NotRendered, m.Source)
			}
			for _, o := range a.SortedObjects() {
				t.Objects = append(t.Objects, treeObject{o.Phases(), o.Wave(), o.GetAPIVersion(), o.GetKind(),
					o.GetNamespace(), o.GetName() + o.GetGenerateName(), o.File})
			}
			n.Applications = append(n.Applications, t)
		}
		out = append(out, n)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
