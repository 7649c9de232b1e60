package lint

import (
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"example.com/mlops-platform/tools/render/internal/cluster"
	"example.com/mlops-platform/tools/render/internal/decode"
	"example.com/mlops-platform/tools/render/internal/report"
)

func object(t *testing.T, text string) *cluster.Object {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return &cluster.Object{Unstructured: u}
}

func TestUnpinned(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]string{
		"app":                         "has no tag, which means latest",
		"localhost:5000/app":          "has no tag, which means latest",
		"app:latest":                  "uses the tag latest",
		"app:1":                       "",
		"app@sha256:a":                "",
		"app:latest@sha256:a":         "",
		"app:{{inputs.parameters.x}}": "",
	} {
		if got := unpinned(image); got != want {
			t.Errorf("%s: %q, want %q", image, got, want)
		}
	}
}

func TestStrictLooksIntoSteps(t *testing.T) {
	t.Parallel()
	o := object(t, `
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: a}
spec:
  schedul: x
  workflowSpec:
    templates:
    - name: main
      steps:
      - - {name: one, template: x}
        - {name: two, templat: x, arguments: {parameter: []}}`)
	want := []decode.Fault{
		{Path: "spec.schedul", Message: `unknown field "spec.schedul"`},
		{Path: "spec.workflowSpec.templates[0].steps[0][1].arguments.parameter",
			Message: `unknown field "spec.workflowSpec.templates[0].steps[0][1].arguments.parameter"`},
		{Path: "spec.workflowSpec.templates[0].steps[0][1].templat",
			Message: `unknown field "spec.workflowSpec.templates[0].steps[0][1].templat"`},
	}
	if diff := cmp.Diff(want, strict(o)); diff != "" {
		t.Error(diff)
	}
}

func TestStepsOfAnotherShapeAreLeftToTheDecoder(t *testing.T) {
	t.Parallel()
	for _, steps := range []string{"text", "[text]", "[[text]]", "{a: b}", "[{name: a}]"} {
		o := object(t, "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {templates: [{name: a, steps: "+steps+"}]}")
		if got := strict(o); len(got) != 1 {
			t.Errorf("%s: %v", steps, got)
		}
	}
	for _, steps := range []string{"[]", "[[]]", "null", "[[{name: a}]]"} {
		o := object(t, "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec: {templates: [{name: a, steps: "+steps+"}]}")
		if got := strict(o); len(got) != 0 {
			t.Errorf("%s: %v", steps, got)
		}
	}
}

func TestWorkflowFaultPointsAtWhatTheObjectDeclares(t *testing.T) {
	t.Parallel()
	o := object(t, `
kind: WorkflowTemplate
spec:
  templates:
  - {name: main}
  - {name: steps}`)
	cron := object(t, `
kind: CronWorkflow
spec: {workflowSpec: {templates: [{name: main}]}}`)
	for _, test := range []struct {
		o             *cluster.Object
		message, want string
	}{
		{o, "nothing known", "spec"},
		{o, "templates.main: broken", "spec.templates[main]"},
		{o, "templates.main.tasks.train: broken", "spec.templates[main].dag.tasks[train]"},
		{o, "templates.steps.steps[0].one: broken", "spec.templates[steps].steps"},
		{o, "templates.main.tasks.train: templates.other: broken", "spec.templates[main].dag.tasks[train]"},
		{o, "templates.main.tasks.a templates.steps: broken", "spec.templates[steps]"},
		{cron, "templates.main: broken", "spec.workflowSpec.templates[main]"},
	} {
		if got := (workflowFault{test.o, test.message}).path(); got != test.want {
			t.Errorf("%s: %s, want %s", test.message, got, test.want)
		}
	}
}

func TestCausesLeavesOutWhatOnlyRepeats(t *testing.T) {
	t.Parallel()
	lib := object(t, "kind: WorkflowTemplate\nspec: {templates: [{name: step}]}")
	user := object(t, "kind: WorkflowTemplate\nspec: {templates: [{name: main}]}")
	cause := workflowFault{lib, "templates.step: broken"}
	other := workflowFault{user, "templates.main: broken otherwise"}
	got := causes([]workflowFault{{user, "templates.main.tasks.a: templates.step: broken"}, cause, other})
	if len(got) != 2 || got[0] != cause || got[1] != other {
		t.Errorf("got %v", got)
	}
}

func TestDestinationByName(t *testing.T) {
	t.Parallel()
	p := func(d ...v1alpha1.ApplicationDestination) *project {
		return &project{AppProject: &v1alpha1.AppProject{Spec: v1alpha1.AppProjectSpec{Destinations: d}}}
	}
	type dest = v1alpha1.ApplicationDestination
	inCluster := dest{Server: "https://kubernetes.default.svc", Namespace: "*"}
	for name, test := range map[string]struct {
		project *project
		d       dest
		want    bool
	}{
		"every server":        {p(dest{Server: "*", Namespace: "*"}), dest{Name: "eu", Namespace: "a"}, true},
		"the name":            {p(dest{Name: "eu", Namespace: "*"}), dest{Name: "eu", Namespace: "a"}, true},
		"another name":        {p(dest{Name: "us", Namespace: "*"}), dest{Name: "eu", Namespace: "a"}, false},
		"server of no name":   {p(inCluster), dest{Name: "eu", Namespace: "a"}, false},
		"another namespace":   {p(dest{Server: "*", Namespace: "b"}), dest{Name: "eu", Namespace: "a"}, false},
		"denied namespace":    {p(dest{Server: "*", Namespace: "!a"}, dest{Server: "*", Namespace: "*"}), dest{Server: "https://x", Namespace: "a"}, false},
		"nothing is allowed":  {p(), dest{Server: "https://x", Namespace: "a"}, false},
		"namespace by prefix": {p(dest{Server: "*", Namespace: "team-*"}), dest{Server: "https://x", Namespace: "team-a"}, true},
	} {
		if got := destination(test.project, test.d); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCompleteFillsSeverityAndRemedy(t *testing.T) {
	t.Parallel()
	f := Complete(report.Finding{Rule: "file-ignored"})
	if f.Severity != report.Warning || f.Remedy == "" {
		t.Errorf("got %+v", f)
	}
	if f := Complete(report.Finding{Rule: "schema-invalid", Remedy: "own"}); f.Severity != report.Error || f.Remedy != "own" {
		t.Errorf("got %+v", f)
	}
}
