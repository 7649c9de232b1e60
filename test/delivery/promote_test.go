package delivery

import (
	"strings"
	"testing"
)

const (
	inDev   = "apps/inference-api/overlays/dev/kustomization.yaml"
	inProd  = "apps/inference-api/overlays/prod/kustomization.yaml"
	oneSum  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	twoSum  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	newTag  = "0.1.0-gpu-0123456789ab"
	unmoved = "(nothing is changed)"
)

// released makes dev run a digest, as the pull request of app-ci does.
func (r *repository) released() {
	r.t.Helper()
	r.edit(inDev, "newTag: 0.1.0-gpu\n", "newTag: "+newTag+"\n    digest: "+oneSum+"\n")
	r.commit("dev runs a digest")
}

func TestAPromotionIsOneDigestOnABranchOfItsOwn(t *testing.T) {
	r := open(t)
	r.released()
	before := r.git("rev-parse", "HEAD")
	got := r.run(nil, "hack/promote.sh", "inference-api")
	r.want(got, 0, newTag, "git push --set-upstream origin promote/inference-api-"+newTag)
	if branch := r.git("branch", "--show-current"); branch != "promote/inference-api-"+newTag {
		t.Errorf("the branch is %s", branch)
	}
	if changed := r.git("diff", "--name-only", before, "HEAD"); changed != inProd {
		t.Errorf("changed: %s", changed)
	}
	wanted := "-    newTag: 0.1.0-gpu\n+    newTag: " + newTag + "\n+    digest: " + oneSum
	if diff := r.git("diff", "-U0", before, "HEAD"); !strings.HasSuffix(diff, wanted) {
		t.Errorf("the difference is\n%s", diff)
	}
	// What is shown is what the cluster gets, not the file.
	if !strings.Contains(got.stdout, "inference-api:"+newTag+"@"+oneSum) {
		t.Errorf("the rendered difference does not show the image:\n%s", got.stdout)
	}
	if r.git("status", "--porcelain") != "" {
		t.Errorf("the working copy is left with changes")
	}
	r.want(r.run(nil, "hack/promote.sh", "inference-api"), 1, "prod runs what dev runs of inference-api", unmoved)

	// The next digest replaces the first one in place.
	r.edit(inDev, oneSum, twoSum)
	r.commit("dev runs another digest")
	r.git("branch", "--quiet", "-m", "promoted")
	r.want(r.run(nil, "hack/promote.sh", "inference-api"), 0, twoSum)
	if diff := r.git("diff", "-U0", "HEAD^", "HEAD"); !strings.HasSuffix(diff, "-    digest: "+oneSum+"\n+    digest: "+twoSum) {
		t.Errorf("the difference is\n%s", diff)
	}
}

func TestAPromotionThatMakesNoSenseIsRefused(t *testing.T) {
	for _, test := range []struct {
		name, app string
		prepare   func(*repository)
		code      int
		says      []string
	}{
		{"no app", "", nil, 64, []string{"make promote APP="}},
		{"an unknown app", "inference", nil, 1, []string{`no app "inference"`, "inference-api, karpenter, mlflow", unmoved}},
		{"no digest", "inference-api", nil, 1, []string{inDev, "the tag 0.1.0-gpu and no digest", unmoved}},
		{"every fault of it", "workflows", nil, 1, []string{"pipelines has the tag 0.1.0 and", "pipelines-gpu has the tag 0.1.0-gpu and"}},
		{"what is no digest", "inference-api", func(r *repository) {
			r.edit(inDev, "newTag: 0.1.0-gpu\n", "newTag: "+newTag+"\n    digest: sha256:123\n")
			r.commit("typo")
		}, 1, []string{`"sha256:123"`, "no digest (sha256:, 64 digits)", unmoved}},
		{"nothing new", "inference-api", func(r *repository) {
			r.released()
			r.edit(inProd, "newTag: 0.1.0-gpu\n", "newTag: "+newTag+"\n    digest: "+oneSum+"\n")
			r.commit("prod runs it")
		}, 1, []string{"nothing to promote", unmoved}},
		{"no image of ours", "argo-cd", nil, 1, []string{"sets no image", "apps/argo-cd/base", unmoved}},
		{"the other variant", "inference-api", func(r *repository) {
			r.released()
			r.edit(inProd, "newTag: 0.1.0-gpu", "newTag: 0.1.0")
			r.commit("prod has no GPU")
		}, 1, []string{"inference-api is cpu there and gpu in", unmoved}},
		{"changes in the working copy", "inference-api", func(r *repository) {
			r.released()
			r.write("README.md", "half a thought\n")
		}, 1, []string{"the working copy has changes"}},
		{"a branch that is there", "inference-api", func(r *repository) {
			r.released()
			r.git("branch", "promote/inference-api-"+newTag)
		}, 1, []string{"is there already", "git branch -D promote/inference-api-" + newTag}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := open(t)
			if test.prepare != nil {
				test.prepare(r)
			}
			before, status := r.git("rev-parse", "HEAD"), r.git("status", "--porcelain")
			r.want(r.run(nil, "hack/promote.sh", test.app), test.code, test.says...)
			if after := r.git("rev-parse", "HEAD"); after != before || r.git("branch", "--show-current") != "main" {
				t.Errorf("a refused promotion left a commit or a branch")
			}
			if after := r.git("status", "--porcelain"); after != status {
				t.Errorf("a refused promotion left changes: %s", after)
			}
		})
	}
}
