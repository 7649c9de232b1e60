package environment

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func none(string) string { return "" }

// tree makes a repository of what an environment is read from, with some files written otherwise or, if empty, away.
func tree(t *testing.T, otherwise map[string]string) string {
	t.Helper()
	files := map[string]string{
		"terraform/envs/dev/backend.tf":        "terraform {}",
		"terraform/envs/prod/backend.tf":       "terraform {}",
		"terraform/envs/dev/terraform.tfvars":  "account_id = \"111122223333\"\nregion = \"eu-west-1\"\nother = [1]\n",
		"terraform/bootstrap/terraform.tfvars": "account_id = \"444455556666\"\nregion = \"eu-central-1\"\n",
	}
	maps.Copy(files, otherwise)
	root := t.TempDir()
	for name, text := range files {
		if text == "" {
			continue
		}
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestAnEnvironmentIsReadFromItsFiles(t *testing.T) {
	e, err := Open(tree(t, nil), "dev", none)
	if err != nil {
		t.Fatal(err)
	}
	if e.Account != "111122223333" || e.Region != "eu-west-1" || e.Prefix() != "mlops-dev" {
		t.Errorf("read is %+v", e)
	}
	if e.StateBucket != "mlops-terraform-eu-central-1-444455556666" || e.StateRegion != "eu-central-1" {
		t.Errorf("the state is in %s, %s", e.StateBucket, e.StateRegion)
	}
}

func TestThePlaceOfTheStateCanBeNamed(t *testing.T) {
	named := map[string]string{"STATE_BUCKET": "ours", "STATE_REGION": "us-east-1"}
	e, err := Open(tree(t, nil), "dev", func(name string) string { return named[name] })
	if err != nil {
		t.Fatal(err)
	}
	if e.StateBucket != "ours" || e.StateRegion != "us-east-1" {
		t.Errorf("the state is in %s, %s", e.StateBucket, e.StateRegion)
	}
}

func TestWhatIsWrongIsSaidAtOnceWithItsPlace(t *testing.T) {
	const own, bootstrap = "terraform/envs/dev/terraform.tfvars", "terraform/bootstrap/terraform.tfvars"
	for _, test := range []struct {
		name      string
		otherwise map[string]string
		wanted    []string
	}{
		{"staging", nil, []string{`no environment "staging"; there are: dev, prod`}},
		{"../dev", nil, []string{`no environment "../dev"`}},
		{"", nil, []string{"there are: dev, prod"}},
		{"dev", map[string]string{own: "", bootstrap: ""}, []string{own, bootstrap}},
		{"dev", map[string]string{own: "name = 1\n"}, []string{own + ": has no account_id", own + ": has no region"}},
		{"dev", map[string]string{own: "account_id = 1\nregion = var.x\n"}, []string{own + ":1: account_id is not", own + ":2: region"}},
		{"dev", map[string]string{own: "account_id = \n"}, []string{own}},
		{"dev", map[string]string{"terraform/envs/dev/backend.tf": "", "terraform/envs/prod/backend.tf": ""}, []string{"at the root"}},
	} {
		_, err := Open(tree(t, test.otherwise), test.name, none)
		for _, wanted := range test.wanted {
			if err == nil || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%q %v: the error is %v, want one with %q", test.name, test.otherwise, err, wanted)
			}
		}
	}
}
