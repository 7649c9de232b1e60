package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/site"
	"example.com/mlops-platform/tools/platform/workflow"
)

// submitAndFollow runs a workflow, or follows the one of this template that runs already.
func (u *installation) submitAndFollow(
	ctx context.Context, view *stage.View, template string, parameters ...string,
) (string, error) {
	all, err := workflow.List(ctx, u.cluster)
	if err != nil {
		return "", err
	}
	name := ""
	for _, w := range all {
		if w.Template() == template && !w.Ended() {
			name = w.Name()
		}
	}
	if name == "" {
		client := workflow.Client{Program: u.tool("argo"), Kubeconfig: u.kubeconfig()}
		if name, err = client.Submit(ctx, template, parameters...); err != nil {
			return "", err
		}
	}
	return name, workflow.Follow(ctx, u.cluster, name, func(w workflow.Workflow) { view.Show(w.Tree(time.Now())...) })
}

// served tells whether a model was promoted already; then nothing needs to be trained.
func (u *installation) served(ctx context.Context) (string, bool, error) {
	version, err := u.site.Alias(ctx, u.model, "champion")
	if errors.Is(err, site.ErrNone) {
		return "", false, nil
	}
	return "version " + version.Version + " is champion already", err == nil, err
}

func (u *installation) seed(ctx context.Context, view *stage.View) (string, error) {
	if what, is, err := u.served(ctx); is || err != nil {
		return what, err
	}
	return u.submitAndFollow(ctx, view, "seed", "model="+u.model)
}

func (u *installation) training(ctx context.Context, view *stage.View) (string, error) {
	if what, is, err := u.served(ctx); is || err != nil {
		return what, err
	}
	return u.submitAndFollow(ctx, view, "training", "model="+u.model, "month="+u.month)
}

// champion waits until the service has loaded what the registry calls champion, and everything is healthy, whatever
// was pushed meanwhile.
func (u *installation) champion(ctx context.Context, view *stage.View) (string, error) {
	promoted, err := u.site.Alias(ctx, u.model, "champion")
	if err != nil {
		return "", fmt.Errorf("the champion of %s: %w", u.model, err)
	}
	err = kube.Until(ctx, func(ctx context.Context) (bool, error) {
		service, err := u.site.Service(ctx)
		if err != nil {
			view.Show(err.Error())
			return false, nil // until it has a model, the service is not ready and nothing answers
		}
		view.Show(fmt.Sprintf("the service has version %s; the registry says %s",
			service.Champion.Version(), promoted.Version))
		return service.Ready && service.Champion.Version() == promoted.Version, nil
	})
	if err != nil {
		return "", err
	}
	err = argocd.Goal{}.Wait(ctx, u.cluster,
		func(all []argocd.Application) { view.Show(argocd.Tree(all)...) })
	return fmt.Sprintf("version %s of %s is served; every application is healthy", promoted.Version, u.model), err
}

func (u *installation) predict(ctx context.Context, _ *stage.View) (string, error) {
	var err error
	if u.request, err = u.site.Example(ctx); err != nil {
		return "", err
	}
	if err := os.WriteFile(u.state("request.json"), u.request, 0o644); err != nil {
		return "", err
	}
	answer, version, err := u.site.Predict(ctx, u.request)
	return fmt.Sprintf("version %s answers %s", version, answer), err
}
