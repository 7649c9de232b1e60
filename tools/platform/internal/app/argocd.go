package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"example.com/mlops-platform/internal/stage"
	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/internal/run"
	"example.com/mlops-platform/tools/platform/kube"
)

// argoCD installs it from the manifests that it will then keep itself equal to, and gives it the root. Afterwards all
// that changes comes from Git, but for the root, which nothing in Git makes.
func (u *installation) argoCD(ctx context.Context, view *stage.View) (string, error) {
	result := "is there"
	root, err := u.cluster.Get(ctx, kube.Applications, argocd.Namespace, argocd.Root)
	if err != nil {
		return "", err
	}
	if root == nil {
		result = "installed"
		if err := u.installArgoCD(ctx, view); err != nil {
			return "", err
		}
	}
	view.Show("waiting for the kinds of Argo CD")
	if err := u.untilServed(ctx, kube.AppProjects, kube.Applications); err != nil {
		return "", err
	}
	view.Show("applying clusters/local/root.yaml")
	text, err := os.ReadFile(u.path("clusters", "local", "root.yaml"))
	if err != nil {
		return "", err
	}
	err = u.cluster.Apply(ctx, "make-up", bytes.NewReader(text))
	return result + "; clusters/local/root.yaml applied, and nothing else", err
}

func (u *installation) installArgoCD(ctx context.Context, view *stage.View) error {
	view.Show("rendering apps/argo-cd/overlays/local")
	out := u.state("render")
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if _, err := (run.Command{
		Dir: u.root, Args: []string{u.tool("render"), "build", "local", "--out", out},
		Log: u.state("logs", "render.log"),
	}.Output(ctx)); err != nil {
		return err
	}
	view.Show("applying Argo CD")
	return u.applyFolder(ctx, filepath.Join(out, "local", "argo-cd"))
}

// untilServed waits until the API has kinds that were applied just now.
func (u *installation) untilServed(ctx context.Context, kinds ...schema.GroupVersionResource) error {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("the API does not list them after a minute"))
	defer cancel()
	return kube.Until(ctx, func(context.Context) (bool, error) { return u.cluster.Serves(kinds...) })
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
