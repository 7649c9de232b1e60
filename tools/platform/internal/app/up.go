package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/internal/run"
	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/site"
	"example.com/mlops-platform/tools/platform/workflow"
)

// firstModel is the Application that cannot be healthy before a model was promoted.
const firstModel = "inference-api"

// installation is the work of one up.
type installation struct {
	*platform
	cluster  *kube.Cluster
	revision string
	site     *site.Site
	request  []byte
}

// up goes from the working copy to a served prediction. Each part looks at what is there and does what is missing.
func (p *platform) up(ctx context.Context) error {
	started := time.Now()
	u := &installation{platform: p}
	var fault error
	for _, part := range u.parts() {
		err := p.stages.Run(part.title, func(view *stage.View) (string, error) { return part.work(ctx, view) })
		if err != nil {
			fault = fmt.Errorf("%s: %w\n\nmake up goes on from here; make down removes it", part.title, err)
			break
		}
	}
	if err := u.keepTimes(); err != nil || fault != nil {
		return errors.Join(fault, err)
	}
	u.summary(time.Since(started))
	return nil
}

// part is one part of the work.
type part struct {
	title string
	work  func(context.Context, *stage.View) (result string, err error)
}

func (u *installation) parts() []part {
	parts := []part{{"node", u.node}}
	if u.build {
		parts = append(parts, part{"images", u.images}, part{"load", u.load})
	}
	parts = append(parts, part{"git", u.git}, part{"argo cd", u.argoCD}, part{"applications", u.applications},
		part{"pages", u.pages})
	if u.train {
		parts = append(parts, part{"data", u.seed}, part{"training", u.training}, part{"champion", u.champion},
			part{"prediction", u.predict})
	}
	return parts
}

// script runs a script of hack/, shows what it says and keeps all of it.
func (u *installation) script(ctx context.Context, view *stage.View, log string, args ...string) (string, error) {
	var last []string
	args[0] = u.path("hack", args[0])
	return run.Command{
		Dir: u.root, Args: args, Log: u.state("logs", log+".log"),
		Line: func(line string) {
			if last = append(last, line); len(last) > 3 {
				last = last[1:]
			}
			view.Show(last...)
		},
	}.Output(ctx)
}

func (u *installation) node(ctx context.Context, view *stage.View) (string, error) {
	if _, err := u.script(ctx, view, "node", "localcluster.sh", "up", "--name", u.name); err != nil {
		return "", err
	}
	var err error
	u.cluster, err = u.platform.cluster()
	return "KUBECONFIG=" + u.kubeconfig(), err
}

func (u *installation) images(ctx context.Context, view *stage.View) (string, error) {
	if _, err := u.script(ctx, view, "images-upstream", "upstream.sh", "build"); err != nil {
		return "", err
	}
	if _, err := u.script(ctx, view, "images-services", "images.sh", "build"); err != nil {
		return "", err
	}
	return "of upstream releases and of services/", nil
}

func (u *installation) load(ctx context.Context, view *stage.View) (string, error) {
	var references []string
	for _, script := range []string{"upstream.sh", "images.sh"} {
		out, err := u.script(ctx, view, "images-list", script, "list")
		if err != nil {
			return "", err
		}
		references = append(references, strings.Fields(out)...)
	}
	files, err := u.script(ctx, view, "images-save",
		append([]string{"images.sh", "save", u.path("out", "images")}, references...)...)
	if err != nil {
		return "", err
	}
	loaded, err := u.script(ctx, view, "images-load",
		append([]string{"localcluster.sh", "load", "--name", u.name}, strings.Fields(files)...)...)
	if err != nil {
		return "", err
	}
	images, err := u.script(ctx, view, "images-there", "localcluster.sh", "images", "--name", u.name)
	if err != nil {
		return "", err
	}
	renewed, err := u.renew(ctx, images)
	result := fmt.Sprintf("%d images, %d of them new", len(references), strings.Count(loaded, "loaded\t"))
	if renewed > 0 {
		result += fmt.Sprintf("; %d pods start anew with them", renewed)
	}
	return result, err
}

// argoCD installs it from the manifests that it will then keep itself equal to, and gives it the root. Afterwards all
// that changes comes from Git, so a cluster that has the root is left alone.
func (u *installation) argoCD(ctx context.Context, view *stage.View) (string, error) {
	root, err := u.cluster.Get(ctx, kube.Applications, argocd.Namespace, argocd.Root)
	if err == nil && root != nil {
		return "is there, with its root", nil
	}
	view.Show("rendering apps/argo-cd/overlays/" + u.name)
	out := u.state("render")
	if err := os.RemoveAll(out); err != nil {
		return "", err
	}
	if _, err := (run.Command{
		Dir: u.root, Args: []string{u.tool("render"), "build", "local", "--out", out},
		Log: u.state("logs", "render.log"),
	}.Output(ctx)); err != nil {
		return "", err
	}
	view.Show("applying Argo CD")
	if err := u.applyFolder(ctx, filepath.Join(out, "local", "argo-cd")); err != nil {
		return "", err
	}
	view.Show("applying clusters/local/root.yaml")
	text, err := os.ReadFile(u.path("clusters", "local", "root.yaml"))
	if err != nil {
		return "", err
	}
	if err := u.cluster.Apply(ctx, "make-up", bytes.NewReader(text)); err != nil {
		return "", err
	}
	return "installed; clusters/local/root.yaml applied, and nothing else", nil
}

// applyFolder applies the files of a folder: what others need first, first. The fields become those of the manager
// that Argo CD has, so that it can later take away what Git takes away.
func (u *installation) applyFolder(ctx context.Context, folder string) error {
	const manager = "argocd-controller"
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	var first, second bytes.Buffer
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		into := &second
		if name := filepath.Base(file); strings.HasPrefix(name, "v1_namespace_") ||
			strings.HasPrefix(name, "apiextensions.k8s.io_") {
			into = &first
		}
		fmt.Fprintf(into, "---\n%s\n", text)
	}
	for _, text := range []*bytes.Buffer{&first, &second} {
		if err := u.cluster.Apply(ctx, manager, text); err != nil {
			return err
		}
	}
	return nil
}

func (u *installation) applications(ctx context.Context, view *stage.View) (string, error) {
	var seen []argocd.Application
	err := argocd.Goal{Revision: u.revision, NotHealthyYet: []string{firstModel}}.Wait(ctx, u.cluster,
		func(all []argocd.Application) {
			seen = all
			view.Show(argocd.Tree(all)...)
		})
	return fmt.Sprintf("%d synced with commit %.8s", len(seen), u.revision), err
}

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

// keepTimes writes how long each part took beside what else up leaves.
func (u *installation) keepTimes() error {
	text, err := json.MarshalIndent(u.stages.Took(), "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(u.state(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(u.state("times.json"), append(text, '\n'), 0o644)
}
