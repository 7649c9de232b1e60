package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// ErrReadOnly says that something tried to change the repository.
var ErrReadOnly = errors.New("the repository is read-only")

// View is one render's look at a Tree: it remembers every file that was read,
// and keeps what is written to it in memory. It implements
// filesys.FileSystem, with "/" as the repository's root.
type View struct {
	tree *Tree
	cwd  string // relative path that unrooted names are resolved against

	*viewState
}

type viewState struct {
	mu      sync.Mutex
	reads   map[string]struct{}
	written map[string][]byte
}

var _ filesys.FileSystem = (*View)(nil)

// NewView opens a view with nothing read and nothing written.
func NewView(t *Tree) *View {
	return &View{tree: t, cwd: ".", viewState: &viewState{
		reads: map[string]struct{}{}, written: map[string][]byte{},
	}}
}

// Tree is the repository behind the view.
func (v *View) Tree() *Tree { return v.tree }

// In is the same view with relative names resolved against dir.
func (v *View) In(dir string) *View { return &View{tree: v.tree, cwd: dir, viewState: v.viewState} }

// Reads lists the files read so far, sorted.
func (v *View) Reads() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]string, 0, len(v.reads))
	for p := range v.reads {
		out = append(out, p)
	}
	sort.Strings(out)
	return out
}

// rel turns a name as kustomize writes it into a path of the tree.
func (v *View) rel(name string) string {
	if strings.HasPrefix(name, "/") {
		name = strings.TrimLeft(path.Clean(name), "/")
		if name == "" {
			return "."
		}
		return name
	}
	return path.Join(v.cwd, name)
}

// ReadFile returns what was written to name, or else the repository's file.
func (v *View) ReadFile(name string) ([]byte, error) {
	p, _, err := v.resolve(name)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	data, ok := v.written[p]
	v.mu.Unlock()
	if ok {
		return data, nil
	}
	data, err = v.tree.ReadFile(p)
	if err != nil {
		return nil, err
	}
	if err := checkAliases(p, data); err != nil {
		return nil, err
	}
	v.mu.Lock()
	v.reads[p] = struct{}{}
	v.mu.Unlock()
	return data, nil
}

// WriteFile keeps data in memory under name; the repository stays as it is.
func (v *View) WriteFile(name string, data []byte) error {
	p := v.rel(name)
	if r, _, err := v.tree.Resolve(p); err == nil {
		p = r
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.written[p] = bytes.Clone(data)
	return nil
}

func (v *View) resolve(name string) (string, fs.FileMode, error) {
	p := v.rel(name)
	v.mu.Lock()
	_, ok := v.written[p]
	v.mu.Unlock()
	if ok {
		return p, 0, nil
	}
	return v.tree.Resolve(p)
}

// Exists says whether name is a file or a folder.
func (v *View) Exists(name string) bool {
	_, _, err := v.resolve(name)
	return err == nil
}

// IsDir says whether name is a folder.
func (v *View) IsDir(name string) bool {
	_, mode, err := v.resolve(name)
	return err == nil && mode.IsDir()
}

// ReadDir lists the names in a folder of the repository.
func (v *View) ReadDir(name string) ([]string, error) {
	entries, err := v.tree.ReadDir(v.rel(name))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names, nil
}

// CleanedAbs splits name into a folder and a file, links followed.
func (v *View) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	p, mode, err := v.resolve(name)
	if err != nil {
		return "", "", err
	}
	if mode.IsDir() {
		return filesys.ConfirmedDir(abs(p)), "", nil
	}
	return filesys.ConfirmedDir(abs(path.Dir(p))), path.Base(p), nil
}

func abs(p string) string { return path.Join("/", p) }

// Glob matches names in the repository as path/filepath.Glob does.
func (v *View) Glob(pattern string) ([]string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	bases := []string{""}
	if strings.HasPrefix(pattern, "/") {
		bases, pattern = []string{"/"}, strings.TrimLeft(pattern, "/")
	}
	for _, part := range strings.Split(path.Clean(pattern), "/") {
		bases = v.globPart(bases, part)
	}
	sort.Strings(bases)
	return bases, nil
}

func (v *View) globPart(bases []string, part string) []string {
	var next []string
	for _, base := range bases {
		if !strings.ContainsAny(part, `*?[\`) {
			if p := path.Join(base, part); v.Exists(p) {
				next = append(next, p)
			}
			continue
		}
		names, err := v.ReadDir(path.Join(base, "."))
		if err != nil {
			continue
		}
		for _, n := range names {
			if ok, _ := filepath.Match(part, n); ok {
				next = append(next, path.Join(base, n))
			}
		}
	}
	return next
}

// Walk visits every file below name in lexical order.
func (v *View) Walk(name string, fn filepath.WalkFunc) error {
	return v.walk(name, fn)
}

func (v *View) walk(name string, fn filepath.WalkFunc) error {
	p, mode, err := v.resolve(name)
	if err != nil {
		return fn(name, nil, err)
	}
	err = fn(name, info{path.Base(p), mode}, nil)
	if !mode.IsDir() || err != nil {
		if mode.IsDir() && errors.Is(err, filepath.SkipDir) {
			return nil
		}
		return err
	}
	names, err := v.ReadDir(name)
	if err != nil {
		return fn(name, info{path.Base(p), mode}, err)
	}
	for _, n := range names {
		err := v.walk(path.Join(name, n), fn)
		if errors.Is(err, filepath.SkipDir) {
			break
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Open is for reading only.
func (v *View) Open(name string) (filesys.File, error) {
	data, err := v.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &openFile{bytes.NewReader(data), info{path.Base(name), 0}}, nil
}

// Create always gives ErrReadOnly.
func (v *View) Create(name string) (filesys.File, error) {
	return nil, fmt.Errorf("%s: %w", name, ErrReadOnly)
}

// Mkdir always gives ErrReadOnly.
func (v *View) Mkdir(name string) error { return fmt.Errorf("%s: %w", name, ErrReadOnly) }

// MkdirAll always gives ErrReadOnly.
func (v *View) MkdirAll(name string) error { return fmt.Errorf("%s: %w", name, ErrReadOnly) }

// RemoveAll always gives ErrReadOnly.
func (v *View) RemoveAll(name string) error { return fmt.Errorf("%s: %w", name, ErrReadOnly) }

type openFile struct {
	*bytes.Reader
	info info
}

func (f *openFile) Close() error               { return nil }
func (f *openFile) Write([]byte) (int, error)  { return 0, ErrReadOnly }
func (f *openFile) Stat() (os.FileInfo, error) { return f.info, nil }

// info is as much of a file as a render may depend on: no times, no owners.
type info struct {
	name string
	mode fs.FileMode
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }
