package delivery

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/mlops-platform/test/aws/emulator"
	"example.com/mlops-platform/test/aws/tools"
)

const (
	account     = "111122223333"
	region      = "eu-west-1"
	stateBucket = "mlops-terraform-" + region + "-" + account
)

// base is the copy with a small environment dev, and an emulated account for it.
type base struct {
	*repository
	github  *github
	objects *s3.Client
	environ []string
}

func openBase(t *testing.T) *base {
	t.Helper()
	found, err := tools.Find()
	if err != nil {
		t.Fatal(err)
	}
	emulated := emulator.Start(t, found.Moto, account)
	b := &base{repository: open(t), objects: s3.NewFromConfig(emulated.Config(t, region))}
	for _, each := range emulated.Environ() {
		// Of the whole environment, what makes it the account.
		if name, _, _ := strings.Cut(each, "="); os.Getenv(name) != strings.TrimPrefix(each, name+"=") {
			b.environ = append(b.environ, each)
		}
	}
	b.environ = append(b.environ, "TF_PLUGIN_DIR="+found.Plugins, "TF_CLI_CONFIG_FILE=", "GOGC=400")
	small := filepath.Join(b.folder, "test/aws/infra/testdata/dev")
	for _, name := range []string{"backend.tf", "main.tf", "terraform.tfvars"} {
		b.copyFile(filepath.Join(small, name), "terraform/envs/dev/"+name)
	}
	for _, name := range []string{"outputs.tf", "variables.tf", "versions.tf"} {
		if err := os.Remove(filepath.Join(b.folder, "terraform/envs/dev", name)); err != nil {
			t.Fatal(err)
		}
	}
	b.commit("a small environment")
	b.github = startGitHub(t, b.folder)
	_, err = b.objects.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    aws.String(stateBucket),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: region},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// step runs one step of infra-ci in the account.
func (b *base) step(j *job, command ...string) result {
	b.t.Helper()
	j.env = append(j.env, b.environ...)
	return b.run(j, append([]string{"hack/ci/infra.sh"}, command...)...)
}

func (b *base) state() []string {
	b.t.Helper()
	listed, err := b.objects.ListObjectsV2(b.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(stateBucket)})
	if err != nil {
		b.t.Fatal(err)
	}
	var keys []string
	for _, object := range listed.Contents {
		keys = append(keys, *object.Key)
	}
	return keys
}

func TestAChangeOfTheBaseGoesFromAPlanToItsFacts(t *testing.T) {
	b := openBase(t)

	// On the pull request: the plan is shown, and nothing is touched, not even by a lock.
	got := b.step(pullRequest(nil), "plan", "dev")
	b.want(got, 0, "dev: 0 to destroy, 0 to replace, 0 to change, 3 to create")
	if got.output != "changes=true\n" || !strings.Contains(got.summary, "3 to create") {
		t.Errorf("output %q, summary %q", got.output, got.summary)
	}
	if keys := b.state(); len(keys) != 0 {
		t.Errorf("a plan left %v in the bucket of the state", keys)
	}
	b.want(b.step(pullRequest(b.github), "comment"), 0, "the comment terraform-plan on #7 is created")
	b.want(b.step(pullRequest(b.github), "comment"), 0, "unchanged")
	if text := b.github.comments[0].Body; !strings.Contains(text, "### dev: 0 to destroy") ||
		!strings.Contains(text, "USD a month") || strings.Contains(text, b.folder) {
		t.Errorf("the comment is\n%s", text)
	}

	// A plan of other code than what is checked out is refused, and so is one that nobody made.
	b.edit("terraform/envs/dev/main.tf", "retention_in_days = 7", "retention_in_days = 14")
	b.want(b.step(push(nil, ""), "apply", "dev"), 1, "the plan is older than terraform/envs/dev/main.tf", "nothing is changed")
	b.git("checkout", "--quiet", "--", "terraform")
	if keys := b.state(); len(keys) != 0 {
		t.Fatalf("a refused apply wrote %v", keys)
	}
	b.want(b.step(push(nil, ""), "apply", "prod"), 1, "there is no plan in out/ci/plan-prod: nothing is applied")

	// On main: that plan, in another checkout than it was made in, and what it says for the manifests.
	if err := os.RemoveAll(filepath.Join(b.folder, "terraform/envs/dev/.terraform")); err != nil {
		t.Fatal(err)
	}
	b.want(b.step(push(nil, ""), "apply", "dev"), 0, "dev is applied")
	b.want(b.step(push(b.github, ""), "facts", "dev"), 0, "proposed: https://github.example.com/"+slug+"/pull/100")
	if changed := b.git("diff", "--name-only", "main", "facts/dev"); changed != "clusters/dev/facts/facts.yaml" {
		t.Errorf("the pull request changes %s", changed)
	}
	if facts := b.git("show", "facts/dev:clusters/dev/facts/facts.yaml"); strings.Contains(facts, "vpc-00000000000000d01") {
		t.Errorf("the facts are not those of the account:\n%s", facts)
	}

	// Of two plans of the same state the second to be applied is stale.
	b.git("checkout", "--quiet", "--", "clusters")
	b.edit("terraform/envs/dev/main.tf", "retention_in_days = 7", "retention_in_days = 14")
	b.commit("keep logs for longer")
	b.want(b.step(push(nil, ""), "plan", "dev"), 0, "1 to change")
	if err := os.CopyFS(filepath.Join(b.folder, "out/second"), os.DirFS(filepath.Join(b.folder, "out/ci/plan-dev"))); err != nil {
		t.Fatal(err)
	}
	b.want(b.step(push(nil, ""), "apply", "dev"), 0, "dev is applied")
	if err := os.RemoveAll(filepath.Join(b.folder, "out/ci/plan-dev")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(b.folder, "out/second"), filepath.Join(b.folder, "out/ci/plan-dev")); err != nil {
		t.Fatal(err)
	}
	b.want(b.step(push(nil, ""), "apply", "dev"), 1, "Saved plan is stale")

	// Nothing to do is no reason to ask anybody.
	got = b.step(push(nil, ""), "plan", "dev")
	if b.want(got, 0, "nothing to do"); got.output != "changes=false\n" {
		t.Errorf("output %q", got.output)
	}
}

func TestFactsThatDidNotChangeAreNotProposed(t *testing.T) {
	r := open(t)
	g := startGitHub(t, r.folder)
	got := r.run(push(g, ""), "hack/ci/infra.sh", "facts", "dev")
	if r.want(got, 0, "nothing to propose"); len(g.calls) > 0 {
		t.Errorf("%v", g.calls)
	}
}

func TestAnEnvironmentThatIsNotThereIsRefused(t *testing.T) {
	r := open(t)
	for _, command := range [][]string{{"plan"}, {"plan", "staging"}, {"plan", "../bootstrap/x"}, {"apply"}, {"destroy", "dev"}, {}} {
		r.want(r.run(push(nil, ""), append([]string{"hack/ci/infra.sh"}, command...)...), 64, "hack/ci/infra.sh plan ENV")
	}
}
