package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"example.com/mlops-platform/tools/platform/kube"
	"example.com/mlops-platform/tools/platform/site"
	"example.com/mlops-platform/tools/platform/workflow"
)

// troubles are what a challenger in testdata/challengers has, and what its version says of it.
var troubles = map[string]*regexp.Regexp{
	"worse": regexp.MustCompile(`difference in auc is -`),
	"fails": regexp.MustCompile(`fails fails while scoring`),
	"slow":  regexp.MustCompile(`slow takes .* ms for one row|p95 of one row, ms is`),
	"nan":   regexp.MustCompile(`nan says NaN or infinity`),
}

func TestAChallengerThatIsWorseFailsIsSlowOrSaysNaNIsNeverPromoted(t *testing.T) {
	p := given(t)
	champion := p.alias(t, "champion")
	p.untilServed(t, champion)
	before := p.versionsOf(t)
	p.git.challengers(t, p.stepImage(t))
	commit := p.git.commit(t, "add challengers")
	p.git.push(t)
	p.untilLive(t, commit)
	requests := p.underLoad(t)

	p.submit(t, "challengers", "month=2013-02")

	if now := p.alias(t, "champion"); now != champion {
		t.Errorf("champion is version %s; want %s as before", now, champion)
	}
	counts := requests.Stop()
	if counts.Lost != 0 || counts.ByVersion[champion] != counts.Sent {
		t.Errorf("%d requests, %d lost, by version %v; want all answered by %s", counts.Sent, counts.Lost, counts.ByVersion, champion)
	}
	p.refused(t, before)
}

// refused checks that each trouble made one version that did not pass, for its own reason.
func (p *platform) refused(t *testing.T, before int) {
	t.Helper()
	versions, err := p.pages.Versions(t.Context(), model)
	if err != nil || len(versions) != before+len(troubles) {
		t.Fatalf("%d versions, %v; want one more for each of %d challengers than %d", len(versions), err, len(troubles), before)
	}
	versions = versions[:len(troubles)]
	for trouble, reason := range troubles {
		i := slices.IndexFunc(versions, func(v site.Version) bool { return reason.MatchString(v.Tags["mlops.evaluation"]) })
		if i < 0 {
			t.Errorf("%s: no version says %q", trouble, reason)
		} else if gate := versions[i].Tags["mlops.gate"]; gate != "fail" {
			t.Errorf("%s: gate %q; want fail", trouble, gate)
		}
	}
	if t.Failed() {
		for _, v := range versions {
			t.Logf("version %s: gate %s: %s", v.Version, v.Tags["mlops.gate"], v.Tags["mlops.evaluation"])
		}
	}
}

// stepImage is the image that the platform's own steps run.
func (p *platform) stepImage(t *testing.T) string {
	t.Helper()
	steps, err := p.Get(t.Context(), kube.WorkflowTemplates, workflow.Namespace, "pipeline-steps")
	if err != nil || steps == nil {
		t.Fatalf("the WorkflowTemplate pipeline-steps: %v", err)
	}
	templates, _, err := unstructured.NestedSlice(steps.Object, "spec", "templates")
	if err != nil || len(templates) == 0 {
		t.Fatalf("pipeline-steps has no templates: %v", err)
	}
	image, _, err := unstructured.NestedString(templates[0].(map[string]any), "container", "image")
	if err != nil || image == "" {
		t.Fatalf("the first of pipeline-steps has no image: %v", err)
	}
	return image
}

// challengers adds the WorkflowTemplate of that name to what the local cluster has, and pushes it.
func (r *repository) challengers(t *testing.T, image string) {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "challengers", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const indent = "\n            "
	program := strings.ReplaceAll(strings.TrimSpace(read("craft.py")), "\n", indent)
	template := strings.NewReplacer("IMAGE", image, "CRAFT", program).Replace(read("workflowtemplate.yaml"))
	r.write(t, "workflows/components/local/workflowtemplate-challengers.yaml", template)
	r.edit(t, "workflows/components/local/kustomization.yaml", "  - workflowtemplate-seed.yaml\n",
		"  - workflowtemplate-seed.yaml\n  - workflowtemplate-challengers.yaml\n")
}
