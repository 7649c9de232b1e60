package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"text/tabwriter"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/gomod"
	"example.com/mlops-platform/tools/render/internal/images"
	"example.com/mlops-platform/tools/render/internal/report"
)

// imageUse is one place that runs an image.
type imageUse struct {
	Image       string `json:"image"`
	Cluster     string `json:"cluster"`
	Application string `json:"application"`
	Object      string `json:"object"`
	Path        string `json:"path"`
	File        string `json:"file,omitempty"`
	Line        int    `json:"line,omitempty"`
}

func listImages(ctx context.Context, o *options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	results, err := s.expand(ctx)
	if err != nil {
		return err
	}
	failed := false
	uses := []imageUse{}
	for _, res := range results {
		failed = s.complain(res) || failed
		uses = append(uses, s.imagesOf(res.Cluster)...)
	}
	sort.SliceStable(uses, func(i, j int) bool { return uses[i].Image < uses[j].Image })
	if o.format == "json" {
		enc := json.NewEncoder(o.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		err = enc.Encode(uses)
	} else {
		err = imageTable(o.stdout, uses)
	}
	if err == nil && failed {
		return errFindings
	}
	return err
}

func (s *session) imagesOf(c *cluster.Cluster) []imageUse {
	var out []imageUse
	for _, a := range c.Apps {
		for _, obj := range a.SortedObjects() {
			if obj.GetKind() == "CustomResourceDefinition" {
				continue
			}
			for _, u := range images.Of(obj.Object) {
				at := report.Finding{App: a, Object: obj, Path: u.Path, Value: u.Image}
				s.finder.Locate(&at)
				out = append(out, imageUse{u.Image, c.Name, a.Name(), obj.ID(), u.Path, gomod.Name(at.File), at.Line})
			}
		}
	}
	return out
}

// imageTable writes each image once, with every place that sets it.
func imageTable(w io.Writer, uses []imageUse) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "IMAGE\tSET IN\tCLUSTERS\tUSES")
	type key struct{ image, place string }
	clusters, count := map[key]map[string]bool{}, map[key]int{}
	var order []key
	for _, u := range uses {
		k := key{u.Image, report.Place(u.File, u.Line)}
		if clusters[k] == nil {
			clusters[k] = map[string]bool{}
			order = append(order, k)
		}
		clusters[k][u.Cluster] = true
		count[k]++
	}
	for _, k := range order {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\n", k.image, k.place, joinSorted(clusters[k]), count[k])
	}
	return tw.Flush()
}

func joinSorted(set map[string]bool) string {
	var names []string
	for n := range set {
		names = append(names, n)
	}
	sort.Strings(names)
	s := ""
	for i, n := range names {
		if i > 0 {
			s += ","
		}
		s += n
	}
	return s
}
