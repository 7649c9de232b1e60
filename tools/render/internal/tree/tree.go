// Package tree reads one repository: every file at most once, never outside
// its root, never larger than a limit, and never for writing.
//
// Paths are slash separated and relative to the root; "." is the root. Other
// folders (a Go module's, say) can be mounted read-only below a name of their
// own, so that everything a render reads has exactly one name.
package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// MaxFile is the largest file that is read, in bytes. The largest manifest
// seen in the field, the full Workflow CRD of Argo Workflows 3.7, has 3.2 MB.
const MaxFile = 8 << 20

// maxLinks bounds the symbolic links followed for one path, as Linux does.
const maxLinks = 40

// ErrOutside says that a path or a symbolic link leaves the repository.
var ErrOutside = errors.New("leaves the repository")

// Tree is one repository: a working tree on disk, or one commit of it. It is
// safe for concurrent use.
type Tree struct {
	*shared
	trace *Trace // what is asked of the tree through this value; nil if nobody wants to know
}

type shared struct {
	dir    string // of a working tree; "" for a commit
	source Files
	mu     sync.RWMutex
	mounts map[string]string // name below the root -> folder on disk

	files    sync.Map // resolved path -> *file
	dirs     sync.Map // resolved path -> *listing
	resolved sync.Map // path -> *resolution
}

type file struct {
	once sync.Once
	data []byte
	err  error
}

type listing struct {
	once    sync.Once
	entries []Entry
	err     error
}

type resolution struct {
	path string
	mode fs.FileMode
	err  error
}

// Entry is one name in a folder.
type Entry struct {
	Name string
	Dir  bool
}

// Open opens the repository in the folder dir.
func Open(dir string) (*Tree, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening repository %s: %w", dir, err)
	}
	abs, err = filepath.EvalSymlinks(abs)
	if err != nil {
		return nil, fmt.Errorf("opening repository %s: %w", dir, reason(err))
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, fmt.Errorf("opening repository %s: %w", dir, reason(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("opening repository %s: not a folder", dir)
	}
	return &Tree{shared: &shared{dir: abs, source: disk{abs}, mounts: map[string]string{}}}, nil
}

// OpenFiles opens a repository that is not a folder on disk.
func OpenFiles(source Files) *Tree {
	return &Tree{shared: &shared{source: source, mounts: map[string]string{}}}
}

// Dir is the repository's folder on disk, absolute; "" if it is not on disk.
func (t *Tree) Dir() string { return t.dir }

// Mount makes the folder dir readable below name. Mounting the same folder
// twice is no error.
func (t *Tree) Mount(name, dir string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mounts[path.Clean(name)] = dir
}

// MountOf returns the mount point that holds name, or "" for the repository.
func (t *Tree) MountOf(name string) string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for m := range t.mounts {
		if name == m || strings.HasPrefix(name, m+"/") {
			return m
		}
	}
	return ""
}

