package diff

// Counts are the blast radius.
type Counts struct {
	Clusters     int `json:"clusters"`
	Applications int `json:"applications"`
	Objects      int `json:"objects"`
	Added        int `json:"added"`
	Changed      int `json:"changed"`
	Removed      int `json:"removed"`
	Renamed      int `json:"renamed"`
	Moved        int `json:"moved"`
	// Pruned, Waiting and Staying are what becomes of objects that Git no longer has.
	Pruned  int `json:"pruned"`
	Waiting int `json:"waiting"`
	Staying int `json:"staying"`
	// Refused updates leave the object as it is; Recreated ones delete it first.
	Refused   int `json:"refused"`
	Recreated int `json:"recreated"`
	Unseen    int `json:"unseen"`
	// WithoutEffect are objects that differ in what Argo CD or the API server takes
	// for no difference.
	WithoutEffect int `json:"withoutEffect"`
	NotCompared   int `json:"notCompared"`
	Problems      int `json:"problems"`
}

// Count adds up a report.
func (r *Report) Count() Counts {
	total := Counts{}
	for _, c := range r.Clusters {
		total.add(c.Count())
	}
	return total
}

func (n *Counts) add(m Counts) {
	n.Clusters += m.Clusters
	n.Applications += m.Applications
	n.Objects += m.Objects
	n.Added += m.Added
	n.Changed += m.Changed
	n.Removed += m.Removed
	n.Renamed += m.Renamed
	n.Moved += m.Moved
	n.Pruned += m.Pruned
	n.Waiting += m.Waiting
	n.Staying += m.Staying
	n.Refused += m.Refused
	n.Recreated += m.Recreated
	n.Unseen += m.Unseen
	n.WithoutEffect += m.WithoutEffect
	n.NotCompared += m.NotCompared
	n.Problems += m.Problems
}

// Count adds up one cluster. It counts as touched if anything in it differs.
func (c *Cluster) Count() Counts {
	n := Counts{Problems: len(c.Problems)}
	for _, a := range c.Apps {
		n.add(a.Count())
	}
	if n.Objects > 0 || c.Change != "" {
		n.Clusters = 1
	}
	return n
}

// Count adds up one Application.
func (a *App) Count() Counts {
	n := Counts{NotCompared: len(a.NotCompared)}
	for _, o := range a.Objects {
		n.object(o)
	}
	if n.Objects > 0 && a.Name != "" {
		n.Applications = 1
	}
	return n
}

func (n *Counts) object(o *Object) {
	n.Objects++
	switch o.Change {
	case Added:
		n.Added++
	case Changed:
		n.Changed++
	case Removed:
		n.Removed++
	case Renamed:
		n.Renamed++
	case Moved:
		n.Moved++
	}
	if f := o.Fate; f != nil {
		n.Pruned += one(f.Outcome == Pruned)
		n.Waiting += one(f.Outcome == Waits)
		n.Staying += one(f.Outcome == Stays)
	}
	n.Refused += one(len(o.Refused) > 0 && !o.Recreated)
	n.Recreated += one(o.Recreated)
	n.Unseen += one(o.Unseen)
	n.WithoutEffect += one(!o.Effective() && !o.Unseen)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Empty says whether there is nothing to tell: no difference, and nothing that
// kept one from being found.
func (r *Report) Empty() bool { return r.Count() == Counts{} }
