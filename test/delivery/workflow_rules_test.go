package delivery

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	// A step is one command: an optional wrapper, then make or a script, then plain words, NAME=VALUE or "$NAME".
	command = regexp.MustCompile(`^(?:hack/ci/as-root\.sh )?(make|hack/[a-z0-9/-]+\.sh)((?: [A-Z]+=(?:"[^"]*"|\S+)| [a-z0-9-]+| "\$[A-Z]+")*)$`)
	target  = regexp.MustCompile(`(?m)^([a-z0-9-]+):(?: |$)`)
)

func TestEveryStepIsOneCommandThatALaptopHas(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, match := range target.FindAllStringSubmatch(string(makefile), -1) {
		targets[match[1]] = true
	}
	checked := 0
	for _, w := range workflows(t) {
		for name, job := range w.Jobs {
			for _, s := range job.Steps {
				if s.Run == "" {
					continue
				}
				checked++
				place := w.name + ": " + name + ": " + s.Run
				found := command.FindStringSubmatch(s.Run)
				if found == nil {
					t.Errorf("%s: is not one command of this repository", place)
					continue
				}
				words := strings.Fields(found[2])
				if found[1] == "make" && (len(words) == 0 || !targets[words[0]]) {
					t.Errorf("%s: is no target of the Makefile", place)
				}
				if found[1] != "make" && !executable(found[1]) {
					t.Errorf("%s: %s is no script that can be run", place, found[1])
				}
				if s.Name == "" {
					t.Errorf("%s: has no name", place)
				}
			}
		}
	}
	if checked < 15 {
		t.Errorf("only %d commands are checked: the test does not understand the workflows", checked)
	}
}

func executable(file string) bool {
	info, err := os.Stat(filepath.Join(root, file))
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func TestEveryActionIsPinnedByACommitAndSaysItsVersion(t *testing.T) {
	uses := regexp.MustCompile(`(?m)^ *(?:- )?uses: (\S+)(.*)$`)
	pinned := regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9/-]+@[0-9a-f]{40}$`)
	commits := map[string]string{}
	for _, w := range workflows(t) {
		for _, match := range uses.FindAllStringSubmatch(w.text, -1) {
			if !pinned.MatchString(match[1]) || !regexp.MustCompile(`^ # v\d+\.\d+\.\d+$`).MatchString(match[2]) {
				t.Errorf("%s: %s%s: want OWNER/NAME@COMMIT # vX.Y.Z", w.name, match[1], match[2])
			}
			action, _, _ := strings.Cut(match[1], "@")
			if was, ok := commits[action]; ok && was != match[1]+match[2] {
				t.Errorf("%s: %s here, %s elsewhere", w.name, match[1]+match[2], was)
			}
			commits[action] = match[1] + match[2]
		}
	}
}

