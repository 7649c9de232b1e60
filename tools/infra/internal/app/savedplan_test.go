package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/mlops-platform/tools/infra/internal/environment"
)

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// planned is an environment with a saved plan.
func planned(t *testing.T) *environment.Environment {
	t.Helper()
	e := &environment.Environment{Name: "dev", Root: t.TempDir()}
	put(t, filepath.Join(e.Folder(), "main.tf"), "main")
	put(t, filepath.Join(e.Folder(), "terraform.tfvars"), "settings")
	put(t, filepath.Join(e.Folder(), ".terraform.lock.hcl"), "lock")
	put(t, filepath.Join(e.Folder(), "cost.yaml"), "no code")
	put(t, filepath.Join(e.Folder(), ".terraform", "modules", "x.tf"), "fetched")
	put(t, filepath.Join(e.Root, "terraform", "modules", "vpc", "main.tf"), "vpc")
	put(t, filepath.Join(e.Root, "terraform", "modules", "vpc", "tests", "x.tf"), "test")
	put(t, planFile(e), "the plan")
	if err := saveFingerprint(e, "111122223333"); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAPlanOfThisCodeMayBeApplied(t *testing.T) {
	e := planned(t)
	// None of this is what the plan was made of.
	put(t, filepath.Join(e.Folder(), "cost.yaml"), "other assumptions")
	put(t, filepath.Join(e.Folder(), ".terraform", "modules", "x.tf"), "fetched again")
	put(t, filepath.Join(e.Root, "terraform", "modules", "vpc", "tests", "y.tf"), "another test")
	put(t, filepath.Join(e.Root, "terraform", "envs", "prod", "main.tf"), "another environment")
	saved, err := checkFingerprint(e)
	if err != nil || saved.Account != "111122223333" {
		t.Errorf("%+v, %v", saved, err)
	}
}

func TestAPlanOfOtherCodeIsRefusedByTheFilesThatChanged(t *testing.T) {
	for name, text := range map[string]string{
		"terraform/envs/dev/main.tf":             "changed",
		"terraform/envs/dev/terraform.tfvars":    "changed",
		"terraform/envs/dev/x.auto.tfvars":       "new",
		"terraform/envs/dev/.terraform.lock.hcl": "changed",
		"terraform/modules/vpc/main.tf":          "changed",
		"terraform/modules/new/main.tf.json":     "new",
		"terraform/modules/vpc/extra.tf":         "new",
	} {
		e := planned(t)
		put(t, filepath.Join(e.Root, filepath.FromSlash(name)), text)
		if _, err := checkFingerprint(e); err == nil || !strings.Contains(err.Error(), "older than "+name+"; make plan") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	e := planned(t)
	if err := os.Remove(filepath.Join(e.Folder(), "main.tf")); err != nil {
		t.Fatal(err)
	}
	if _, err := checkFingerprint(e); err == nil || !strings.Contains(err.Error(), "older than terraform/envs/dev/main.tf") {
		t.Errorf("a file less: the error is %v", err)
	}
}

func TestNoPlanAndAnotherPlanAreRefused(t *testing.T) {
	e := planned(t)
	put(t, planFile(e), "another plan")
	if _, err := checkFingerprint(e); err == nil || !strings.Contains(err.Error(), "is not the plan that was shown") {
		t.Errorf("another plan: %v", err)
	}
	if err := os.Remove(planFile(e)); err != nil {
		t.Fatal(err)
	}
	if _, err := checkFingerprint(e); err == nil || !strings.Contains(err.Error(), "make plan ENV=dev") {
		t.Errorf("the plan is away: %v", err)
	}
	if err := forget(e); err != nil {
		t.Fatal(err)
	}
	if err := forget(e); err != nil {
		t.Errorf("to forget twice: %v", err)
	}
	if _, err := checkFingerprint(e); !errors.Is(err, errNoPlan) {
		t.Errorf("no plan: %v", err)
	}
}
