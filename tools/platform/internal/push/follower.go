// Package push follows a commit into the cluster and tells what changed there because of it.
package push

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/mlops-platform/tools/platform/argocd"
)

// How long a bad sign must stay until it counts. Argo CD compares every 15 s on the local cluster, so what was bad
// before is seen anew within that time, and what is good after all is seen to be.
const (
	untilNewErrorCounts = 5 * time.Second
	untilOldErrorCounts = 30 * time.Second
	untilDegradedCounts = 30 * time.Second
)

// retries are how many times Argo CD has tried a sync again when it counts as failed; it goes on for half an hour.
const retries = 2

// Follower watches the Applications after a push.
type Follower struct {
	revision string
	started  time.Time
	now      time.Time
	all      []argocd.Application
	each     map[string]*progress
}

// progress is what was seen of one Application.
type progress struct {
	before   argocd.Application
	changes  []change
	errors   map[argocd.Condition]time.Time // since when each was seen without a break
	degraded time.Time                      // since when, or zero
	live     time.Time                      // when first seen so, or zero
}

// Follow begins to watch for a commit. Before is what the Applications were when it was pushed.
func Follow(before []argocd.Application, revision string, started time.Time) *Follower {
	f := &Follower{revision: revision, started: started, now: started, all: before, each: map[string]*progress{}}
	for _, a := range before {
		f.each[a.Name()] = &progress{before: a, errors: map[argocd.Condition]time.Time{}}
	}
	return f
}

// See takes in what the Applications are now.
func (f *Follower) See(all []argocd.Application, now time.Time) {
	f.all, f.now = all, now
	for _, a := range all {
		p := f.each[a.Name()]
		if p == nil {
			p = &progress{errors: map[argocd.Condition]time.Time{}}
			f.each[a.Name()] = p
		}
		p.see(a, f.revision, now)
	}
	for _, a := range all {
		if p := f.each[a.Name()]; p.live.IsZero() && f.lacks(a) == "" {
			p.live = now
		}
	}
}

func (p *progress) see(a argocd.Application, revision string, now time.Time) {
	if o := a.Status.OperationState; o != nil && o.SyncResult.Revision == revision && !p.sameOperation(o) {
		for _, r := range o.SyncResult.Resources {
			p.note(changeOf(r, p.before.Status.Resources))
		}
	}
	since := map[argocd.Condition]time.Time{}
	for _, c := range a.Status.Conditions {
		if !strings.HasSuffix(c.Type, "Error") {
			continue
		}
		since[c] = now
		if earlier, is := p.errors[c]; is {
			since[c] = earlier
		}
	}
	p.errors = since
	switch {
	case !a.Synced() || a.Status.Sync.Revision != revision || a.Status.Health.Status != "Degraded":
		p.degraded = time.Time{}
	case p.degraded.IsZero():
		p.degraded = now
	}
}

// sameOperation tells whether a sync with this commit was there before the push. One that is tried again with a newer
// commit goes on under the time at which it began.
func (p *progress) sameOperation(o *argocd.Operation) bool {
	before := p.before.Status.OperationState
	return before != nil && before.StartedAt.Equal(o.StartedAt) && before.SyncResult.Revision == o.SyncResult.Revision
}

// note keeps the last thing that happened to each object; but what was created stays so when it is applied again.
func (p *progress) note(c change) {
	at := slices.IndexFunc(p.changes, func(other change) bool { return other.object == c.object })
	if at < 0 {
		p.changes = append(p.changes, c)
		return
	}
	if p.changes[at].verb == created && c.verb == changed {
		return
	}
	p.changes[at] = c
}

// excused tells whether an Application need not become healthy: it was not before, and the commit does not change it.
func (p *progress) excused() bool {
	before := p.before.Status.Health.Status
	return before != "" && before != "Healthy" && len(p.changes) == 0
}

func (f *Follower) goal() argocd.Goal {
	goal := argocd.Goal{Revision: f.revision}
	for _, a := range f.all {
		if a.Name() != argocd.Root && f.each[a.Name()].excused() {
			goal.NotHealthyYet = append(goal.NotHealthyYet, a.Name())
		}
	}
	return goal
}

func (f *Follower) lacks(a argocd.Application) string { return f.goal().Lacks(a) }

// Missing says what is still waited for, a line each.
func (f *Follower) Missing() []string { return f.goal().Missing(f.all) }

// errLater is the end of a follower whose commit is no longer the one that counts.
var errLater = errors.New("another commit was pushed after this one")

// Fault is what keeps the commit from becoming live; nil as long as it may.
func (f *Follower) Fault() error {
	var faults []error
	for _, a := range f.all {
		p := f.each[a.Name()]
		faults = append(faults, f.failedSync(a), f.errorsOf(a, p))
		if !p.excused() && !p.degraded.IsZero() && f.now.Sub(p.degraded) >= untilDegradedCounts {
			faults = append(faults, fmt.Errorf("%s is synced, and degraded: %s", a.Name(), orNothing(a.Trouble())))
		}
	}
	if len(f.all) > 0 && f.isLater(f.all[0].Status.Sync.Revision) {
		faults = append(faults, fmt.Errorf("%w: %.8s", errLater, f.all[0].Status.Sync.Revision))
	}
	return errors.Join(faults...)
}

// isLater tells whether a revision is neither the one pushed nor one from before.
func (f *Follower) isLater(revision string) bool {
	if len(revision) != len(f.revision) || revision == f.revision {
		return false // not a hash: Argo CD says main while it knows none
	}
	for _, p := range f.each {
		if p.before.Status.Sync.Revision == revision {
			return false
		}
	}
	return true
}

// failedSync says which objects a sync could not apply, once Argo CD has given up or has tried several times.
func (f *Follower) failedSync(a argocd.Application) error {
	o := a.Status.OperationState
	if o == nil || o.SyncResult.Revision != f.revision {
		return nil
	}
	if over := o.Phase == "Failed" || o.Phase == "Error"; !over && o.RetryCount < retries {
		return nil
	}
	var faults []error
	for _, r := range o.SyncResult.Resources {
		if r.Status == "SyncFailed" {
			faults = append(faults, fmt.Errorf("%s: %s: %s", a.Name(), object(r.Resource), r.Message))
		}
	}
	if len(faults) == 0 && o.Phase != "Running" && o.Phase != "Succeeded" {
		faults = append(faults, fmt.Errorf("%s: %s", a.Name(), orNothing(o.Message)))
	}
	return errors.Join(faults...)
}

// errorsOf says what Argo CD could not do at all, such as read the manifests.
//
// An error that passes is no good sign: when the API server refuses a change in the dry run of a comparison, the next
// comparison can come out of a cache and say Synced (https://github.com/argoproj/argo-cd/issues/28722).
func (f *Follower) errorsOf(a argocd.Application, p *progress) error {
	var faults []error
	for _, c := range a.Status.Conditions {
		since, is := p.errors[c]
		patience := untilNewErrorCounts
		if slices.Contains(p.before.Status.Conditions, c) {
			patience = untilOldErrorCounts
		}
		if is && f.now.Sub(since) >= patience {
			faults = append(faults, fmt.Errorf("%s: %s: %s", a.Name(), c.Type, strings.Join(strings.Fields(c.Message), " ")))
		}
	}
	return errors.Join(faults...)
}

func orNothing(text string) string {
	if text == "" {
		return "Argo CD does not say why"
	}
	return text
}