func TestNothingIsAllowedButWhatAJobNeeds(t *testing.T) {
	// What a job may beyond reading the repository. A new line here is a decision.
	rights := map[string]map[string]string{
		"app-ci.yml: render":     {"actions": "read", "pull-requests": "write", "security-events": "write"},
		"app-ci.yml: image":      {"id-token": "write"},
		"app-ci.yml: propose":    {"contents": "write", "pull-requests": "write"},
		"infra-ci.yml: plan-dev": {"id-token": "write"}, "infra-ci.yml: plan-prod": {"id-token": "write"},
		"infra-ci.yml: comment":   {"pull-requests": "write"},
		"infra-ci.yml: apply-dev": {"id-token": "write"}, "infra-ci.yml: apply-prod": {"id-token": "write"},
		"infra-ci.yml: facts-dev":  {"contents": "write", "pull-requests": "write"},
		"infra-ci.yml: facts-prod": {"contents": "write", "pull-requests": "write"},
	}
	for _, w := range workflows(t) {
		if len(w.Permissions.Content) > 0 || !strings.Contains(w.text, "\npermissions: {}\n") {
			t.Errorf("%s: want permissions: {} at the top", w.name)
		}
		for name, job := range w.Jobs {
			place := w.name + ": " + name
			wanted := map[string]string{"contents": "read"}
			for right, level := range rights[place] {
				wanted[right] = level
			}
			if difference := cmp.Diff(wanted, job.Permissions); difference != "" {
				t.Errorf("%s: the permissions are not those of the table (-want +got):\n%s", place, difference)
			}
			if job.Permissions["id-token"] != "" && job.Permissions["contents"] != "read" {
				t.Errorf("%s: what can assume a role of AWS can write to the repository", place)
			}
			if job.TimeoutMinutes == 0 {
				t.Errorf("%s: has no timeout-minutes", place)
			}
			for _, s := range job.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != "false" {
					t.Errorf("%s: the checkout leaves its token behind", place)
				}
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: %s: what GitHub puts in goes through env, where a shell does not read it as code", place, s.Run)
				}
			}
		}
		if w.Concurrency.Group == "" {
			t.Errorf("%s: has no concurrency group", w.name)
		}
		for _, event := range []string{"pull_request_target", "workflow_run", "issue_comment"} {
			if _, has := w.On[event]; has {
				t.Errorf("%s: runs on %s, with rights, for what anybody wrote", w.name, event)
			}
		}
		if strings.Contains(w.text, "secrets.") {
			t.Errorf("%s: reads a secret; there is none that it needs", w.name)
		}
	}
}

func TestTheGateAlwaysRunsAndSeesEveryJob(t *testing.T) {
	for _, w := range workflows(t) {
		gate, ok := w.Jobs["gate"]
		if !ok {
			t.Errorf("%s: has no gate", w.name)
			continue
		}
		if gate.If != "${{ always() }}" || gate.Name+".yml" != w.name {
			t.Errorf("%s: the gate is called %q and runs if %q", w.name, gate.Name, gate.If)
		}
		needs := gate.needs(t)
		for name := range w.Jobs {
			if name != "gate" && !slices.Contains(needs, name) {
				t.Errorf("%s: the gate does not see the job %s", w.name, name)
			}
		}
		// A workflow that a path filter leaves out never reports, and the required check waits for ever.
		for event, node := range w.On {
			for i := 0; i+1 < len(node.Content); i += 2 {
				if strings.HasPrefix(node.Content[i].Value, "paths") {
					t.Errorf("%s: %s has a path filter", w.name, event)
				}
			}
		}
	}
}

func TestWhatTheGateRequiresIsNeverLeftOut(t *testing.T) {
	for _, w := range workflows(t) {
		gate := w.Jobs["gate"]
		required := strings.Fields(strings.TrimPrefix(gate.Steps[len(gate.Steps)-1].Run, "hack/ci/gate.sh"))
		if len(required) == 0 {
			t.Errorf("%s: the gate requires nothing", w.name)
		}
		for _, name := range required {
			job, ok := w.Jobs[name]
			if !ok || job.If != "" || len(job.needs(t)) > 0 {
				t.Errorf("%s: the gate requires %s, which may be left out", w.name, name)
			}
		}
	}
}

func TestTheMatrixHasEveryPartOfTheTests(t *testing.T) {
	said, _ := exec.Command(filepath.Join(root, "hack/test.sh"), "no-such-part").CombinedOutput()
	found := regexp.MustCompile(`there are: ([a-z -]+)`).FindSubmatch(said)
	if found == nil {
		t.Fatalf("hack/test.sh does not list its parts: %s", said)
	}
	var matrix struct{ Part []string }
	for _, w := range workflows(t) {
		if w.name == "app-ci.yml" {
			node := w.Jobs["test"].Strategy.Matrix
			if err := node.Decode(&matrix); err != nil {
				t.Fatal(err)
			}
		}
	}
	wanted := strings.Fields(string(found[1]))
	slices.Sort(wanted)
	slices.Sort(matrix.Part)
	if difference := cmp.Diff(wanted, matrix.Part); difference != "" {
		t.Errorf("parts of make test (-) and of the matrix (+):\n%s", difference)
	}
}

