package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	authentication "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"example.com/mlops-platform/tools/platform/workflow"
)

// pageLimit is how long a page may take to show what is looked for.
const pageLimit = 2 * time.Minute

// browser starts a headless one; its window is wide enough for the tree of Applications.
func browser(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.WindowSize(1440, 1000), chromedp.Flag("disable-dev-shm-usage", true))
	allocator, stop := chromedp.NewExecAllocator(background(t), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	return ctx
}

// see opens a page, waits until it shows each text, and keeps a picture of it.
func see(ctx context.Context, t *testing.T, name, address string, texts ...string) {
	t.Helper()
	if err := chromedp.Run(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	shown := ""
	until(t, pageLimit, address+" shows "+strings.Join(texts, ", "), func(context.Context) (bool, string) {
		if err := chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &shown)); err != nil {
			return false, err.Error()
		}
		for _, text := range texts {
			if !strings.Contains(strings.ToLower(shown), strings.ToLower(text)) {
				return false, "without " + text + ": " + shown
			}
		}
		return true, ""
	})
	var picture []byte
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&picture)); err != nil {
		t.Fatalf("a picture of %s: %v", address, err)
	}
	if len(picture) < 10_000 {
		t.Errorf("the picture of %s has %d bytes; want more than an empty page has", address, len(picture))
	}
	if *results != "" {
		if err := os.WriteFile(filepath.Join(*results, name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cookie puts what a log-in would put there.
func cookie(ctx context.Context, t *testing.T, address, name, value string) {
	t.Helper()
	if err := chromedp.Run(ctx, network.SetCookie(name, value).WithURL(address)); err != nil {
		t.Fatalf("cookie %s of %s: %v", name, address, err)
	}
}

func TestPeopleSeeThePlatformInABrowser(t *testing.T) {
	p := given(t)
	all, err := workflow.List(t.Context(), p.Cluster)
	if err != nil || len(all) == 0 {
		t.Fatalf("workflows: %d, %v; want the first training", len(all), err)
	}
	var trained workflow.Workflow
	for _, w := range all {
		if w.Template() == "training" && w.Status.Phase == "Succeeded" {
			trained = w
		}
	}
	ctx := browser(t)

	argocd := p.pages.URL("argocd.localhost", "")
	cookie(ctx, t, argocd, "argocd.token", p.token(t))
	see(ctx, t, "argo-cd-applications", argocd+"/applications?view=tiles", "root", "mlflow", "inference-api", "Synced", "Healthy")
	see(ctx, t, "argo-cd-tree", argocd+"/applications/argocd/mlflow?view=tree&resource=", "mlflow", "postgres", "s3")

	workflows := p.pages.URL("workflows.localhost", "")
	cookie(ctx, t, workflows, "authorization", "Bearer "+p.userToken(t))
	see(ctx, t, "argo-workflows-training", workflows+"/workflows/training/"+trained.Name(), trained.Name(), "evaluate", "promote")

	mlflow := p.pages.URL("mlflow.localhost", "")
	see(ctx, t, "mlflow-model", mlflow+"/#/models/"+model, model, "champion")

	see(ctx, t, "inference-api", p.pages.URL("inference.localhost", "/"), model, "version")
}

// userToken is what `kubectl -n argo create token workflow-user` prints.
func (p *platform) userToken(t *testing.T) string {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.Config)
	if err != nil {
		t.Fatal(err)
	}
	review, err := client.CoreV1().ServiceAccounts("argo").CreateToken(t.Context(), "workflow-user",
		&authentication.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return review.Status.Token
}
