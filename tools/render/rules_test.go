package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/mlops-platform/tools/render/internal/lint"
)

func TestEveryRuleHasAScript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	for _, r := range lint.Rules() {
		if !strings.Contains(all.String(), " "+r.Severity.String()+" "+r.ID+": ") {
			t.Errorf("no script wants a finding of rule %s", r.ID)
		}
		if r.What == "" || r.Remedy == "" {
			t.Errorf("rule %s does not say what is wrong or what to do", r.ID)
		}
	}
}