func TestWhatAStepAsksForExists(t *testing.T) {
	only := regexp.MustCompile(`^make (verify|test) ONLY="([^"$]+)"$`)
	said, _ := exec.Command(filepath.Join(root, "hack/test.sh"), "no-such-part").CombinedOutput()
	checked := 0
	for _, w := range workflows(t) {
		for name, job := range w.Jobs {
			for _, s := range job.Steps {
				found := only.FindStringSubmatch(s.Run)
				if found == nil {
					continue
				}
				for _, part := range strings.Fields(found[2]) {
					checked++
					there := strings.Contains(string(said), " "+part)
					if found[1] == "verify" {
						there = executable("hack/verify/" + part + ".sh")
					}
					if !there {
						t.Errorf("%s: %s: make %s has no part %s", w.name, name, found[1], part)
					}
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no part is checked: the test does not understand the workflows")
	}
}

func TestEachJobComesAsWhoItsRoleTrusts(t *testing.T) {
	trust, err := os.ReadFile(filepath.Join(root, "terraform/bootstrap/github.tf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`{ plan = ["pull_request", "ref:refs/heads/main"] }`,
		`"apply-${environment}" => ["environment:${environment}"]`,
		`{ images = ["ref:refs/heads/main"] }`,
	} {
		if !strings.Contains(string(trust), line) {
			t.Errorf("terraform/bootstrap/github.tf has no %s: this test is about other roles", line)
		}
	}
	onMain := regexp.MustCompile(`github\.ref == 'refs/heads/main'`)
	roles := map[string]int{}
	for _, w := range workflows(t) {
		// Of jobs that need a job that only runs on main.
		restricted := func(job workflowJob) bool {
			return onMain.MatchString(job.If) || slices.ContainsFunc(job.needs(t), func(name string) bool {
				return onMain.MatchString(w.Jobs[name].If)
			})
		}
		for name, job := range w.Jobs {
			i := slices.IndexFunc(job.Steps, func(s step) bool { return s.With["role-to-assume"] != "" })
			if (i >= 0) != (job.Permissions["id-token"] == "write") {
				t.Errorf("%s: %s: a token for AWS and a role go together", w.name, name)
			}
			if i < 0 {
				continue
			}
			role := job.Steps[i].With["role-to-assume"]
			roles[role]++
			var right bool
			switch role {
			case "${{ vars.AWS_ROLE_PLAN }}":
				right = job.Environment == ""
			case "${{ vars.AWS_ROLE_IMAGES }}":
				right = job.Environment == "" && restricted(job)
			case "${{ vars.AWS_ROLE_APPLY }}":
				right = job.Environment != "" && "apply-"+job.Environment == name && restricted(job)
			}
			if !right {
				t.Errorf("%s: %s: as it runs, %s does not trust it", w.name, name, role)
			}
		}
	}
	if len(roles) != 3 {
		t.Errorf("the roles that are assumed: %v", roles)
	}
}

func TestOnlyWhatAPersonApprovedIsApplied(t *testing.T) {
	for _, w := range workflows(t) {
		for name, job := range w.Jobs {
			for _, s := range job.Steps {
				environment, applies := strings.CutPrefix(s.Run, "hack/ci/infra.sh apply ")
				if !applies {
					continue
				}
				if job.Environment != environment {
					t.Errorf("%s: %s applies %s behind the environment %q", w.name, name, environment, job.Environment)
				}
				if !strings.Contains(job.If, "github.ref == 'refs/heads/main'") {
					t.Errorf("%s: %s applies what is not on main", w.name, name)
				}
				if !slices.Contains(job.needs(t), "plan-"+environment) {
					t.Errorf("%s: %s does not wait for its plan", w.name, name)
				}
			}
		}
	}
}
