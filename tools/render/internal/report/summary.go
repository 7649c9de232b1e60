package report

import (
	"example.com/mlops-platform/tools/render/internal/cluster"
)

// Status is what is known of one object. The three are never mixed: an object
// that nothing could check has not passed.
type Status int

const (
	// Pass means checked and nothing wrong.
	Pass Status = iota
	// Fail means at least one error.
	Fail
	// NotChecked means that no schema is known for it.
	NotChecked
)

func (s Status) String() string {
	return [...]string{"pass", "fail", "not checked"}[s]
}

// Unchecked is one object, or one field of it, that could not be checked.
type Unchecked struct {
	Object *cluster.Object
	Path   string
	Reason string
}

// ClusterReport is the outcome for one cluster.
type ClusterReport struct {
	Cluster   *cluster.Cluster
	Statuses  map[*cluster.Object]Status
	Unchecked []Unchecked
	Findings  []Finding
}

// Counts are numbers of objects, findings and sources.
type Counts struct {
	Applications int `json:"applications"`
	Objects      int `json:"objects"`
	Pass         int `json:"pass"`
	Fail         int `json:"fail"`
	NotChecked   int `json:"notChecked"`
	NotRendered  int `json:"notRendered"` // sources
	Errors       int `json:"errors"`
	Warnings     int `json:"warnings"`
}

func (c *Counts) add(d Counts) {
	c.Applications += d.Applications
	c.Objects += d.Objects
	c.Pass += d.Pass
	c.Fail += d.Fail
	c.NotChecked += d.NotChecked
	c.NotRendered += d.NotRendered
	c.Errors += d.Errors
	c.Warnings += d.Warnings
}

// Of counts one application; nil counts what the root file itself holds.
func (r *ClusterReport) Of(a *cluster.Application) Counts {
	objects := r.Cluster.Given
	c := Counts{}
	if a != nil {
		objects = a.Objects
		c.Applications, c.NotRendered = 1, len(a.Missing)
	}
	for _, o := range objects {
		c.Objects++
		switch r.Statuses[o] {
		case Pass:
			c.Pass++
		case Fail:
			c.Fail++
		case NotChecked:
			c.NotChecked++
		}
	}
	for _, f := range r.Findings {
		if f.App != a {
			continue
		}
		if f.Severity == Error {
			c.Errors++
		} else {
			c.Warnings++
		}
	}
	return c
}

// Total counts the whole cluster.
func (r *ClusterReport) Total() Counts {
	c := r.Of(nil)
	for _, a := range r.Cluster.Apps {
		c.add(r.Of(a))
	}
	return c
}

// Total counts all clusters.
func Total(clusters []*ClusterReport) Counts {
	var c Counts
	for _, r := range clusters {
		c.add(r.Total())
	}
	return c
}
