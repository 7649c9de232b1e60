package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/mlops-platform/internal/load"
	"example.com/mlops-platform/tools/platform/workflow"
)

const model = "flight-delay"

// Requests per second while the champion changes, and at most as many unanswered ones.
const (
	rate     = 20
	inFlight = 20
)

// training bounds a workflow: alone on two cores it takes some minutes.
const trainingLimit = 20 * time.Minute

// submit runs a workflow of Git to its end, the way people do, and fails the test if it fails.
func (p *platform) submit(t *testing.T, template string, parameters ...string) workflow.Workflow {
	t.Helper()
	client := workflow.Client{Program: filepath.Join(*tools, "argo"), Kubeconfig: *kubeconfig}
	name, err := client.Submit(t.Context(), template, append([]string{"model=" + model}, parameters...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p.follow(t, name)
}

func (p *platform) follow(t *testing.T, name string) workflow.Workflow {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), trainingLimit)
	defer cancel()
	var last workflow.Workflow
	if err := workflow.Follow(ctx, p.Cluster, name, func(w workflow.Workflow) { last = w }); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(last.Tree(time.Now()), "\n"))
	}
	t.Logf("%s\n%s", name, strings.Join(last.Tree(time.Now()), "\n"))
	return last
}

func (p *platform) alias(t *testing.T, alias string) string {
	t.Helper()
	version, err := p.pages.Alias(t.Context(), model, alias)
	if err != nil {
		t.Fatalf("%s of %s: %v", alias, model, err)
	}
	return version.Version
}

// untilServed waits until the service answers with a version.
func (p *platform) untilServed(t *testing.T, version string) {
	t.Helper()
	body := p.example(t)
	until(t, deadline, "version "+version+" is served", func(ctx context.Context) (bool, string) {
		answer, by, err := p.pages.Predict(ctx, body)
		return err == nil && by == version, fmt.Sprintf("version %s answers %s, %v", by, answer, err)
	})
}

// underLoad sends requests at a constant rate, straight to the Service, until the test or the caller ends it.
func (p *platform) underLoad(t *testing.T) *load.Generator {
	t.Helper()
	address, err := p.ClusterIP(t.Context(), "inference", "inference-api")
	if err != nil || address == "" {
		t.Fatalf("the Service inference/inference-api: %q, %v", address, err)
	}
	return load.Start(t.Context(), "http://"+address+":8080/invocations", p.example(t), rate, inFlight)
}

func TestASubmittedTrainingIsServedAndRolledBackWithoutALostRequest(t *testing.T) {
	p := given(t)
	old := p.alias(t, "champion")
	p.untilServed(t, old)
	requests := p.underLoad(t)

	p.submit(t, "training", "month=2013-05")
	promoted := p.alias(t, "champion")
	if promoted == old || p.alias(t, "previous") != old {
		t.Fatalf("champion %s, previous %s; want a new version, and %s as the previous", promoted, p.alias(t, "previous"), old)
	}
	p.untilServed(t, promoted)

	p.submit(t, "rollback")
	if back := p.alias(t, "champion"); back != old {
		t.Fatalf("champion after the rollback is %s; want %s", back, old)
	}
	p.untilServed(t, old)

	counts := requests.Stop()
	t.Logf("%d requests, %d lost, by version %v, p50 %s, p99 %s", counts.Sent, counts.Lost, counts.ByVersion, counts.P50, counts.P99)
	if counts.Lost != 0 {
		t.Errorf("%d of %d requests were lost: %v; want none", counts.Lost, counts.Sent, counts.Faults)
	}
	if counts.ByVersion[old] == 0 || counts.ByVersion[promoted] == 0 {
		t.Errorf("answers by version: %v; want some of %s and of %s", counts.ByVersion, old, promoted)
	}
}

func TestFeaturesThatAreThereAreNotComputedAgain(t *testing.T) {
	p := given(t)
	p.submit(t, "features", "month=2013-02")
	// The usual training: the night before, the features of all months were computed.
	again := p.submit(t, "training", "month=2013-02")
	cached := 0
	for _, node := range again.Status.Nodes {
		if node.Memoization != nil && node.Memoization.Hit {
			cached++
		}
		if node.Type == "Pod" && (strings.HasPrefix(node.DisplayName, "features") || strings.HasPrefix(node.DisplayName, "compute")) {
			t.Errorf("%s ran as a pod; want it from the cache", node.DisplayName)
		}
	}
	if cached != 2 {
		t.Errorf("%d months came from the cache; want January and February", cached)
	}
}
