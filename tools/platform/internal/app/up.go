package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/internal/run"
	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/site"
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

func (u *installation) applications(ctx context.Context, view *stage.View) (string, error) {
	var seen []argocd.Application
	err := argocd.Goal{Revision: u.revision, NotHealthyYet: []string{firstModel}}.Wait(ctx, u.cluster,
		func(all []argocd.Application) {
			seen = all
			view.Show(argocd.Tree(all)...)
		})
	return fmt.Sprintf("%d synced with commit %.8s", len(seen), u.revision), err
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
