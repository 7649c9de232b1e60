package delivery

import (
	"strings"
	"testing"
)

func TestAChangeOfTheBaseIsNoticedAndNoOther(t *testing.T) {
	r := open(t)
	for _, test := range []struct {
		file string
		want string
	}{
		{"terraform/modules/vpc/main.tf", "true"},
		{"terraform/envs/prod/terraform.tfvars", "true"},
		{"tools/infra/main.go", "true"},
		{".github/workflows/infra-ci.yml", "true"},
		{"README.md", "false"},
		{"services/mlflow/Dockerfile", "false"},
	} {
		before := r.git("rev-parse", "HEAD")
		r.write(test.file, r.read(test.file)+"\n")
		r.commit("change " + test.file)
		got := r.run(push(nil, before), "hack/ci/changed.sh", "terraform")
		if r.want(got, 0); got.output != "terraform="+test.want+"\n" {
			t.Errorf("%s: %q", test.file, got.output)
		}
	}

	// A file that leaves is a change too, and so is one that leaves for another place.
	before := r.git("rev-parse", "HEAD")
	r.git("mv", "terraform/modules/vpc/main.tf", "docs/main.tf")
	r.commit("move")
	if got := r.run(push(nil, before), "hack/ci/changed.sh", "terraform"); got.output != "terraform=true\n" {
		t.Errorf("a file that left: %q", got.output)
	}
}

func TestWhatCannotBeKnownIsTakenAsChanged(t *testing.T) {
	r := open(t)
	for name, before := range map[string]string{
		"a new branch":    strings.Repeat("0", 40),
		"a forced push":   strings.Repeat("a", 40),
		"nothing is told": "",
	} {
		got := r.run(push(nil, before), "hack/ci/changed.sh", "terraform")
		if r.want(got, 0, "taken as changed"); got.output != "terraform=true\n" {
			t.Errorf("%s: %q", name, got.output)
		}
	}
}

func TestAPullRequestIsComparedWithWhatItGoesInto(t *testing.T) {
	r := open(t)
	r.git("switch", "--quiet", "--create", "work")
	r.write("docs/x.md", "x\n")
	r.commit("docs")
	r.git("switch", "--quiet", "main")
	// What came to main meanwhile is not of the pull request.
	r.write("terraform/modules/vpc/x.tf", "\n")
	r.commit("terraform")
	r.git("merge", "--quiet", "--no-ff", "--no-edit", "work")
	if got := r.run(pullRequest(nil), "hack/ci/changed.sh", "terraform"); got.output != "terraform=false\n" {
		t.Errorf("%q\n%s", got.output, got.said())
	}
}
