// Package mirror gives the local cluster what the manifests take from GitHub: repositories made from the released files
// in the Go module cache, which go.sum proves.
package mirror

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"example.com/mlops-platform/tools/platform/internal/git"
	"example.com/mlops-platform/tools/platform/internal/run"
)

// Source is a repository of github.com to mirror.
type Source struct {
	Repository string // such as github.com/argoproj/argo-cd
	pin        string // folder of the go.mod that pins its release
}

// Sources are the repositories that are remote bases of the local cluster.
func Sources() []Source {
	var all []Source
	for _, name := range []string{"argo-cd", "argo-rollouts", "argo-workflows"} {
		all = append(all, Source{
			Repository: "github.com/argoproj/" + name,
			pin:        filepath.Join("tools", "localcluster", "modules", name),
		})
	}
	return all
}

// served is the folder of a release that is mirrored; the remote bases lie in it.
const served = "manifests"

// identity makes the commit the same wherever and whenever it is made.
var identity = []string{
	"GIT_AUTHOR_NAME=mirror", "GIT_AUTHOR_EMAIL=mirror@git.mlops.internal", "GIT_AUTHOR_DATE=2000-01-01T00:00:00Z",
	"GIT_COMMITTER_NAME=mirror", "GIT_COMMITTER_EMAIL=mirror@git.mlops.internal",
	"GIT_COMMITTER_DATE=2000-01-01T00:00:00Z",
	"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
}

// Push makes the mirror of one release and brings it to the remote: the branch main and the tag of the release. Where
// both are there already, nothing is pushed. It returns the tag. Root is the folder of the working copy; what
// is made in scratch meanwhile is removed.
func (s Source) Push(ctx context.Context, root, scratch string, remote git.Remote) (tag string, err error) {
	module, err := s.download(ctx, filepath.Join(root, s.pin))
	if err != nil {
		return "", err
	}
	tag = module.Version
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(scratch, "mirror-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	commit, err := s.commit(ctx, dir, module)
	if err != nil {
		return "", err
	}
	there, err := remote.Refs(ctx, "refs/heads/main", "refs/tags/"+tag)
	if err != nil || there["refs/heads/main"] == commit && there["refs/tags/"+tag] == commit {
		return tag, err
	}
	_, err = git.In(ctx, dir, remote.Env(), "push", "--quiet", "--force", remote.Address,
		commit+":refs/heads/main", commit+":refs/tags/"+tag)
	return tag, err
}

// release is what the go command says of a module that it has downloaded and verified.
type release struct {
	Path, Version, Dir, Error string
}

// download has the go command find the files of the pinned release.
func (s Source) download(ctx context.Context, pin string) (release, error) {
	text, err := os.ReadFile(filepath.Join(pin, "go.mod"))
	if err != nil {
		return release{}, err
	}
	mod, err := modfile.Parse(filepath.Join(pin, "go.mod"), text, nil)
	if err != nil {
		return release{}, err
	}
	for _, r := range mod.Require {
		if r.Mod.Path != s.Repository && !strings.HasPrefix(r.Mod.Path, s.Repository+"/v") {
			continue
		}
		out, err := run.Command{Dir: pin, Args: []string{"go", "mod", "download", "-json", r.Mod.Path}}.Output(ctx)
		var got release
		if jsonErr := json.Unmarshal([]byte(out), &got); jsonErr != nil {
			return release{}, errors.Join(err, jsonErr)
		}
		if got.Error != "" {
			return release{}, errors.New(got.Error)
		}
		return got, err
	}
	return release{}, fmt.Errorf("%s requires no module of %s", filepath.Join(pin, "go.mod"), s.Repository)
}

// commit makes a repository in dir whose only commit has the served folder of a release, and returns its hash.
func (s Source) commit(ctx context.Context, dir string, module release) (string, error) {
	// The release is the work tree, where it lies in the module cache; it is only read.
	env := append([]string{"GIT_DIR=" + filepath.Join(dir, ".git"), "GIT_WORK_TREE=" + module.Dir}, identity...)
	for _, args := range [][]string{
		{"init", "--quiet", "--template=", "--initial-branch=main"},
		{"add", "--force", "--", served},
		{"commit", "--quiet", "--no-gpg-sign", "--message", fmt.Sprintf("%s of %s %s", served, module.Path, module.Version)},
	} {
		if _, err := git.In(ctx, module.Dir, env, args...); err != nil {
			return "", err
		}
	}
	out, err := git.In(ctx, module.Dir, env, "rev-parse", "HEAD")
	return strings.TrimSpace(out), err
}
