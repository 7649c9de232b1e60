package delivery

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ruled is what Renovate's rules make of a version that it found.
type ruled struct {
	Manager, File, Name, Group, Allowed, Age string
	Enabled                                  bool
	After                                    []string
}

func rules(t *testing.T) []ruled {
	t.Helper()
	renovate(t)
	config, err := os.ReadFile(filepath.Join(root, "renovate.json"))
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("renovate/rules.cjs")
	if err != nil {
		t.Fatal(err)
	}
	var all []ruled
	for line := range strings.Lines(askRenovate(t, string(config), script, renovateDist(t), report)) {
		var one ruled
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, one)
	}
	if len(all) < 1000 {
		t.Fatalf("only %d versions", len(all))
	}
	return all
}

func TestRenovateAcceptsItsSettings(t *testing.T) {
	askRenovate(t, "", filepath.Join(renovateDist(t), "config-validator.js"), "--strict", "renovate.json")
}

func TestRenovateMovesTogetherWhatBelongsTogetherAndHoldsWhatIsHeld(t *testing.T) {
	all := rules(t)
	// members of each group, as MANAGER NAME.
	members := map[string][]string{}
	for _, r := range all {
		members[r.Group] = append(members[r.Group], r.Manager+" "+r.Name)
	}
	for group, wanted := range map[string][]string{
		"argo-cd": {
			"gomod github.com/argoproj/argo-cd/v3", "gomod github.com/argoproj/argo-cd/gitops-engine", "kustomize argoproj/argo-cd",
		},
		"argo-workflows": {
			"gomod github.com/argoproj/argo-workflows/v3", "kustomize argoproj/argo-workflows", "kustomize quay.io/argoproj/argocli",
			"kustomize quay.io/argoproj/workflow-controller", "kubernetes quay.io/argoproj/argoexec",
		},
		"argo-rollouts": {
			"gomod github.com/argoproj/argo-rollouts", "kustomize argoproj/argo-rollouts", "kustomize quay.io/argoproj/argo-rollouts",
		},
		"karpenter":                  {"gomod sigs.k8s.io/karpenter", "argocd public.ecr.aws/karpenter/karpenter"},
		"kubernetes of render":       {"gomod k8s.io/kubernetes", "gomod k8s.io/api"},
		"kubernetes of the clusters": {"gomod k8s.io/kubernetes", "regex kindest/node", "regex amazon-eks"},
		"mlflow":                     {"pip_requirements mlflow", "pip_requirements mlflow-skinny"},
	} {
		for _, member := range wanted {
			if !slices.Contains(members[group], member) {
				t.Errorf("%s: %q does not move with it; what does: %v", group, member, members[group])
			}
		}
	}
	for _, test := range []struct {
		what    string
		is      func(ruled) bool
		holds   func(ruled) bool
		atLeast int
	}{
		{"the provider of AWS stays at 5.x", func(r ruled) bool { return r.Manager == "terraform" && r.Name == "aws" },
			func(r ruled) bool { return r.Allowed == "<6" }, 15},
		{"render's Kubernetes stays where it links", func(r ruled) bool {
			return r.File == "go.mod" && strings.HasPrefix(r.Name, "k8s.io/")
		}, func(r ruled) bool { return strings.Contains(r.Allowed, `\.33\.`) }, 10},
		{"Argo Workflows stays at 3.7", func(r ruled) bool { return strings.HasPrefix(r.Name, "github.com/argoproj/argo-workflows/") },
			func(r ruled) bool { return strings.Contains(r.Allowed, `3\.7`) }, 2},
		{"our own images are moved by app-ci", func(r ruled) bool {
			return r.Manager != "pip_requirements" && slices.Contains([]string{"mlflow", "pipelines", "inference-api"}, r.Name)
		}, func(r ruled) bool { return !r.Enabled }, 15},
		{"a release is a week old", func(r ruled) bool { return r.Enabled }, func(r ruled) bool { return r.Age == "7 days" }, 1000},
		{"a pin is not tidied away", func(r ruled) bool { return strings.HasPrefix(r.File, "tools/localcluster/modules/") },
			func(r ruled) bool { return len(r.After) == 0 }, 10},
		{"other modules are tidied", func(r ruled) bool { return r.Manager == "gomod" && r.File == "go.mod" },
			func(r ruled) bool { return slices.Equal(r.After, []string{"gomodTidy"}) }, 100},
	} {
		count := 0
		for _, r := range all {
			if !test.is(r) {
				continue
			}
			if count++; !test.holds(r) {
				t.Errorf("%s: not so for %+v", test.what, r)
			}
		}
		if count < test.atLeast {
			t.Errorf("%s: asked of %d versions, there are at least %d", test.what, count, test.atLeast)
		}
	}
}
