package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// dependency is what Renovate extracted.
type dependency struct {
	DepName, PackageName, CurrentValue, CurrentDigest, SkipReason string
}

// extracted is Renovate's report: by manager, the files and what it found in each.
type extracted map[string][]struct {
	PackageFile string
	Deps        []dependency
}

// report is where the one run of Renovate left what it found.
var report string

// askRenovate runs a program of the real Renovate in the copy of the repository, and returns what it says.
func askRenovate(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	r := open(t)
	var stdout, stderr bytes.Buffer
	command := exec.Command("node", args...)
	command.Dir, command.Stdin, command.Stdout, command.Stderr = r.folder, strings.NewReader(stdin), &stdout, &stderr
	command.Env = append(os.Environ(), "RENOVATE_X_IGNORE_RE2=true", "LOG_LEVEL=warn", "LOG_FORMAT=json",
		// Should it ask a registry, nobody answers.
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9", "NO_PROXY=", "no_proxy=")
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, &stdout, &stderr)
	}
	return stdout.String()
}

func renovateDist(t *testing.T) string {
	t.Helper()
	program := os.Getenv("RENOVATE")
	if program == "" {
		t.Fatal("RENOVATE is not set: hack/delivery.sh test sets it up")
	}
	return filepath.Dir(program)
}

// renovate extracts once for all tests.
func renovate(t *testing.T) extracted {
	t.Helper()
	if report == "" {
		file := filepath.Join(open(t).folder, ".tools", "renovate.json")
		// As arguments: the platform `local` overrules what the environment says of a dry run, and asks every registry.
		said := askRenovate(t, "", filepath.Join(renovateDist(t), "renovate.js"), "--platform=local", "--dry-run=extract",
			"--report-type=file", "--report-path="+file, "--base-dir="+t.TempDir(), "--github-token-warn=false")
		if said != "" {
			t.Errorf("Renovate warns: %s", said)
		}
		report = file
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Repositories map[string]struct{ PackageFiles extracted }
	}
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	return read.Repositories["local"].PackageFiles
}

// exception is a version that Renovate need not find, and why.
type exception struct {
	File, Name, Reason string
}

func exceptions(t *testing.T) []exception {
	t.Helper()
	data, err := os.ReadFile("renovate-exceptions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var read []exception
	if err := yaml.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	for _, e := range read {
		if e.File == "" || e.Name == "" || len(e.Reason) < 20 {
			t.Errorf("an exception has a file, a name and a reason: %+v", e)
		}
	}
	return read
}

func TestEveryVersionIsFoundByExactlyOneManager(t *testing.T) {
	wanted := versionsOf(t)
	managers := map[named]map[string]int{}
	note := func(manager, file, name, version string) {
		key := named{file, name, version}
		if managers[key] == nil {
			managers[key] = map[string]int{}
		}
		managers[key][manager]++
	}
	for manager, files := range renovate(t) {
		for _, file := range files {
			for _, dep := range file.Deps {
				name := dep.DepName
				if manager == "argocd" { // a chart of an OCI registry has the registry in its name
					name = path.Base(name)
				}
				note(manager, file.PackageFile, name, dep.CurrentValue)
			}
		}
	}
	excused := exceptions(t)
	used := make([]bool, len(excused))
	for _, v := range slices.SortedFunc(maps.Keys(wanted), compareNamed) {
		i := slices.IndexFunc(excused, func(e exception) bool {
			same, err := filepath.Match(e.File, v.file)
			return err == nil && same && e.Name == v.name
		})
		found := 0
		for _, count := range managers[v] {
			found += count
		}
		switch {
		case i >= 0 && found == 0:
			used[i] = true
		case len(managers[v]) == 0:
			t.Errorf("missing: %s: %s %s", v.file, v.name, v.version)
		case len(managers[v]) > 1 || found > wanted[v]:
			t.Errorf("double: %s: %s %s is named %d times and found by %v", v.file, v.name, v.version, wanted[v], managers[v])
		case found < wanted[v]:
			t.Errorf("missing: %s: %s %s is named %d times and found %d times", v.file, v.name, v.version, wanted[v], found)
		}
	}
	for i, e := range excused {
		if !used[i] {
			t.Errorf("excuses nothing, take it out: %+v", e)
		}
	}
	t.Logf("%d versions", len(wanted))
}

func compareNamed(a, b named) int {
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}
