package tree

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Trace is all that was asked of a tree and what it answered: what exists, what
// a folder holds, what a file says. Whoever asked got the same from any tree that
// answers the same, so a trace that holds of another revision saves the work of
// asking there.
//
// What lies in a mount is not in it: a mount's name says its version, and Mounts
// says which were asked.
type Trace struct {
	mu     sync.Mutex
	paths  map[string]resolution
	files  map[string][]byte
	dirs   map[string][]Entry
	mounts map[string]struct{}
	unsure bool // some answer was an error that another tree cannot be asked for
}

// Traced is the same tree; what is asked through it is added to tr.
func (t *Tree) Traced(tr *Trace) *Tree { return &Tree{shared: t.shared, trace: tr} }

// note runs add unless name is in a mount. A nil Trace notes nothing.
func (tr *Trace) note(t *Tree, name string, add func()) {
	if tr == nil {
		return
	}
	m := t.MountOf(name)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if m == "" {
		add()
		return
	}
	if tr.mounts == nil {
		tr.mounts = map[string]struct{}{}
	}
	tr.mounts[m] = struct{}{}
}

func (tr *Trace) resolved(t *Tree, name, p string, mode fs.FileMode, err error) {
	tr.note(t, name, func() {
		if tr.paths == nil {
			tr.paths = map[string]resolution{}
		}
		tr.paths[name] = resolution{p, mode.Type(), err}
	})
}

func (tr *Trace) read(t *Tree, p string, data []byte, err error) {
	tr.note(t, p, func() {
		if tr.files == nil {
			tr.files = map[string][]byte{}
		}
		tr.files[p] = data
		tr.unsure = tr.unsure || err != nil
	})
}

func (tr *Trace) listed(t *Tree, p string, entries []Entry, err error) {
	tr.note(t, p, func() {
		if tr.dirs == nil {
			tr.dirs = map[string][]Entry{}
		}
		tr.dirs[p] = entries
		tr.unsure = tr.unsure || err != nil
	})
}

// Mounts lists the mounts that were asked for anything, sorted.
func (tr *Trace) Mounts() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Sorted(maps.Keys(tr.mounts))
}

// Holds says whether t answers as the traced tree did, mounts aside.
func (tr *Trace) Holds(t *Tree) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.unsure {
		return false
	}
	for name, want := range tr.paths {
		p, mode, err := t.resolve(name, 0)
		if p != want.path || mode.Type() != want.mode || !sameFault(err, want.err) {
			return false
		}
	}
	for name, want := range tr.dirs {
		if got, err := t.ReadDir(name); err != nil || !slices.Equal(got, want) {
			return false
		}
	}
	for name, want := range tr.files {
		from, there := t.at(name)
		if !from.Equal(there, want) {
			return false
		}
	}
	return true
}

// sameFault compares what code can tell apart in errors of Resolve.
func sameFault(a, b error) bool {
	return (a == nil) == (b == nil) &&
		errors.Is(a, fs.ErrNotExist) == errors.Is(b, fs.ErrNotExist) &&
		errors.Is(a, ErrOutside) == errors.Is(b, ErrOutside)
}
