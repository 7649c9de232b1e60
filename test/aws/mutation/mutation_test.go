// Package mutation breaks the security settings of the Terraform code one at a time, in a copy, and wants the tests that
// need no account to notice.
package mutation

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.com/mlops-platform/test/aws/tools"
)

const (
	// share is how much must be caught.
	share = 0.95
	// atOnce is how many mutants are tested at the same time.
	atOnce = 2
	result = "RESULT.md"
)

var update = flag.Bool("update", false, "write RESULT.md afresh")

func TestEverySettingIsThereOnce(t *testing.T) {
	repository, names := tree(tools.Root()), map[string]bool{}
	for _, s := range settings {
		if names[s.Name] {
			t.Errorf("%s: there are two of that name", s.Name)
		}
		names[s.Name] = true
		if s.Old == s.New || len(s.Tests) == 0 {
			t.Errorf("%s: changes nothing, or names no tests", s.Name)
		}
		if _, err := s.apply(repository.read(t, "terraform/"+s.File)); err != nil {
			t.Error(err)
		}
	}
	if len(settings) < 36 {
		t.Errorf("%d settings, want 36 or more", len(settings))
	}
}

func TestTheResultIsThatOfTheSettings(t *testing.T) {
	if *update {
		t.Skip("it is being written")
	}
	text, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	caught := read(string(text))
	for _, s := range settings {
		if _, found := caught[s.Name]; !found {
			t.Errorf("%s has no row for %q: go test ./test/aws/mutation -update", result, s.Name)
		}
	}
	if got := render(caught); got != string(text) {
		t.Errorf("%s is not what it would be if written now: go test ./test/aws/mutation -update", result)
	}
}

func TestBrokenSettingsAreNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes three minutes")
	}
	programs, err := tools.Find()
	if err != nil {
		t.Fatal(err)
	}
	r := &runner{programs: programs, pristine: pristine(t), work: t.TempDir(), ready: map[string]error{}}
	r.compile(t)
	text, err := os.ReadFile(result)
	if err != nil && !*update {
		t.Fatal(err)
	}
	before := read(string(text))
	caught := r.mutate(t, before)
	if t.Failed() {
		return
	}
	r.checkUnbroken(t, caught)

	survived := 0
	for _, s := range settings {
		t.Logf("%-55s %s", s.Name, caught[s.Name])
		if caught[s.Name] == nobody {
			survived++
		}
	}
	t.Logf("%d of %d settings are guarded by a test", len(settings)-survived, len(settings))
	if float64(len(settings)-survived) < share*float64(len(settings)) {
		t.Errorf("%d of %d broken settings were noticed by no test, at most 5 %% may be", survived, len(settings))
	}
	if *update {
		if err := os.WriteFile(result, []byte(render(caught)), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !maps.Equal(caught, before) {
		t.Errorf("%s says otherwise: go test ./test/aws/mutation -update", result)
	}
}

// mutate tests a mutant of every setting and returns what noticed it, by the name of the setting. before is what did so
// the last time: that one test is tried first, because it takes two seconds and all of a folder's half a minute.
func (r *runner) mutate(t *testing.T, before map[string]string) map[string]string {
	t.Helper()
	caught, mutex := map[string]string{}, sync.Mutex{}
	few(t, "broken", settings, func(s setting) string { return s.Name }, func(t *testing.T, s setting) {
		t.Helper()
		mutant := copyOf(t, r.pristine)
		text, err := s.apply(mutant.read(t, "terraform/"+s.File))
		if err != nil {
			t.Fatal(err)
		}
		mutant.write(t, "terraform/"+s.File, text)
		test := r.hunt(t, mutant, s, before[s.Name])
		t.Log(test)
		mutex.Lock()
		defer mutex.Unlock()
		caught[s.Name] = test
	})
	return caught
}

// few runs a subtest for each item, atOnce of them at the same time, and waits for them.
func few[T any](t *testing.T, group string, items []T, name func(T) string, do func(*testing.T, T)) {
	t.Helper()
	gate := make(chan struct{}, atOnce)
	t.Run(group, func(t *testing.T) {
		for _, item := range items {
			t.Run(name(item), func(t *testing.T) {
				t.Parallel()
				gate <- struct{}{}
				defer func() { <-gate }()
				do(t, item)
			})
		}
	})
}

// nobody is what noticed a mutant that survived.
const nobody = "-"

// hunt looks for a test that notices a mutant.
func (r *runner) hunt(t *testing.T, mutant tree, s setting, before string) string {
	t.Helper()
	if folder, name, found := strings.Cut(before, ": "); found && !strings.HasPrefix(folder, "iam:") {
		one := copyOf(t, mutant)
		if one.keep(t, folder, name) {
			if test := r.noticed(t, one, folder); test != nobody {
				return test
			}
		}
	}
	places := slices.Clone(s.Tests)
	places = append(places, r.pristine.folders(t)...)
	places = append(places, "iam:bootstrap", "iam:dev", "iam:prod")
	tried := map[string]bool{}
	for _, place := range places {
		if tried[place] {
			continue
		}
		tried[place] = true
		if test := r.noticed(t, mutant, place); test != nobody {
			return test
		}
	}
	return nobody
}

// noticed says which test of a place fails, if any does. A mutant that Terraform does not take at all is no mutant: what
// was broken must be a setting, not the code.
func (r *runner) noticed(t *testing.T, mutant tree, place string) string {
	t.Helper()
	failed, err := r.run(t.Context(), mutant, place)
	if err != nil {
		t.Fatal(err)
	}
	if failed == nil {
		return nobody
	}
	if failed.Error != "" {
		if err := r.valid(t.Context(), mutant, folderOf(place)); err != nil {
			t.Fatalf("not a mutant: %v", err)
		}
	}
	return failed.Test
}

// checkUnbroken runs the tests that noticed a mutant on the unbroken code: there they must pass.
func (r *runner) checkUnbroken(t *testing.T, caught map[string]string) {
	t.Helper()
	names := map[string][]string{}
	for _, test := range caught {
		if place, name, found := strings.Cut(test, ": "); found {
			names[place] = append(names[place], name)
		}
	}
	places := slices.Sorted(maps.Keys(names))
	few(t, "unbroken", places, func(place string) string { return place }, func(t *testing.T, place string) {
		t.Helper()
		unbroken := copyOf(t, r.pristine)
		if !strings.HasPrefix(place, "iam:") {
			unbroken.keep(t, place, names[place]...)
		}
		failed, err := r.run(t.Context(), unbroken, place)
		if err == nil && failed != nil {
			err = fmt.Errorf("%s fails on the unbroken code too: %s", failed.Test, failed.Error)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

const head = `# What guards the security settings

Each line of the first column was broken by itself in a copy of ` + "`terraform/`" + `, and the tests that need no account
were run. The last column names the first test that noticed. Written by ` + "`go test ./test/aws/mutation -update`" + `.

`

// render writes the result. It holds no time and no count of anything but settings, so it changes only with them.
func render(caught map[string]string) string {
	var rows strings.Builder
	noticed := 0
	for _, s := range settings {
		verdict := "caught"
		if caught[s.Name] == nobody {
			verdict = "SURVIVED"
		} else {
			noticed++
		}
		fmt.Fprintf(&rows, "| %s | `%s` | %s | `%s` |\n", s.Name, s.File, verdict, caught[s.Name])
	}
	return fmt.Sprintf("%s%d of %d are caught.\n\n| setting | broken in | verdict | by |\n|---|---|---|---|\n%s",
		head, noticed, len(settings), rows.String())
}

var row = regexp.MustCompile("(?m)^\\| ([^|]+) \\| `[^`]+` \\| (?:caught|SURVIVED) \\| `([^`]+)` \\|$")

// read takes from a result what noticed each setting.
func read(text string) map[string]string {
	caught := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(text, -1) {
		caught[found[1]] = found[2]
	}
	return caught
}
