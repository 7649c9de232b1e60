package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"example.com/mlops-platform/tools/render/internal/tree"
)

// appFolder checks spec.source.path as Argo CD does (util/app/path.Path): it is
// relative, stays inside the repository and is a folder. Symbolic links in it
// are followed, but the path itself is kept: names below it are shown as
// written.
func appFolder(v *tree.View, p string) (string, error) {
	if path.IsAbs(p) {
		return "", fmt.Errorf("spec.source.path %q is absolute; write it relative to the repository's root", p)
	}
	dir := path.Clean(p)
	if outside(dir) {
		return "", fmt.Errorf("spec.source.path %q %w", p, tree.ErrOutside)
	}
	_, mode, err := v.Tree().Resolve(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("spec.source.path %q: no such folder in the repository", p)
	case err != nil:
		return "", fmt.Errorf("spec.source.path: %w", err)
	case !mode.IsDir():
		return "", fmt.Errorf("spec.source.path %q is a file; give the folder that holds it", p)
	}
	return dir, nil
}

// outside says whether a cleaned relative path leaves its root.
func outside(p string) bool {
	return p == ".." || len(p) >= 3 && p[:3] == "../" || path.IsAbs(p)
}

// rooted is a tree path in the form that a view takes for absolute.
func rooted(p string) string { return path.Join("/", p) }

// isLink says whether the last element of p is a symbolic link that leads
// somewhere inside the repository.
func isLink(v *tree.View, p string) bool {
	if p == "." {
		return false
	}
	parent, _, err := v.Tree().Resolve(path.Dir(p))
	if err != nil {
		return false
	}
	target, _, err := v.Tree().Resolve(p)
	return err == nil && target != path.Join(parent, path.Base(p))
}
