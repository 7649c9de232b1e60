package revision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// open opens the repository around a folder, and returns the folder of its working
// tree. git.PlainOpen would do the same, and refuse a sparse or partial clone.
func open(dir string) (*git.Repository, string, error) {
	for work := dir; ; work = filepath.Dir(work) {
		dot := filepath.Join(work, ".git")
		if info, err := os.Stat(dot); err == nil && (info.IsDir() || info.Size() > 0) {
			repo, err := openAt(dot, info.IsDir())
			return repo, work, err
		}
		if work == filepath.Dir(work) {
			return nil, "", git.ErrRepositoryNotExists
		}
	}
}

func openAt(dot string, isFolder bool) (*git.Repository, error) {
	if !isFolder { // a linked worktree, or a submodule
		to, err := pointer(dot, "gitdir: ")
		if err != nil {
			return nil, err
		}
		dot = to
	}
	files := osfs.New(dot)
	common, err := pointer(filepath.Join(dot, "commondir"), "")
	if err == nil {
		files = dotgit.NewRepositoryFilesystem(files, osfs.New(common))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return git.Open(readOnly{filesystem.NewStorage(files, cache.NewObjectLRUDefault())}, nil)
}

// pointer reads a file that names a folder.
func pointer(file, prefix string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	to, ok := strings.CutPrefix(strings.TrimSpace(string(data)), prefix)
	if !ok {
		return "", fmt.Errorf("%s: want %q and a folder", file, prefix)
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(file), to)
	}
	return to, nil
}

// readOnly leaves out the extensions that say nothing to who only reads objects
// and references: where settings lie, and that some objects may be elsewhere.
type readOnly struct{ *filesystem.Storage }

var harmless = []string{"worktreeconfig", "partialclone", "preciousobjects"}

// Config implements config.ConfigStorer.
func (r readOnly) Config() (*config.Config, error) {
	c, err := r.Storage.Config()
	if err != nil || c.Raw == nil || !c.Raw.HasSection("extensions") {
		return c, err
	}
	section := c.Raw.Section("extensions")
	for _, o := range slices.Clone(section.Options) {
		if slices.Contains(harmless, strings.ToLower(o.Key)) {
			section.RemoveOption(o.Key)
		}
	}
	return c, nil
}
