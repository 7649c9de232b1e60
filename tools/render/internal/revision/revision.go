// Package revision reads one commit of a Git repository as a tree of files, out
// of Git's own objects: nothing is checked out, nothing is written, and no git
// program is run.
package revision

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// Commit is one commit, seen from a folder of the repository: the files of that
// folder are its files. It implements tree.Files and is safe for concurrent use.
type Commit struct {
	Hash string // of the commit, 40 hexadecimal digits
	// Name says for people which commit this is, as it was asked for.
	Name string

	mu      sync.Mutex // go-git's storage is for one goroutine
	objects storer.EncodedObjectStorer
	folders map[string]folder // by path below the repository's root
	below   string            // the folder that is seen, "." for the root
}

// Open opens the commit that rev names in the repository around the folder dir.
// An empty rev is the merge base of HEAD with the main branch: on a branch that
// is where it began, on the main branch what was last pushed.
func Open(dir, rev string) (*Commit, error) {
	repo, work, err := open(dir)
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, fmt.Errorf("%s is in no Git repository: there is nothing to compare with", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the Git repository of %s: %w", dir, err)
	}
	c := &Commit{objects: repo.Storer, folders: map[string]folder{}}
	below, err := filepath.Rel(work, dir)
	if err != nil {
		return nil, fmt.Errorf("opening the Git repository of %s: %w", dir, err)
	}
	c.below = filepath.ToSlash(below)
	var commit *object.Commit
	if rev == "" {
		commit, c.Name, err = forkPoint(repo)
	} else {
		commit, err = named(repo, rev)
		c.Name = rev
	}
	if err != nil {
		return nil, err
	}
	c.Hash = commit.Hash.String()
	if err := c.load(".", commit.TreeHash); err != nil {
		return nil, err
	}
	return c, nil
}

func named(repo *git.Repository, rev string) (*object.Commit, error) {
	hash, err := repo.ResolveRevision(plumbing.Revision(rev))
	if err != nil {
		return nil, fmt.Errorf("%q names no commit of this clone (%w); a shallow clone has few: git fetch origin %s",
			rev, err, rev)
	}
	commit, err := repo.CommitObject(*hash)
	if err != nil {
		return nil, fmt.Errorf("reading commit %s: %w", hash, err)
	}
	return commit, nil
}

// mainBranches are tried in this order. What is pushed counts more than a local
// branch that nobody pulls.
var mainBranches = []plumbing.ReferenceName{
	"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
	"refs/heads/main", "refs/heads/master",
}

// forkPoint is where HEAD left the main branch.
func forkPoint(repo *git.Repository) (*object.Commit, string, error) {
	head, err := repo.Head()
	if err != nil {
		return nil, "", fmt.Errorf("this repository has no commit to compare with: %w", err)
	}
	tip, err := repo.CommitObject(head.Hash())
	if err != nil {
		return nil, "", fmt.Errorf("reading commit %s: %w", head.Hash(), err)
	}
	for _, name := range mainBranches {
		ref, err := repo.Reference(name, true)
		if err != nil {
			continue
		}
		main, err := repo.CommitObject(ref.Hash())
		if err != nil {
			return nil, "", fmt.Errorf("reading commit %s: %w", ref.Hash(), err)
		}
		bases, err := tip.MergeBase(main)
		if err != nil || len(bases) == 0 {
			return nil, "", fmt.Errorf("HEAD and %s have no common commit in this clone; if it is shallow, "+
				"git fetch --unshallow, or name the base with --base REV", ref.Name().Short())
		}
		return bases[0], "merge base with " + ref.Name().Short(), nil
	}
	return nil, "", errors.New("no main branch here (origin/HEAD, origin/main, origin/master, main, master): " +
		"name the base with --base REV")
}