// at says who has the resolved path, and what it is called there.
func (t *Tree) at(name string) (Files, string) {
	m := t.MountOf(name)
	if m == "" {
		return t.source, name
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return disk{t.mounts[m]}, path.Join(".", strings.TrimPrefix(name, m))
}

// Resolve follows symbolic links in name and returns the path they lead to and
// its mode. A link that is absolute or leaves its root gives ErrOutside, as
// Argo CD refuses such repositories.
func (t *Tree) Resolve(name string) (string, fs.FileMode, error) {
	name = path.Clean(name)
	p, mode, err := t.resolve(name, 0)
	t.trace.resolved(t, name, p, mode, err)
	return p, mode, err
}

func (t *Tree) resolve(name string, depth int) (string, fs.FileMode, error) {
	if name == "." || t.isMount(name) {
		return name, fs.ModeDir, nil
	}
	if name == ".." || strings.HasPrefix(name, "../") || path.IsAbs(name) {
		return "", 0, fmt.Errorf("%s: %w", name, ErrOutside)
	}
	if r, ok := t.resolved.Load(name); ok {
		r := r.(*resolution)
		return r.path, r.mode, r.err
	}
	p, mode, err := t.follow(name, depth)
	t.resolved.Store(name, &resolution{p, mode, err})
	return p, mode, err
}

func (t *Tree) follow(name string, depth int) (string, fs.FileMode, error) {
	if depth > maxLinks {
		return "", 0, fmt.Errorf("%s: more than %d symbolic links", name, maxLinks)
	}
	if !t.belowMountPoint(name) {
		parent, mode, err := t.resolve(path.Dir(name), depth)
		if err != nil {
			return "", 0, err
		}
		if !mode.IsDir() {
			return "", 0, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		name = path.Join(parent, path.Base(name))
	}
	from, there := t.at(name)
	mode, err := from.Lstat(there)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", name, reason(err))
	}
	if mode&fs.ModeSymlink == 0 {
		return name, mode, nil
	}
	target, err := from.Readlink(there)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", name, reason(err))
	}
	if filepath.IsAbs(target) {
		return "", 0, fmt.Errorf("%s: symbolic link to %s %w", name, target, ErrOutside)
	}
	next := path.Join(path.Dir(name), filepath.ToSlash(target))
	if next == ".." || strings.HasPrefix(next, "../") || t.MountOf(next) != t.MountOf(name) {
		return "", 0, fmt.Errorf("%s: symbolic link to %s %w", name, target, ErrOutside)
	}
	return t.resolve(next, depth+1)
}

func (t *Tree) isMount(name string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, ok := t.mounts[name]
	return ok
}

// belowMountPoint is true for a mount's first level: the folders above a mount
// point need not exist in the repository.
func (t *Tree) belowMountPoint(name string) bool { return t.isMount(path.Dir(name)) }

// ReadFile returns the contents of a file; callers must not change them.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	p, mode, err := t.Resolve(name)
	if err != nil {
		return nil, err
	}
	if !mode.IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, _ := t.files.LoadOrStore(p, &file{})
	entry := f.(*file)
	entry.once.Do(func() {
		from, there := t.at(p)
		entry.data, entry.err = readLimited(from, there, p)
	})
	t.trace.read(t, p, entry.data, entry.err)
	return entry.data, entry.err
}

// ReadDir lists a folder in lexical order. Links are followed for Dir; a link
// that cannot be followed counts as a file, and reading it says why.
func (t *Tree) ReadDir(name string) ([]Entry, error) {
	p, mode, err := t.Resolve(name)
	if err != nil {
		return nil, err
	}
	if !mode.IsDir() {
		return nil, fmt.Errorf("%s: not a folder", name)
	}
	l, _ := t.dirs.LoadOrStore(p, &listing{})
	entry := l.(*listing)
	entry.once.Do(func() { entry.entries, entry.err = t.list(p) })
	t.trace.listed(t, p, entry.entries, entry.err)
	return entry.entries, entry.err
}

func (t *Tree) list(p string) ([]Entry, error) {
	from, there := t.at(p)
	names, err := from.ReadDir(there)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, reason(err))
	}
	entries := make([]Entry, 0, len(names))
	for _, n := range names {
		dir := n.Mode.IsDir()
		if n.Mode&fs.ModeSymlink != 0 {
			if _, mode, err := t.resolve(path.Join(p, n.Name), 0); err == nil {
				dir = mode.IsDir()
			}
		}
		entries = append(entries, Entry{Name: n.Name, Dir: dir})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	return entries, nil
}

// IsDir says whether name is a folder.
func (t *Tree) IsDir(name string) bool {
	_, mode, err := t.Resolve(name)
	return err == nil && mode.IsDir()
}

// IsFile says whether name is a regular file.
func (t *Tree) IsFile(name string) bool {
	_, mode, err := t.Resolve(name)
	return err == nil && mode.IsRegular()
}

// reason drops the path that os errors repeat: ours is relative and already in
// the message.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
