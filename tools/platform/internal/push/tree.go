package push

import (
	"fmt"
	"time"

	"example.com/mlops-platform/tools/platform/argocd"
)

// Tree draws what has changed so far: the Applications that were synced, and the objects below them.
func (f *Follower) Tree() []string {
	var lines []string
	still := 0
	for _, a := range f.all {
		p := f.each[a.Name()]
		if len(p.changes) == 0 && f.lacks(a) == "" {
			still++
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %-22s %s", f.mark(a), a.Name(), f.state(a)))
		for i, c := range p.changes {
			branch := "├─"
			if i == len(p.changes)-1 {
				branch = "└─"
			}
			line := fmt.Sprintf("  %s %s %-8s %s", branch, c.verb.mark(), c.verb, c.object)
			if c.verb == failed {
				line += ": " + c.message
			}
			lines = append(lines, line)
		}
	}
	if still > 0 {
		lines = append(lines, fmt.Sprintf("✓ %d applications: nothing to change", still))
	}
	return lines
}

func (f *Follower) mark(a argocd.Application) string {
	if f.lacks(a) != "" {
		return "…"
	}
	return "✓"
}

func (f *Follower) state(a argocd.Application) string {
	if lack := f.lacks(a); lack != "" {
		return lack
	}
	return fmt.Sprintf("live after %.1f s", f.each[a.Name()].live.Sub(f.started).Seconds())
}

// Took is how long it was from the push until the last Application was live; zero while one is not.
func (f *Follower) Took() time.Duration {
	var last time.Time
	for _, p := range f.each {
		if p.live.IsZero() {
			return 0
		}
		if p.live.After(last) {
			last = p.live
		}
	}
	return last.Sub(f.started)
}
