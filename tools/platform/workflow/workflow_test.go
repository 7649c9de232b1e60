package workflow

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const training = `{
	"metadata": {"name": "training-x", "creationTimestamp": "2026-01-01T00:00:00Z"},
	"spec": {"workflowTemplateRef": {"name": "training"}},
	"status": {"phase": "Failed", "message": "child failed", "startedAt": "2026-01-01T00:00:01Z",
		"finishedAt": "2026-01-01T00:01:00Z", "nodes": {
		"a": {"displayName": "train(0:mlp)", "type": "Pod", "phase": "Failed", "message": "exit code 65",
			"startedAt": "2026-01-01T00:00:30Z", "finishedAt": "2026-01-01T00:00:40Z"},
		"b": {"displayName": "ingest", "type": "Pod", "phase": "Succeeded",
			"startedAt": "2026-01-01T00:00:02Z", "finishedAt": "2026-01-01T00:00:12Z"},
		"c": {"displayName": "features(0:key:0123456789abcdef0123,month:1)", "type": "Retry", "phase": "Succeeded", "memoizationStatus": {"hit": true},
			"startedAt": "2026-01-01T00:00:15Z", "finishedAt": "2026-01-01T00:00:15Z"},
		"d": {"displayName": "prepare", "type": "DAG", "phase": "Succeeded", "startedAt": "2026-01-01T00:00:02Z"}}}}`

func parsed(t *testing.T, text string) Workflow {
	t.Helper()
	object := map[string]any{}
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	w, err := Parse(unstructured.Unstructured{Object: object})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestStepsAreShownInTheOrderInWhichTheyBegan(t *testing.T) {
	w := parsed(t, training)
	want := []string{
		"✓ ├─ ingest                               10s",
		"✓ ├─ features(0:key:0123456…,month:1)     from the cache",
		"✗ └─ train(0:mlp)                         Failed: exit code 65",
	}
	if got := w.Tree(time.Now()); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("Tree =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAFailedWorkflowNamesTheStepAndItsReason(t *testing.T) {
	w := parsed(t, training)
	if !w.Ended() || w.Template() != "training" || w.Took(time.Now()) != 59*time.Second {
		t.Errorf("Ended %v, Template %q, Took %v; want true, training, 59s", w.Ended(), w.Template(), w.Took(time.Now()))
	}
	if got := w.Failures(); got != "child failed\n  train(0:mlp): exit code 65" {
		t.Errorf("Failures = %q", got)
	}
}

func TestAWorkflowThatHasNotBegunHasNoSteps(t *testing.T) {
	w := parsed(t, `{"metadata": {"name": "training-y"}}`)
	if w.Ended() || len(w.Tree(time.Now())) != 0 || w.Took(time.Now()) != 0 {
		t.Errorf("Ended %v, %d steps; want neither", w.Ended(), len(w.Tree(time.Now())))
	}
}
