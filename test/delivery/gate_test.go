package delivery

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTheGateLetsInOnlyWhatPassed(t *testing.T) {
	r := open(t)
	for _, test := range []struct {
		name    string
		results map[string]string
		code    int
		says    []string
	}{
		{"all passed", map[string]string{"verify": "success", "test": "success", "image": "success"}, 0, nil},
		{"what was not asked for is left out", map[string]string{"verify": "success", "test": "success", "image": "skipped"}, 0, nil},
		{"one failed", map[string]string{"verify": "failure", "test": "success", "image": "skipped"}, 1, []string{"verify: failure"}},
		{"one was cut off", map[string]string{"verify": "success", "test": "cancelled"}, 1, []string{"test: cancelled"}},
		{"a required one is left out", map[string]string{"verify": "skipped", "test": "success"}, 1, []string{"verify: skipped"}},
		{"a required one is gone", map[string]string{"test": "success"}, 1, []string{"verify: is no job that this one needs"}},
		{
			"everything is told together", map[string]string{"verify": "failure", "test": "cancelled", "image": "failure"}, 1,
			[]string{"verify: failure", "test: cancelled", "image: failure"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			needs := map[string]any{}
			for job, result := range test.results {
				needs[job] = map[string]any{"result": result, "outputs": map[string]string{}}
			}
			encoded, err := json.Marshal(needs)
			if err != nil {
				t.Fatal(err)
			}
			j := pullRequest(nil)
			j.env = []string{"NEEDS=" + string(encoded)}
			r.want(r.run(j, "hack/ci/gate.sh", "verify", "test"), test.code, test.says...)
		})
	}
	for _, needs := range []string{"", "{}", "[]", "null", `{"verify": {}}`, "{"} {
		j := pullRequest(nil)
		j.env = []string{"NEEDS=" + needs}
		if got := r.run(j, "hack/ci/gate.sh", "verify"); got.code != 2 || !strings.Contains(got.stderr, "toJSON(needs)") {
			t.Errorf("NEEDS=%s: exit code %d, %s", needs, got.code, got.said())
		}
	}
}
