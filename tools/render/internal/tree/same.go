package tree

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Folders remembers which folders are the same in two trees. It is safe for
// concurrent use.
type Folders struct {
	a, b *Tree
	same sync.Map // resolved path -> bool
}

// CompareFolders compares folders of two trees on demand, each once.
func CompareFolders(a, b *Tree) *Folders { return &Folders{a: a, b: b} }

// Same says whether a folder holds the same on both sides, down to the last file.
// Links are compared, not followed.
func (f *Folders) Same(name string) bool {
	if v, ok := f.same.Load(name); ok {
		return v.(bool)
	}
	same := f.compare(name)
	f.same.Store(name, same)
	return same
}

func (f *Folders) compare(name string) bool {
	here, err := f.a.source.ReadDir(name)
	if err != nil {
		return false
	}
	there, err := f.b.source.ReadDir(name)
	if err != nil || len(here) != len(there) {
		return false
	}
	byName := func(a, b Name) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(here, byName)
	slices.SortFunc(there, byName)
	for i, n := range here {
		if n.Name != there[i].Name || n.Mode.Type() != there[i].Mode.Type() || !f.entry(path.Join(name, n.Name), n.Mode) {
			return false
		}
	}
	return true
}

func (f *Folders) entry(name string, mode fs.FileMode) bool {
	switch {
	case mode.IsDir():
		return f.Same(name)
	case mode&fs.ModeSymlink != 0:
		here, err := f.a.source.Readlink(name)
		if err != nil {
			return false
		}
		there, err := f.b.source.Readlink(name)
		return err == nil && here == there
	case mode.IsRegular():
		data, err := f.a.ReadFile(name)
		return err == nil && f.b.source.Equal(name, data)
	}
	return false
}
