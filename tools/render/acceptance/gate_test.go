package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/v2/util/lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestNoWavePassesBeforeItWasSynced runs the health check that gates the waves, as Argo CD runs it, on the states in
// which Argo CD itself calls an Application healthy too early.
func TestNoWavePassesBeforeItWasSynced(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(repository(t), "apps/argo-cd/base/settings.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var settings struct{ Data map[string]string }
	if err := yaml.Unmarshal(text, &settings); err != nil { // the first of its documents
		t.Fatal(err)
	}
	script := settings.Data["resource.customizations.health.argoproj.io_Application"]
	for name, state := range map[string]struct{ status, want, message string }{
		"not looked at": {`{}`, "Progressing", "not synced yet"},
		"looked at, and nothing of it exists": {`{"health": {"status": "Healthy"}, "sync": {"status": "OutOfSync"}}`,
			"Progressing", "not synced yet"},
		"never synced, and the first try failed": {`{"health": {"status": "Healthy"},
			"operationState": {"phase": "Failed", "message": "no such kind"}}`, "Progressing", "no such kind"},
		"in the middle of a sync": {`{"health": {"status": "Healthy"}, "history": [{"id": 0}],
			"operationState": {"phase": "Running", "message": "waiting for a hook"}}`, "Progressing", "waiting for a hook"},
		"synced and well": {`{"health": {"status": "Healthy"}, "history": [{"id": 0}],
			"operationState": {"phase": "Succeeded"}}`, "Healthy", ""},
		"synced and not well": {`{"health": {"status": "Degraded", "message": "a pod fails"}, "history": [{"id": 0}],
			"operationState": {"phase": "Succeeded"}}`, "Degraded", "a pod fails"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			application := map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
			var status map[string]any
			if err := json.Unmarshal([]byte(state.status), &status); err != nil {
				t.Fatal(err)
			}
			application["status"] = status
			got, err := lua.VM{}.ExecuteHealthLua(&unstructured.Unstructured{Object: application}, script)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Status) != state.want || got.Message != state.message {
				t.Errorf("health %s %q; want %s %q", got.Status, got.Message, state.want, state.message)
			}
		})
	}
}
