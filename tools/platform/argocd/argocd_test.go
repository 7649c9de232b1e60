package argocd

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// application is an Application as the API gives it, with the fields that differ.
func application(t *testing.T, name, wave, sync, health, more string) Application {
	t.Helper()
	text := `{"metadata": {"name": "` + name + `", "annotations": {"argocd.argoproj.io/sync-wave": "` + wave + `"}},
		"status": {"sync": {"status": "` + sync + `", "revision": "0123456789abcdef"},
		"health": {"status": "` + health + `"}` + more + `}}`
	object := map[string]any{}
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	a, err := Parse(unstructured.Unstructured{Object: object})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const children = `, "resources": [{"kind": "Application", "name": "mlflow"}, {"kind": "AppProject", "name": "mlops"}]`

func TestAnApplicationThatTheRootHasNotMadeYetIsMissing(t *testing.T) {
	missing := Goal{}.Missing([]Application{application(t, "root", "", "Synced", "Healthy", children)})
	if len(missing) != 1 || missing[0] != "mlflow does not exist yet" {
		t.Errorf("Missing = %q; want mlflow only", missing)
	}
}

func TestAnotherCommitIsNotTheOneWaitedFor(t *testing.T) {
	all := []Application{application(t, "root", "", "Synced", "Healthy", "")}
	if missing := (Goal{Revision: "fedcba9876543210"}).Missing(all); len(missing) != 1 ||
		!strings.Contains(missing[0], "root has not been compared with fedcba98") {
		t.Errorf("Missing = %q; want the root and the commit", missing)
	}
	if missing := (Goal{Revision: "0123456789abcdef"}).Missing(all); len(missing) != 0 {
		t.Errorf("Missing = %q; want none", missing)
	}
}

func TestWhatALaterStepMakesHealthyIsNotWaitedFor(t *testing.T) {
	running := `, "operationState": {"phase": "Running", "message": "waiting for healthy state of inference-api"}`
	all := []Application{
		application(t, "root", "", "Synced", "Progressing", running),
		application(t, "inference-api", "7", "Synced", "Progressing", ""),
	}
	if missing := (Goal{NotHealthyYet: []string{"inference-api"}}).Missing(all); len(missing) != 0 {
		t.Errorf("Missing = %q; want none", missing)
	}
	if missing := (Goal{}).Missing(all); len(missing) != 2 {
		t.Errorf("Missing = %q; want the root and inference-api", missing)
	}
}

func TestTheReasonOfAFailureIsOnOneLine(t *testing.T) {
	a := application(t, "mlflow", "3", "OutOfSync", "Degraded", `,
		"conditions": [{"type": "SyncError", "message": "no\nsuch field"}, {"type": "OrphanedResourceWarning", "message": "x"}],
		"operationState": {"phase": "Failed", "message": "one or more objects failed to apply"}`)
	if got := a.Trouble(); got != "SyncError: no such field; one or more objects failed to apply" {
		t.Errorf("Trouble = %q", got)
	}
	lines := Tree([]Application{application(t, "root", "", "Synced", "Healthy", ""), a})
	if !strings.HasPrefix(lines[0], "✓ root") || !strings.HasPrefix(lines[1], "✗ └─ mlflow") {
		t.Errorf("Tree = %q; want the root well and mlflow below it marked", lines)
	}
}
