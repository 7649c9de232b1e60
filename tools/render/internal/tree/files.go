package tree

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
)

// Files are the files of one revision of a repository. Names are slash separated
// and relative to its root; links are not followed.
type Files interface {
	Lstat(name string) (fs.FileMode, error)
	Size(name string) (int64, error)
	Readlink(name string) (string, error)
	// ReadDir lists a folder in any order.
	ReadDir(name string) ([]Name, error)
	ReadFile(name string) ([]byte, error)
	// Equal says whether a file holds exactly data. It may know without reading.
	Equal(name string, data []byte) bool
}

// Name is one name in a folder, with the type bits of what it names.
type Name struct {
	Name string
	Mode fs.FileMode
}

// disk are the files below a folder.
type disk struct{ dir string }

func (d disk) path(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

func (d disk) Lstat(name string) (fs.FileMode, error) {
	info, err := os.Lstat(d.path(name))
	if err != nil {
		return 0, err
	}
	return info.Mode(), nil
}

func (d disk) Size(name string) (int64, error) {
	info, err := os.Stat(d.path(name))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (d disk) Readlink(name string) (string, error) { return os.Readlink(d.path(name)) }

func (d disk) ReadDir(name string) ([]Name, error) {
	entries, err := os.ReadDir(d.path(name))
	if err != nil {
		return nil, err
	}
	names := make([]Name, len(entries))
	for i, e := range entries {
		names[i] = Name{e.Name(), e.Type()}
	}
	return names, nil
}

func (d disk) ReadFile(name string) ([]byte, error) { return os.ReadFile(d.path(name)) }

func (d disk) Equal(name string, data []byte) bool {
	got, err := d.ReadFile(name)
	return err == nil && bytes.Equal(got, data)
}
