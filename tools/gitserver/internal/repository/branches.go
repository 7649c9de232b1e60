package repository

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// None is the hash that stands for no commit: of a branch that is new or was deleted.
const None = "0000000000000000000000000000000000000000"

// branches are hashes of commits by name of the reference, such as refs/heads/main.
type branches map[string]string

// Move is a branch that names another commit than before.
type Move struct {
	Ref    string // such as refs/heads/main
	Before string // hash of the commit, or None
	After  string // hash of the commit, or None
}

func (s *Store) branches(ctx context.Context, name string) (branches, error) {
	out, err := git(ctx, "--git-dir", s.path(name), "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads")
	if err != nil {
		return nil, err
	}
	found := branches{}
	for line := range strings.Lines(out) {
		hash, ref, _ := strings.Cut(strings.TrimSpace(line), " ")
		found[ref] = hash
	}
	return found, nil
}

// Moved tells which branches of a repository have moved since it was asked last, in the order of their names. Each move
// is told once, however many pushes end at a time.
func (s *Store) Moved(ctx context.Context, name string) ([]Move, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := s.branches(ctx, name)
	if err != nil {
		return nil, err
	}
	before := s.seen[name]
	s.seen[name] = now
	return difference(before, now), nil
}

func difference(before, after branches) []Move {
	all := maps.Clone(after)
	for ref := range before {
		all[ref] = ""
	}
	var moves []Move
	for _, ref := range slices.Sorted(maps.Keys(all)) {
		move := Move{Ref: ref, Before: hash(before, ref), After: hash(after, ref)}
		if move.Before != move.After {
			moves = append(moves, move)
		}
	}
	return moves
}

func hash(b branches, ref string) string {
	if h, is := b[ref]; is {
		return h
	}
	return None
}
