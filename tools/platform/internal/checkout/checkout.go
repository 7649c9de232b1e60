// Package checkout pushes a working copy to the Git server of the local cluster.
package checkout

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"example.com/mlops-platform/tools/platform/internal/git"
)

// Checkout is a working copy.
type Checkout struct {
	Dir string
}

// Branch is what Argo CD follows.
const Branch = "refs/heads/main"

// Pushed says what a push did.
type Pushed struct {
	Revision    string // hash of the commit that the branch now names
	Before      string // hash that it named; the empty string where it is new
	Uncommitted int    // files that differ from the commit, and are not served
}

// Changed tells whether the branch moved.
func (p Pushed) Changed() bool { return p.Before != p.Revision }

// Warning says that something is not served; the empty string when all is.
func (p Pushed) Warning() string {
	switch p.Uncommitted {
	case 0:
		return ""
	case 1:
		return "1 file has changes that are not committed, so not served: git status"
	}
	return fmt.Sprintf("%d files have changes that are not committed, so not served: git status", p.Uncommitted)
}

// Push brings HEAD, a branch or not, to the remote's branch. With force it also does so where that takes commits out of
// it. It leaves the configuration of the working copy alone and runs none of its hooks: nobody else gets this.
func (c Checkout) Push(ctx context.Context, remote git.Remote, force bool) (Pushed, error) {
	var done Pushed
	var err error
	if done.Revision, err = c.Head(ctx); err != nil {
		return done, err
	}
	if done.Uncommitted, err = c.uncommitted(ctx); err != nil {
		return done, err
	}
	refs, err := remote.Refs(ctx, Branch)
	if err != nil {
		return done, err
	}
	done.Before = refs[Branch]
	refspec := "HEAD:" + Branch
	if force {
		refspec = "+" + refspec
	}
	_, err = git.In(ctx, c.Dir, remote.Env(), "push", "--quiet", "--no-verify", remote.Address, refspec)
	if err != nil && (strings.Contains(err.Error(), "non-fast-forward") || strings.Contains(err.Error(), "fetch first")) {
		err = fmt.Errorf("the cluster has commits that this working copy lacks; get them with git pull local main, "+
			"or take them out there with git push --force local: %w", err)
	}
	return done, err
}

// Head is the hash of the commit that is checked out.
func (c Checkout) Head(ctx context.Context) (string, error) {
	out, err := c.git(ctx, "rev-parse", "--verify", "HEAD^{commit}")
	if err != nil {
		return "", fmt.Errorf("%s is no working copy with a commit; "+
			"a copy without Git becomes one by git init && git add . && git commit -m start: %w", c.Dir, err)
	}
	return strings.TrimSpace(out), nil
}

// uncommitted counts the files that differ from the commit or are new.
func (c Checkout) uncommitted(ctx context.Context) (int, error) {
	out, err := c.git(ctx, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
	return strings.Count(out, "\x00"), err
}

// Configure makes `git push NAME` bring HEAD to the remote's branch, whatever is checked out. The token goes into
// a file of the repository's own folder that only its owner can read.
func (c Checkout) Configure(ctx context.Context, name string, remote git.Remote) error {
	server, err := url.Parse(remote.Address)
	if err != nil {
		return err
	}
	if err := c.Remove(ctx, name); err != nil {
		return err
	}
	file, err := c.credentials(ctx, name)
	if err != nil {
		return err
	}
	// git credential-store reads one URL a line.
	line := &url.URL{Scheme: server.Scheme, User: url.UserPassword(git.User, remote.Token), Host: server.Host}
	if err := os.WriteFile(file, []byte(line.String()+"\n"), 0o600); err != nil {
		return err
	}
	section := "credential." + server.Scheme + "://" + server.Host
	for _, setting := range [][]string{
		{"remote." + name + ".url", remote.Address},
		{"remote." + name + ".fetch", "+refs/heads/*:refs/remotes/" + name + "/*"},
		{"remote." + name + ".push", "HEAD:" + Branch},
		{"remote." + name + ".proxy", ""},
		// The empty one leaves out the helpers that the person has: none of them should keep this token.
		{section + ".helper", ""},
		{"--add", section + ".helper", "store --file=" + quoted(file)},
	} {
		if _, err := c.git(ctx, append([]string{"config", "--local"}, setting...)...); err != nil {
			return err
		}
	}
	return giveToOwner(filepath.Dir(file), file, filepath.Join(filepath.Dir(file), "config"))
}

// quoted is a word for the shell, which git has read a helper.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// giveToOwner gives files to who owns the folder: with sudo they would be root's, and of no use to the person.
func giveToOwner(dir string, files ...string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, is := info.Sys().(*syscall.Stat_t)
	if !is || os.Geteuid() != 0 {
		return nil
	}
	for _, file := range files {
		if err := os.Chown(file, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// Remove takes away what Configure made. Where nothing is there, nothing happens.
func (c Checkout) Remove(ctx context.Context, name string) error {
	if _, err := c.git(ctx, "rev-parse", "--git-dir"); err != nil {
		return nil //nolint:nilerr // no working copy has no remote
	}
	file, err := c.credentials(ctx, name)
	if err != nil {
		return err
	}
	sections := []string{"remote." + name}
	address, err := c.git(ctx, "config", "--local", "--default", "", "remote."+name+".url")
	if err != nil {
		return err
	}
	if server, err := url.Parse(strings.TrimSpace(address)); err == nil && server.Host != "" {
		sections = append(sections, "credential."+server.Scheme+"://"+server.Host)
	}
	for _, section := range sections {
		_, err := c.git(ctx, "config", "--local", "--remove-section", section)
		if err != nil && !strings.Contains(err.Error(), "no such section") {
			return err
		}
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// credentials is the file with the token of a remote, in the folder that all worktrees of a repository share.
func (c Checkout) credentials(ctx context.Context, name string) (string, error) {
	dir, err := c.git(ctx, "rev-parse", "--path-format=absolute", "--git-common-dir")
	return filepath.Join(strings.TrimSpace(dir), "credentials-"+name), err
}

func (c Checkout) git(ctx context.Context, args ...string) (string, error) {
	return git.In(ctx, c.Dir, nil, args...)
}
