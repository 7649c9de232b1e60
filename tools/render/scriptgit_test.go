package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/testscript"
)

// commit adds everything but the golden files to a commit and, if asked to, calls
// it by a tag: commit [TAG]. The first one makes the repository, with main as its
// branch.
func commit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: commit [TAG]")
	}
	dir := ts.Getenv("WORK")
	repo, err := git.PlainOpen(dir)
	if err != nil {
		repo = initialise(ts, dir)
	}
	work, err := repo.Worktree()
	ts.Check(err)
	for _, p := range []string{"*.golden", ".modcache", ".tmp"} {
		work.Excludes = append(work.Excludes, gitignore.ParsePattern(p, nil))
	}
	ts.Check(work.AddWithOptions(&git.AddOptions{All: true}))
	by := &object.Signature{Name: "test", Email: "test@example.com", When: time.Unix(0, 0).UTC()}
	hash, err := work.Commit("change", &git.CommitOptions{Author: by, AllowEmptyCommits: true})
	ts.Check(err)
	if len(args) == 1 {
		_, err := repo.CreateTag(args[0], hash, nil)
		ts.Check(err)
	}
}

// initialise replaces the empty .git that stands for a checkout.
func initialise(ts *testscript.TestScript, dir string) *git.Repository {
	if err := os.Remove(filepath.Join(dir, ".git")); !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{
		InitOptions: git.InitOptions{DefaultBranch: plumbing.NewBranchReferenceName("main")},
	})
	ts.Check(err)
	return repo
}

// branch makes a branch at HEAD and stands on it: branch NAME.
func branch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: branch NAME")
	}
	repo, err := git.PlainOpen(ts.Getenv("WORK"))
	ts.Check(err)
	head, err := repo.Head()
	ts.Check(err)
	name := plumbing.NewBranchReferenceName(args[0])
	ts.Check(repo.Storer.SetReference(plumbing.NewHashReference(name, head.Hash())))
	ts.Check(repo.Storer.SetReference(plumbing.NewSymbolicReference(plumbing.HEAD, name)))
}
