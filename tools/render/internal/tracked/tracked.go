// Package tracked reads what Git tracks in a checkout: the working tree also
// holds what Argo CD will never see.
package tracked

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/index"
)

// Links lists the symbolic links that Git tracks below dir, in the order of the
// index. A folder that is no checkout, or has nothing added, has none.
func Links(dir string) ([]string, error) {
	file, err := indexFile(dir)
	if err != nil || file == "" {
		return nil, err
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the Git index: %w", err)
	}
	defer f.Close()
	var idx index.Index
	if err := index.NewDecoder(bufio.NewReader(f)).Decode(&idx); err != nil {
		return nil, fmt.Errorf("reading the Git index %s: %w", file, err)
	}
	var links []string
	for _, e := range idx.Entries {
		if e.Mode == filemode.Symlink {
			links = append(links, e.Name)
		}
	}
	return links, nil
}

// indexFile finds the index: .git is a folder, or in a worktree or submodule a
// file that names one.
func indexFile(dir string) (string, error) {
	git := filepath.Join(dir, ".git")
	info, err := os.Stat(git)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the Git index: %w", err)
	}
	if !info.IsDir() {
		data, err := os.ReadFile(git)
		if err != nil {
			return "", fmt.Errorf("reading the Git index: %w", err)
		}
		to, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir: ")
		if !ok {
			return "", nil
		}
		if git = to; !filepath.IsAbs(git) {
			git = filepath.Join(dir, git)
		}
	}
	return filepath.Join(git, "index"), nil
}
