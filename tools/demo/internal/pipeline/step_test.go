package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAStepSeesItsInputsAndItsOutputsAreRead(t *testing.T) {
	r := runner(t, `test "$(cat "${2#--in=}/raw/data")" = rows && echo " 2013-02 " >"${3#--out=}/month"`)
	raw := t.TempDir()
	if err := os.WriteFile(filepath.Join(raw, "data"), []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := r.run(t.Context(), step{name: "ingest", folder: "a", inputs: map[string]string{"raw": raw}})
	if err != nil {
		t.Fatal(err)
	}
	if month, err := parameter(out, "month"); err != nil || month != "2013-02" {
		t.Errorf("month = %q, %v; want 2013-02", month, err)
	}
	if _, err := parameter(out, "key"); err == nil || !strings.Contains(err.Error(), "no parameter key") {
		t.Errorf("err = %v; want one that names the parameter", err)
	}
}

func TestAStepThatSaysNoIsQuoted(t *testing.T) {
	r := runner(t, `echo '{"level":"error","message":"column origin: 3 nulls"}' >&2; exit 65`)
	_, err := r.run(t.Context(), step{name: "validate", folder: "a"})
	var refused *StepError
	if !errors.As(err, &refused) || refused.Code != 65 || refused.Said != "column origin: 3 nulls" {
		t.Fatalf("err = %v; want exit code 65 and the message", err)
	}
	if data, err := os.ReadFile(refused.Log); err != nil || len(data) == 0 {
		t.Errorf("the log %s: %q, %v; want all it said", refused.Log, data, err)
	}
}

func TestFeaturesThatAreThereAreNotComputedAgain(t *testing.T) {
	r := runner(t, `mkdir "${3#--out=}/features" && echo '{"rows":1}' >"${3#--out=}/partition" && echo x >>`+
		filepath.Join(t.TempDir(), "calls")+` || exit 1`)
	p := plan{Month: "2013-01", Months: []struct{ Month, Key string }{{"2013-01", "abc"}}}
	store := filepath.Join(t.TempDir(), "flight-delay-1")
	for range 2 {
		partitions, err := r.features(t.Context(), p, t.TempDir(), store)
		if err != nil || partitions != `[{"rows":1}]` {
			t.Fatalf("partitions = %s, %v", partitions, err)
		}
	}
	if runs, _ := filepath.Glob(filepath.Join(r.Dir, "steps", "*")); len(runs) != 1 {
		t.Errorf("runs = %v; want one", runs)
	}
	if _, err := os.Stat(filepath.Join(store, "2013-01", "abc")); err != nil {
		t.Error("the features are not in the store")
	}
}

// runner has a step program that is a line of shell.
func runner(t *testing.T, script string) *Runner {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "pipelines")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Runner{
		Program: program, Model: "flight-delay", Dir: dir,
		Observe: func(string) func(string, error) { return func(string, error) {} },
	}
}
