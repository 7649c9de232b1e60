package app

import (
	"context"
	"fmt"
	"time"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/internal/checkout"
	"example.com/mlops-platform/tools/platform/internal/git"
	"example.com/mlops-platform/tools/platform/internal/gitserver"
	"example.com/mlops-platform/tools/platform/internal/push"
)

// pushLimit is how long a push may take to become live: a Deployment of the platform has at most ten minutes.
const pushLimit = 12 * time.Minute

// push brings the commit that is checked out to the cluster and shows what changes there because of it.
func (p *platform) push(ctx context.Context) error {
	limit := min(p.limit, pushLimit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not live after %s", limit))
	defer cancel()
	cluster, err := p.cluster()
	if err != nil {
		return err
	}
	server, err := gitserver.Find(ctx, cluster)
	if err != nil {
		return err
	}
	to := git.Remote{Address: server.URL(gitserver.Platform), Token: server.Token}
	var outcome push.Outcome
	err = p.stages.Run("push", func(view *stage.View) (string, error) {
		var err error
		outcome, err = push.Run(ctx, cluster, checkout.Checkout{Dir: p.root}, to, view.Show)
		return fmt.Sprintf("commit %.8s is live", outcome.Pushed.Revision), err
	})
	if outcome.Pushed.Revision == "" {
		return err
	}
	what := "new"
	if !outcome.Pushed.Changed() {
		what = "on main already"
	}
	p.section(fmt.Sprintf("commit %.8s, %s", outcome.Pushed.Revision, what))
	for _, line := range outcome.Tree {
		p.row("%s", line)
	}
	if warning := outcome.Pushed.Warning(); warning != "" {
		p.row("! %s", warning)
	}
	return err
}
