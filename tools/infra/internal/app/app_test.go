package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsMissingIsOneSentenceAndItsExitCode(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"terraform/envs/dev/backend.tf", "terraform/envs/prod/backend.tf"} {
		put(t, filepath.Join(root, name), "")
	}
	settings := "account_id = \"111122223333\"\nregion = \"eu-west-1\"\n"
	put(t, filepath.Join(root, "terraform/envs/dev/terraform.tfvars"), settings)
	put(t, filepath.Join(root, "terraform/bootstrap/terraform.tfvars"), settings)
	// No credentials, and nobody is asked for any.
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)

	for _, test := range []struct {
		args      []string
		terraform string
		code      int
		says      string
	}{
		{nil, "", exitUsage, "want a command"},
		{[]string{"upgrade", "dev"}, "", exitUsage, "want a command"},
		{[]string{"plan"}, "", exitUsage, "make plan ENV=dev"},
		{[]string{"plan", ""}, "", exitUsage, "make plan ENV=dev"},
		{[]string{"plan", "dev", "prod"}, "", exitUsage, "want one environment"},
		{[]string{"plan", "-force", "dev"}, "", exitUsage, "-force"},
		{[]string{"-help"}, "", exitDone, "Exit codes"},
		{[]string{"plan", "staging"}, "", exitCannotRun, "there are: dev, prod"},
		{[]string{"plan", "prod"}, "", exitCannotRun, "terraform.tfvars"},
		{[]string{"plan", "dev"}, "/nowhere/terraform", exitCannotRun, "developer.hashicorp.com"},
		{[]string{"plan", "dev"}, "true", exitCannotRun, "no AWS credentials that work"},
		{[]string{"leftovers", "dev"}, "true", exitCannotRun, "no AWS credentials that work"},
	} {
		var stdout, stderr bytes.Buffer
		args := test.args
		if len(args) > 1 {
			args = append([]string{args[0], "-root", root}, args[1:]...)
		}
		getenv := func(name string) string { return map[string]string{"TERRAFORM": test.terraform}[name] }
		code := Main(args, getenv, strings.NewReader(""), &stdout, &stderr)
		if code != test.code || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("%q: exit code %d, stderr %q; want %d and %q", args, code, &stderr, test.code, test.says)
		}
		if stdout.Len() > 0 {
			t.Errorf("%q: stdout %q", args, &stdout)
		}
	}
}

func TestALossIsConfirmedByTheNameOfTheEnvironment(t *testing.T) {
	for _, test := range []struct {
		given, typed string
		goesOn       bool
		says         string
	}{
		{"prod", "", true, ""},
		{"", "prod\n", true, "type prod"},
		{"", "  prod  \n", true, "type prod"},
		{"", "prod", true, "type prod"},
		{"dev", "prod\n", false, ""},
		{"", "yes\n", false, "type prod"},
		{"", "\n", false, "type prod"},
		{"", "", false, "type prod"},
	} {
		var stderr bytes.Buffer
		o := &options{
			environment: "prod", stdin: strings.NewReader(test.typed), stderr: &stderr,
			getenv: func(string) string { return test.given },
		}
		err := confirm(o)
		if (err == nil) != test.goesOn || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("CONFIRM=%q, typed %q: %v, stderr %q", test.given, test.typed, err, &stderr)
		}
		if err != nil && !strings.Contains(err.Error(), "nothing is changed") {
			t.Errorf("CONFIRM=%q, typed %q: %v", test.given, test.typed, err)
		}
	}
}
