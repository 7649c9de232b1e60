package diff

import (
	"cmp"
	"slices"

	"github.com/argoproj/gitops-engine/pkg/sync/hook"
	"helm.sh/helm/v3/pkg/releaseutil"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

// Step is what a sync does at once. Prune names what it deletes then, Apply the
// rest; Again are hooks that run although they are the same.
type Step struct {
	Phase               string
	Wave                int
	Apply, Again, Prune []string
}

// phaseOrder is that of gitops-engine; deletion of the Application comes apart.
var phaseOrder = []string{"PreSync", "Sync", "PostSync", "SyncFail"}

type stepKey struct {
	phase string
	wave  int
}

// plan says how the coming sync of an Application goes, and what starts it.
func (c *comparison) plan(out *App, key string) {
	a := c.tree.ByKey(key)
	if a == nil {
		return // the root file, or an Application that is gone: nothing syncs it
	}
	effective := slices.ContainsFunc(out.Objects, func(o *Object) bool { return o.Effective() && !isHook(o) })
	if !effective {
		return
	}
	out.Start = c.start(out, a)
	steps := map[stepKey]*Step{}
	step := func(phase string, wave int) *Step {
		k := stepKey{phase, wave}
		if steps[k] == nil {
			steps[k] = &Step{Phase: phase, Wave: wave}
		}
		return steps[k]
	}
	changed := map[*cluster.Object]bool{}
	for _, o := range inKindOrder(out.Objects) {
		changed[o.to] = true
		for _, phase := range o.Phases {
			if o.Effective() && slices.Contains(phaseOrder, phase) && o.Change != Removed {
				s := step(phase, o.Wave)
				s.Apply = append(s.Apply, o.Kind+" "+o.Name)
			}
		}
	}
	for _, o := range a.Objects {
		for _, phase := range o.Phases() {
			if !changed[o] && slices.Contains(phaseOrder, phase) && hook.IsHook(o.Unstructured) && phase != "SyncFail" {
				s := step(phase, o.Wave())
				s.Again = append(s.Again, o.GetKind()+" "+label(o))
			}
		}
	}
	c.planPrunes(out, a, step)
	for _, s := range steps {
		out.Steps = append(out.Steps, *s)
	}
	slices.SortFunc(out.Steps, func(x, y Step) int {
		return cmp.Or(slices.Index(phaseOrder, x.Phase)-slices.Index(phaseOrder, y.Phase), cmp.Compare(x.Wave, y.Wave))
	})
}

// start says when an Application syncs. The waves of Applications order those that
// one sync of their parent makes or changes; one that exists sees a new commit by
// itself, whatever wave it has.
func (c *comparison) start(out *App, a *cluster.Application) string {
	auto, _ := automation(a)
	switch {
	case !auto:
		return "when somebody syncs it"
	case a.Parent == nil && out.Change == Added:
		return "when the root file is applied"
	case out.Change == Added:
		return "when " + a.Parent.Name() + " makes it"
	}
	return "by itself, when it sees the commit"
}

// planPrunes places deletions. Their waves are mirrored, so that what came last
// goes first; with PruneLast all go behind everything else.
func (c *comparison) planPrunes(out *App, a *cluster.Application, step func(string, int) *Step) {
	var gone []*Object
	var waves []int
	for _, o := range out.Objects {
		if o.Fate == nil || o.Fate.Outcome == Stays || o.from == nil {
			continue
		}
		gone = append(gone, o)
		if w := o.from.Wave(); !slices.Contains(waves, w) {
			waves = append(waves, w)
		}
	}
	slices.Sort(waves)
	last := 0
	for _, o := range a.Objects {
		last = max(last, o.Wave())
	}
	for _, o := range gone {
		i := slices.Index(waves, o.from.Wave())
		wave := waves[len(waves)-1-i]
		if syncOption(a, o.from.Unstructured, "PruneLast") == "true" {
			wave = last + 1
		}
		s := step("Sync", wave)
		name := o.Kind + " " + label(o.from)
		if o.Fate.Outcome == Waits {
			name += " (waits)"
		}
		s.Prune = append(s.Prune, name)
	}
}

func isHook(o *Object) bool {
	if o.to == nil {
		return false
	}
	return hook.IsHook(o.to.Unstructured)
}

// inKindOrder sorts objects as one wave applies them: by kind, in Helm's order,
// which Argo CD took over, then by name.
func inKindOrder(in []*Object) []*Object {
	place := func(o *Object) int {
		if i := slices.Index(releaseutil.InstallOrder, o.Kind); i >= 0 {
			return i
		}
		return len(releaseutil.InstallOrder)
	}
	out := slices.Clone(in)
	slices.SortStableFunc(out, func(a, b *Object) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Name, b.Name))
	})
	return out
}
