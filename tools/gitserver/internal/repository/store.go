// Package repository keeps bare Git repositories below one folder.
package repository

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// Store is a folder of repositories that one server at a time uses.
type Store struct {
	dir  string
	lock int
	log  *slog.Logger

	mu   sync.Mutex
	seen map[string]branches // by repository, as last told by Moved
}

// Open takes the folder for this process, after every process of an earlier server has ended, and removes what a
// server that was killed has left there.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	lock, err := take(ctx, filepath.Join(dir, ".lock"), log)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, lock: lock, log: log, seen: map[string]branches{}}
	names, err := s.sweep()
	for _, name := range names {
		if err == nil {
			s.seen[name], err = s.branches(ctx, name)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	log.Info("opened", "dir", dir, "repositories", len(names))
	return s, nil
}

// Dir is the folder, as an absolute path.
func (s *Store) Dir() string { return s.dir }

// Close gives the folder free.
func (s *Store) Close() error { return release(s.lock) }

func (s *Store) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// Exists tells whether there is a repository of this name.
func (s *Store) Exists(name string) bool {
	_, err := os.Stat(filepath.Join(s.path(name), "HEAD"))
	return Valid(name) && err == nil
}

// Create makes an empty repository whose HEAD is main. One that exists is left alone.
func (s *Store) Create(ctx context.Context, name string) error {
	if !Valid(name) {
		return fmt.Errorf("%q is no name for a repository", name)
	}
	if s.Exists(name) {
		return nil
	}
	parent := filepath.Dir(s.path(name))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	// It gets its name when it is whole: a server that is killed here leaves no half of one.
	fresh, err := os.MkdirTemp(parent, unfinished)
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	if _, err := git(ctx, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, s.path(name)); err != nil {
		if errors.Is(err, fs.ErrExist) && s.Exists(name) {
			return nil // another push was first
		}
		return err
	}
	s.log.Info("created", "repository", name)
	return nil
}
