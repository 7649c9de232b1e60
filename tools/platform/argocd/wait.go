package argocd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"example.com/mlops-platform/tools/platform/kube"
)

// Goal is a state of all Applications to wait for.
type Goal struct {
	// Revision is the commit that each must have been compared with; the empty string is any.
	Revision string
	// NotHealthyYet are Applications that need only be synced: something that comes later makes them healthy.
	NotHealthyYet []string
}

// Missing says what the Applications lack to reach the goal, one line each; none when it is reached.
func (g Goal) Missing(all []Application) []string {
	if len(all) == 0 || all[0].Name() != Root {
		return []string{"there is no Application root yet"}
	}
	var missing []string
	for _, r := range all[0].Status.Resources {
		if r.Kind == "Application" && !slices.ContainsFunc(all, func(a Application) bool { return a.Name() == r.Name }) {
			missing = append(missing, r.Name+" does not exist yet")
		}
	}
	for _, a := range all {
		if lack := g.Lacks(a); lack != "" {
			missing = append(missing, strings.TrimSpace(a.Name()+" "+lack+" "+a.Trouble()))
		}
	}
	return missing
}

// Lacks says what one Application lacks, as in "is not synced"; the empty string when it lacks nothing.
func (g Goal) Lacks(a Application) string {
	waits := slices.Contains(g.NotHealthyYet, a.Name()) || a.Name() == Root && len(g.NotHealthyYet) > 0
	switch {
	case g.Revision != "" && a.Status.Sync.Revision != g.Revision:
		return "has not been compared with " + g.Revision[:min(8, len(g.Revision))]
	case a.Status.Sync.Status != "Synced":
		return "is not synced"
	case waits:
		return ""
	case a.running():
		return "is being synced"
	case !a.Healthy():
		return "is " + or(a.Status.Health.Status, "of unknown health")
	}
	return ""
}

// Wait waits until the goal is reached and gives each new state to see.
func (g Goal) Wait(ctx context.Context, cluster *kube.Cluster, see func([]Application)) error {
	var missing []string
	err := kube.Until(ctx, func(ctx context.Context) (bool, error) {
		all, err := List(ctx, cluster)
		if err != nil {
			return false, err
		}
		see(all)
		missing = g.Missing(all)
		return len(missing) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("%w; still missing:\n  %s", err, strings.Join(missing, "\n  "))
	}
	return nil
}
