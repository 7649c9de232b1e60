package revision

import (
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"example.com/mlops-platform/tools/render/internal/tree"
)

var _ tree.Files = (*Commit)(nil)

type folder map[string]object.TreeEntry

// load reads one folder. The caller holds the lock, or is the only one.
func (c *Commit) load(name string, hash plumbing.Hash) error {
	t, err := object.GetTree(c.objects, hash)
	if err != nil {
		return fmt.Errorf("%s in commit %.12s: %w; a partial clone lacks objects: git fetch", name, c.Hash, err)
	}
	f := make(folder, len(t.Entries))
	for _, e := range t.Entries {
		f[e.Name] = e
	}
	c.folders[name] = f
	return nil
}

// entries returns a folder of the repository, reading those above it first.
func (c *Commit) entries(name string) (folder, error) {
	if f, ok := c.folders[name]; ok {
		return f, nil
	}
	e, err := c.entry(name)
	if err != nil {
		return nil, err
	}
	switch e.Mode {
	case filemode.Dir:
		if err := c.load(name, e.Hash); err != nil {
			return nil, err
		}
	case filemode.Submodule: // its files are in another repository
		c.folders[name] = folder{}
	default:
		return nil, fs.ErrNotExist
	}
	return c.folders[name], nil
}

func (c *Commit) entry(name string) (object.TreeEntry, error) {
	f, err := c.entries(path.Dir(name))
	if err != nil {
		return object.TreeEntry{}, err
	}
	e, ok := f[path.Base(name)]
	if !ok {
		return object.TreeEntry{}, fs.ErrNotExist
	}
	return e, nil
}

// find returns the entry of a file or folder below the folder that is seen.
func (c *Commit) find(name string) (object.TreeEntry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	full := path.Join(c.below, name)
	if full == "." {
		return object.TreeEntry{Mode: filemode.Dir}, nil
	}
	return c.entry(full)
}

// Lstat implements tree.Files.
func (c *Commit) Lstat(name string) (fs.FileMode, error) {
	e, err := c.find(name)
	if err != nil {
		return 0, err
	}
	return mode(e.Mode), nil
}

// mode is what a checkout would make of an entry.
func mode(m filemode.FileMode) fs.FileMode {
	switch m {
	case filemode.Dir, filemode.Submodule:
		return fs.ModeDir | 0o755
	case filemode.Symlink:
		return fs.ModeSymlink | 0o777
	case filemode.Executable:
		return 0o755
	default:
		return 0o644
	}
}

// Size implements tree.Files.
func (c *Commit) Size(name string) (int64, error) {
	e, err := c.find(name)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	size, err := c.objects.EncodedObjectSize(e.Hash)
	if err != nil {
		return 0, fmt.Errorf("in commit %.12s: %w", c.Hash, err)
	}
	return size, nil
}

// Readlink implements tree.Files.
func (c *Commit) Readlink(name string) (string, error) {
	data, err := c.ReadFile(name)
	return string(data), err
}

// ReadDir implements tree.Files.
func (c *Commit) ReadDir(name string) ([]tree.Name, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.entries(path.Join(c.below, name))
	if err != nil {
		return nil, err
	}
	names := make([]tree.Name, 0, len(f))
	for _, e := range f {
		names = append(names, tree.Name{Name: e.Name, Mode: mode(e.Mode).Type()})
	}
	return names, nil
}

// ReadFile implements tree.Files.
func (c *Commit) ReadFile(name string) ([]byte, error) {
	e, err := c.find(name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o, err := c.objects.EncodedObject(plumbing.BlobObject, e.Hash)
	if err != nil {
		return nil, fmt.Errorf("in commit %.12s: %w; a partial clone lacks objects: git fetch", c.Hash, err)
	}
	r, err := o.Reader()
	if err != nil {
		return nil, fmt.Errorf("in commit %.12s: %w", c.Hash, err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("in commit %.12s: %w", c.Hash, err)
	}
	return data, nil
}

// Equal implements tree.Files: the hash in the folder answers, nothing is read.
func (c *Commit) Equal(name string, data []byte) bool {
	e, err := c.find(name)
	return err == nil && e.Mode.IsFile() && plumbing.ComputeHash(plumbing.BlobObject, data) == e.Hash
}
