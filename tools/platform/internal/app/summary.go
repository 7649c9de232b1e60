package app

import (
	"fmt"
	"strings"
	"time"

	"example.com/mlops-platform/tools/platform/internal/door"
)

// summary says where to look and what to try.
func (u *installation) summary(took time.Duration) {
	var pages strings.Builder
	for _, route := range door.Routes() {
		fmt.Fprintf(&pages, "  %-16s %s\n", route.For, u.site.URL(route.Host, "/"))
	}
	u.stages.Say("\nDone in %s. It runs until make down.\n\n%s", took.Round(time.Second), pages.String())
	u.stages.Say("  export KUBECONFIG=%s PATH=%s:$PATH", u.kubeconfig(), u.path(".tools", "bin"))
	u.stages.Say(`
  Argo CD: user admin, password of   argocd admin initial-password -n argocd
  Argo Workflows: "Bearer " and      kubectl -n argo create token workflow-user

Try next

  make status
  curl -s %s -H 'Content-Type: application/json' -d @%s
  argo submit -n training --from workflowtemplate/training -p month=2013-07 --watch
  git commit … && git push local     # or make push, which shows what changes`,
		u.site.URL("inference.localhost", "/invocations"), u.state("request.json"))
}
