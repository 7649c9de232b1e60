package app

import (
	"context"
	"fmt"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/internal/checkout"
	"example.com/mlops-platform/tools/platform/internal/git"
	"example.com/mlops-platform/tools/platform/internal/gitserver"
	"example.com/mlops-platform/tools/platform/internal/mirror"
)

// git puts a Git server into the cluster and this working copy's commit into the server, with mirrors of what the
// manifests take from elsewhere.
func (u *installation) git(ctx context.Context, view *stage.View) (string, error) {
	server, err := gitserver.Install(ctx, u.cluster, func(line string) { view.Show(line) })
	if err != nil {
		return "", err
	}
	for _, source := range mirror.Sources() {
		view.Show("mirroring " + source.Repository)
		remote := git.Remote{Address: server.URL(source.Repository + ".git"), Token: server.Token}
		if _, err := source.Push(ctx, u.root, u.state("mirrors"), remote); err != nil {
			return "", fmt.Errorf("mirror of %s: %w", source.Repository, err)
		}
	}
	view.Show("pushing HEAD to main")
	copied := checkout.Checkout{Dir: u.root}
	remote := git.Remote{Address: server.URL(gitserver.Platform), Token: server.Token}
	pushed, err := copied.Push(ctx, remote, false)
	if err != nil {
		return "", err
	}
	u.revision = pushed.Revision
	result := fmt.Sprintf("commit %.8s is on main", pushed.Revision)
	if warning := pushed.Warning(); warning != "" {
		result += "; " + warning
	}
	return result, copied.Configure(ctx, u.remote(), remote)
}

// remote is the name under which the working copy knows the cluster's Git server: that of the cluster.
func (p *platform) remote() string { return p.name }

func (p *platform) forgetRemote(ctx context.Context) error {
	return checkout.Checkout{Dir: p.root}.Remove(ctx, p.remote())
}
