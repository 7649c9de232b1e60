package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/site"
)

// The platform under test; hack/e2e.sh says which.
var (
	kubeconfig = flag.String("kubeconfig", "", "of the cluster")
	tools      = flag.String("tools", "", "folder of kubectl, argo, argocd and render")
	port       = flag.Int("port", 0, "port of the door")
	results    = flag.String("results", "", "folder for what is measured")
	root       = flag.String("root", "", "the repository's folder")
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

// platform is what the tests act on.
type platform struct {
	*kube.Cluster
	pages *site.Site
	git   *repository
}

// given returns the platform, synced and healthy, with a clone of its own to push from. What a test pushes is taken
// back when it ends, and the test ends when that is synced as well.
func given(t *testing.T) *platform {
	t.Helper()
	if *kubeconfig == "" {
		t.Fatal("these tests need a platform of their own: make e2e")
	}
	cluster, err := kube.Open(*kubeconfig, filepath.Join(*tools, "kubectl"))
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{Cluster: cluster, pages: site.At(*port)}
	p.git = p.clone(t)
	start := p.git.head(t)
	p.untilLive(t, start)
	t.Cleanup(func() {
		if p.git.head(t) != start {
			p.git.reset(t, start)
			p.git.push(t)
		}
		p.untilLive(t, p.git.head(t))
	})
	return p
}

// deadline bounds each wait. On two busy cores a sync of Argo CD itself takes over a minute.
const deadline = 5 * time.Minute

// until waits for a state and fails with what it was told last.
func until(t *testing.T, limit time.Duration, what string, is func(context.Context) (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(background(t), limit, fmt.Errorf("not after %s", limit))
	defer cancel()
	last := ""
	if err := kube.Until(ctx, func(ctx context.Context) (bool, error) {
		yes, said := is(ctx)
		if ctx.Err() == nil { // else it says only that the time is over
			last = said
		}
		return yes, nil
	}); err != nil {
		t.Fatalf("%s: %v; last: %s", what, err, last)
	}
}

// background is the test's context while it runs, and another one while it is cleaned up.
func background(t *testing.T) context.Context {
	t.Helper()
	if t.Context().Err() == nil {
		return t.Context()
	}
	return context.Background()
}
