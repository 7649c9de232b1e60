package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/mlops-platform/tools/platform/argocd"
	"example.com/mlops-platform/tools/platform/internal/door"
	"example.com/mlops-platform/tools/platform/internal/run"
	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/site"
	"example.com/mlops-platform/tools/platform/workflow"
)

// latest is how many workflows the page shows.
const latest = 5

// status prints one page and fails when something on it is wrong.
func (p *platform) status(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := (run.Command{
		Dir: p.root, Args: []string{p.path("hack", "localcluster.sh"), "status", "--name", p.name},
	}.Output(ctx)); err != nil {
		return fmt.Errorf("the node is not well: %w", err)
	}
	cluster, err := p.cluster()
	if err != nil {
		return err
	}
	faults := errors.Join(p.showApplications(ctx, cluster), p.showWorkflows(ctx, cluster))
	port, runs, err := p.doorPort()
	if err != nil || !runs {
		return errors.Join(faults, err, errors.New("the pages are closed; make up opens them"))
	}
	pages := site.At(port)
	faults = errors.Join(faults, p.showModels(ctx, pages), p.showService(ctx, pages))
	p.section("pages")
	for _, route := range door.Routes() {
		p.row("%-16s %s", route.For, pages.URL(route.Host, "/"))
	}
	return faults
}

func (p *platform) section(title string) { fmt.Fprintf(p.stdout, "\n%s\n", title) }

func (p *platform) row(format string, args ...any) {
	fmt.Fprintln(p.stdout, strings.TrimRight("  "+fmt.Sprintf(format, args...), " "))
}

func (p *platform) showApplications(ctx context.Context, cluster *kube.Cluster) error {
	all, err := argocd.List(ctx, cluster)
	if err != nil {
		return err
	}
	p.section("applications")
	for _, line := range argocd.Tree(all) {
		p.row("%s", line)
	}
	if missing := (argocd.Goal{}).Missing(all); len(missing) > 0 {
		return errors.New(strings.Join(missing, "\n"))
	}
	return nil
}

func (p *platform) showWorkflows(ctx context.Context, cluster *kube.Cluster) error {
	all, err := workflow.List(ctx, cluster)
	if err != nil {
		return err
	}
	p.section("workflows")
	for _, w := range all[:min(latest, len(all))] {
		p.row("%-28s %-10s %-6s %8s  %s", w.Name(), w.Status.Phase, w.Status.Progress, w.Took(time.Now()),
			strings.Join(strings.Fields(w.Status.Message), " "))
	}
	if len(all) == 0 {
		p.row("none; argo submit -n %s --from workflowtemplate/training starts one", workflow.Namespace)
	}
	return nil
}

func (p *platform) showModels(ctx context.Context, pages *site.Site) error {
	p.section("model " + p.model)
	var faults error
	for _, alias := range []string{"champion", "previous", "challenger"} {
		version, err := pages.Alias(ctx, p.model, alias)
		switch {
		case errors.Is(err, site.ErrNone):
			p.row("%-12s none", alias)
		case err != nil:
			faults = errors.Join(faults, err)
		default:
			p.row("%-12s version %-4s decided by %s", alias, version.Version, version.Tags["mlops.month"])
		}
	}
	return faults
}

func (p *platform) showService(ctx context.Context, pages *site.Site) error {
	p.section("service")
	service, err := pages.Service(ctx)
	if err != nil {
		return err
	}
	if !service.Ready {
		p.row("not ready: %s", service.WhyNot)
		return fmt.Errorf("the service is not ready: %s", service.WhyNot)
	}
	p.row("serves version %s on %s; %.1f requests a second%s", service.Champion.Version(),
		service.Champion.Info.Provider, service.Latency.PerSecond, latency(service))
	if challenger := service.Challenger.Version(); challenger != "" {
		p.row("shadows version %s", challenger)
	}
	return nil
}

func latency(service site.Service) string {
	if service.Latency.P50 == nil || service.Latency.P95 == nil {
		return ""
	}
	return fmt.Sprintf(", p50 %.1f ms, p95 %.1f ms", *service.Latency.P50, *service.Latency.P95)
}
