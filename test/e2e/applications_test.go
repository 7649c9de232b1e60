package e2e

import (
	"context"
	"strings"
	"testing"

	"example.com/mlops-platform/tools/platform/argocd"
)

// untilLive waits until every Application is synced with a commit and healthy.
func (p *platform) untilLive(t *testing.T, commit string) {
	t.Helper()
	until(t, deadline, "every Application is synced with "+commit[:8]+" and healthy", func(ctx context.Context) (bool, string) {
		all, err := argocd.List(ctx, p.Cluster)
		if err != nil {
			return false, err.Error()
		}
		missing := argocd.Goal{Revision: commit}.Missing(all)
		return len(missing) == 0, strings.Join(missing, "\n")
	})
}

// application waits until one Application is as wanted.
func (p *platform) application(t *testing.T, name, what string, is func(argocd.Application) bool) argocd.Application {
	t.Helper()
	var found argocd.Application
	until(t, deadline, name+" "+what, func(ctx context.Context) (bool, string) {
		all, err := argocd.List(ctx, p.Cluster)
		if err != nil {
			return false, err.Error()
		}
		for _, a := range all {
			if a.Name() == name {
				found = a
				return is(a), a.Status.Sync.Status + " " + a.Status.Health.Status + " " + a.Trouble()
			}
		}
		return false, "it does not exist"
	})
	return found
}
