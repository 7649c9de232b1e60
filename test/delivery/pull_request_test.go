package delivery

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// sarifLog is what the tests read of SARIF.
type sarifLog struct {
	Version string
	Runs    []struct {
		Tool struct {
			Driver struct {
				Name  string
				Rules []struct{ ID string }
			}
		}
		Results []struct {
			RuleID    string
			RuleIndex int
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine int }
				}
			}
			PartialFingerprints map[string]string
		}
	}
}

func (r *repository) sarif() sarifLog {
	r.t.Helper()
	var log sarifLog
	if err := json.Unmarshal([]byte(r.read("out/ci/check.sarif")), &log); err != nil {
		r.t.Fatal(err)
	}
	return log
}

func TestAFaultIsShownAtItsLineAndEndsTheJob(t *testing.T) {
	r := open(t)
	r.edit("apps/mlflow/overlays/prod/kustomization.yaml", "newTag: 0.1.0", "newTag: latest")
	r.edit("clusters/base/mlflow.yaml", "project: mlops", "project: nowhere")
	r.commit("two faults")
	got := r.run(pullRequest(nil), "hack/ci/check.sh")
	r.want(got, 1, "::error file=apps/mlflow/overlays/prod/kustomization.yaml,line=", ",title=image-unpinned::", "[prod]")

	log := r.sarif()
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name != "render" {
		t.Fatalf("%+v", log)
	}
	shared, prints := 0, map[string]bool{}
	for _, result := range log.Runs[0].Results {
		place := result.Locations[0].PhysicalLocation
		if rule := log.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID; rule != result.RuleID {
			t.Errorf("the index of %s is that of %s", result.RuleID, rule)
		}
		if place.Region.StartLine < 1 || !r.has(place.ArtifactLocation.URI) {
			t.Errorf("%s is at %s:%d, which is not there", result.RuleID, place.ArtifactLocation.URI, place.Region.StartLine)
		}
		// One fault of three clusters is one finding.
		if strings.Contains(result.Message.Text, "[dev, local, prod]") {
			shared++
		}
		fingerprint := result.PartialFingerprints["finding/v1"]
		if prints[fingerprint] {
			t.Errorf("two findings have the fingerprint %s", fingerprint)
		}
		prints[fingerprint] = true
	}
	if shared == 0 {
		t.Errorf("no finding is shared: %+v", log.Runs[0].Results)
	}
	if lines := strings.Count(got.stdout, "::error "); lines != len(log.Runs[0].Results) {
		t.Errorf("%d annotations, %d results", lines, len(log.Runs[0].Results))
	}
}

func TestWithoutAFaultThereIsAnEmptyReportToUpload(t *testing.T) {
	r := open(t)
	got := r.run(pullRequest(nil), "hack/ci/check.sh")
	r.want(got, 0)
	if log := r.sarif(); len(log.Runs) != 1 || len(log.Runs[0].Results) != 0 || strings.Contains(got.stdout, "::error") {
		t.Errorf("%+v\n%s", log, got.stdout)
	}
	if !strings.Contains(got.summary, "render check") {
		t.Errorf("the summary is %q", got.summary)
	}
}

// merge is a pull request with one change, merged as GitHub merges it for its checks.
func (r *repository) merge(change func()) {
	r.t.Helper()
	r.git("switch", "--quiet", "--create", "work")
	change()
	r.commit("work")
	r.git("switch", "--quiet", "main")
	r.git("merge", "--quiet", "--no-ff", "--no-edit", "work")
}

func TestThePullRequestHasOneCommentThatFollowsTheChange(t *testing.T) {
	r := open(t)
	g := startGitHub(t, r.folder)
	g.page = 2
	for i := range 5 { // so that ours is on the third page
		g.say("somebody", fmt.Sprint("comment ", i))
	}
	// Anybody can write our mark; nobody but us has it followed.
	g.say("somebody", "<!-- delivery: render-diff -->\nnot ours")
	replicas := func(from, to string) func() {
		return func() { r.edit("apps/mlflow/overlays/prod/replicas.yaml", "replicas: "+from, "replicas: "+to) }
	}
	was := strings.TrimSpace(strings.Split(r.read("apps/mlflow/overlays/prod/replicas.yaml"), "replicas: ")[1])
	was = strings.Fields(was)[0]
	r.merge(replicas(was, "7"))
	got := r.run(pullRequest(g), "hack/ci/diff.sh")
	r.want(got, 0, "the comment render-diff on #7 is created")
	ours := len(g.comments) - 1
	first := g.comments[ours].Body
	if !strings.HasPrefix(first, "<!-- delivery: render-diff -->\n") || !strings.Contains(first, "replicas") {
		t.Errorf("the comment is %s", first)
	}
	if !strings.Contains(got.summary, "replicas") {
		t.Errorf("the summary is %q", got.summary)
	}

	r.want(r.run(pullRequest(g), "hack/ci/diff.sh"), 0, "is unchanged")
	r.git("branch", "--quiet", "-D", "work")
	r.merge(replicas("7", "8"))
	r.want(r.run(pullRequest(g), "hack/ci/diff.sh"), 0, "is updated")
	if len(g.comments) != 7 || g.comments[ours].Body == first {
		t.Errorf("%d comments, the last is %s", len(g.comments), g.comments[ours].Body)
	}
	if calls := strings.Join(g.calls, "; "); calls != "POST /issues/7/comments; PATCH /issues/comments/1006" {
		t.Errorf("the requests that changed something: %s", calls)
	}
}

func TestAForkIsShownItsDifferenceWithoutAToken(t *testing.T) {
	r := open(t)
	r.merge(func() { r.edit("apps/mlflow/overlays/prod/kustomization.yaml", "newTag: 0.1.0", "newTag: 0.1.1") })
	j := pullRequest(nil)
	j.env = []string{"COMMENT=false"}
	got := r.run(j, "hack/ci/diff.sh")
	if r.want(got, 0); !strings.Contains(got.summary, "0.1.1") {
		t.Errorf("the summary is %q", got.summary)
	}
}

func TestWhatGitHubRefusesIsSaid(t *testing.T) {
	r := open(t)
	g := startGitHub(t, r.folder)
	j := pullRequest(g)
	j.env = []string{"GITHUB_TOKEN=expired"}
	r.merge(func() { r.write("docs/x.md", "x\n") })
	r.want(r.run(j, "hack/ci/diff.sh"), 1, "GitHub refuses GET /issues/7/comments?per_page=100: 401 Bad credentials")
}

func (r *repository) has(name string) bool {
	return r.git("ls-files", "--", name) == name
}
