package aws

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/terraform"
	terratesting "github.com/gruntwork-io/terratest/modules/testing"

	"example.com/mlops-platform/test/aws/tools"
)

// root is a folder of Terraform code that is applied by itself: bootstrap, envs/dev, envs/prod.
type root struct {
	name    string
	options *terraform.Options
	// guarded: it will be destroyed at the end, unless it is destroyed by then.
	guarded, destroyed bool
}

// copyCode copies terraform/ into a folder of the test, so that nothing is written into the checkout and a test may
// change the code.
func copyCode(t testing.TB) string {
	t.Helper()
	folder := codeFolder(t)
	from := os.DirFS(filepath.Join(tools.Root(), "terraform"))
	if err := os.CopyFS(folder, from); err != nil {
		t.Fatal(err)
	}
	// What a person has initialised there is of another account.
	for _, each := range []string{"bootstrap", "envs/dev", "envs/prod"} {
		for _, left := range []string{".terraform", "terraform.tfstate", "terraform.tfstate.backup"} {
			if err := os.RemoveAll(filepath.Join(folder, each, left)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// codeFolder is a folder for code that is applied.
func codeFolder(t testing.TB) string {
	t.Helper()
	if *realAccount != "" {
		return realFolder(t)
	}
	return t.TempDir()
}

// newRoot initialises a root below code. backend says where its state is; nil for one that keeps it beside its code.
func newRoot(t testing.TB, code, name string, environment map[string]string, backend map[string]any) *root {
	t.Helper()
	found, err := tools.Find()
	if err != nil {
		t.Fatal(err)
	}
	r := &root{name: name, options: &terraform.Options{
		TerraformBinary: found.Terraform,
		TerraformDir:    filepath.Join(code, name),
		EnvVars:         environment,
		BackendConfig:   backend,
		PluginDir:       found.Plugins,
		NoColor:         true,
		Lock:            true,
		Logger:          logTo(t, name),
	}}
	if *realAccount != "" && name != "small" {
		r.options.VarFiles = []string{filepath.Join(must[string](t)(filepath.Abs(*realAccount)), filepath.Base(name)+".tfvars")}
	}
	if found.Plugins == "" {
		// The registry is not in the emulated account: the provider is fetched before the account is entered.
		plain := *r.options
		plain.EnvVars, plain.BackendConfig = nil, nil
		if _, err := terraform.RunTerraformCommandE(t, &plain, "init", "-input=false", "-backend=false"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := terraform.InitE(t, r.options); err != nil {
		t.Fatalf("init of %s: %v", name, err)
	}
	return r
}

func (r *root) apply(t testing.TB) {
	t.Helper()
	r.guard(t)
	started(t, "apply %s", r.name)
	if _, err := terraform.ApplyE(t, r.options); err != nil {
		t.Fatalf("apply of %s: %v", r.name, err)
	}
	started(t, "%s is applied", r.name)
}

func (r *root) destroy(t testing.TB) error {
	t.Helper()
	started(t, "destroy %s", r.name)
	_, err := terraform.DestroyE(t, r.options)
	r.destroyed = err == nil
	return err
}

// plan makes a plan and returns it as JSON, decoded and as it is.
func (r *root) plan(t testing.TB) (plan, []byte) {
	t.Helper()
	options := *r.options
	options.PlanFilePath = filepath.Join(t.TempDir(), "plan")
	if _, err := terraform.PlanE(t, &options); err != nil {
		t.Fatalf("plan of %s: %v", r.name, err)
	}
	text, err := terraform.ShowE(t, &options)
	if err != nil {
		t.Fatal(err)
	}
	var decoded plan
	if err := json.Unmarshal([]byte(text), &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded, []byte(text)
}

// plan is the part of a plan's JSON that says what would be done.
type plan struct {
	Changes []struct {
		Address string `json:"address"`
		Change  change `json:"change"`
	} `json:"resource_changes"`
}

type change struct {
	Actions []string       `json:"actions"`
	Before  map[string]any `json:"before"`
	After   map[string]any `json:"after"`
	Unknown map[string]any `json:"after_unknown"`
}

// attributes lists those that would change.
func (c change) attributes() []string {
	var found []string
	for name, value := range c.Before {
		if c.Unknown[name] == true || !cmp.Equal(value, c.After[name]) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// changes lists what a plan would do, as "create module.x.y" and "update module.x.y: attribute, attribute".
func (p plan) changes() []string {
	found := []string{}
	for _, each := range p.Changes {
		actions := strings.Join(each.Change.Actions, "-")
		if actions == "no-op" || actions == "read" {
			continue
		}
		line := actions + " " + each.Address
		if actions == "update" {
			line += ": " + strings.Join(each.Change.attributes(), ", ")
		}
		found = append(found, line)
	}
	slices.Sort(found)
	return found
}

// outputs returns what `terraform output -json` prints.
func (r *root) outputs(t testing.TB) []byte {
	t.Helper()
	text, err := terraform.OutputJsonE(t, r.options, "")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

func (r *root) output(t testing.TB, name string) string {
	t.Helper()
	text, err := terraform.OutputE(t, r.options, name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// logTo keeps what Terraform says in a file, and says where when the test fails.
func logTo(t testing.TB, name string) *logger.Logger {
	t.Helper()
	path := filepath.Join(t.TempDir(), strings.ReplaceAll(name, "/", "-")+".log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = file.Close()
		keep(t, path)
	})
	return logger.New(fileLogger{file})
}

type fileLogger struct{ file *os.File }

// Logf implements logger.TestLogger.
func (l fileLogger) Logf(_ terratesting.TestingT, format string, arguments ...any) {
	_, _ = fmt.Fprintf(l.file, format+"\n", arguments...)
}

// outputJSON returns one output as JSON.
func (r *root) outputJSON(t testing.TB, name string) string {
	t.Helper()
	text, err := terraform.OutputJsonE(t, r.options, name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// show returns the state as JSON.
func (r *root) show(t testing.TB) []byte {
	t.Helper()
	options := *r.options
	options.PlanFilePath = ""
	text, err := terraform.ShowE(t, &options)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}
