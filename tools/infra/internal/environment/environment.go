// Package environment knows what an environment is before Terraform runs: its folder, its settings, its state.
package environment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// Environment is one folder of terraform/envs.
type Environment struct {
	// Name is dev or prod; Root is the folder of the repository.
	Name, Root string
	// Account and Region are what terraform.tfvars says.
	Account, Region string
	// StateBucket holds the state, in StateRegion; both follow from what bootstrap's terraform.tfvars says.
	StateBucket, StateRegion string
}

// Open finds an environment in the repository at root and reads its settings. STATE_BUCKET and STATE_REGION in getenv
// name another place of the state. All that is wrong is reported together.
func Open(root, name string, getenv func(string) string) (*Environment, error) {
	names, err := namesIn(root)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("no environment %q; there are: %s", name, strings.Join(names, ", "))
	}
	e := &Environment{Name: name, Root: root}
	own, ownErr := settings(filepath.Join(e.Folder(), "terraform.tfvars"), "account_id", "region")
	bootstrap, bootstrapErr := settings(filepath.Join(root, "terraform", "bootstrap", "terraform.tfvars"),
		"account_id", "region")
	if err := errors.Join(ownErr, bootstrapErr); err != nil {
		return nil, err
	}
	e.Account, e.Region = own["account_id"], own["region"]
	e.StateRegion = bootstrap["region"]
	// The name that bootstrap's module s3 gives it.
	e.StateBucket = fmt.Sprintf("mlops-terraform-%s-%s", bootstrap["region"], bootstrap["account_id"])
	if bucket := getenv("STATE_BUCKET"); bucket != "" {
		e.StateBucket = bucket
	}
	if region := getenv("STATE_REGION"); region != "" {
		e.StateRegion = region
	}
	return e, nil
}

// Folder is where the Terraform code of the environment is.
func (e *Environment) Folder() string { return filepath.Join(e.Root, "terraform", "envs", e.Name) }

// Prefix is what the names of everything in the environment begin with; it is the name of the cluster too.
func (e *Environment) Prefix() string { return "mlops-" + e.Name }

// Out is where a saved plan and what belongs to it are.
func (e *Environment) Out(suffix string) string { return filepath.Join(e.Root, "out", e.Name+suffix) }

func namesIn(root string) ([]string, error) {
	folders, err := filepath.Glob(filepath.Join(root, "terraform", "envs", "*", "backend.tf"))
	if err != nil {
		return nil, err
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("%s has no terraform/envs: run this at the root of the repository", root)
	}
	var names []string
	for _, file := range folders {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	return names, nil
}

// settings reads strings of a file of variables. Terraform itself checks the rest.
func settings(file string, names ...string) (map[string]string, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("%w: it says which account and region are meant", err)
	}
	parsed, faults := hclparse.NewParser().ParseHCLFile(file)
	if faults.HasErrors() {
		return nil, faults
	}
	attributes, faults := parsed.Body.JustAttributes()
	if faults.HasErrors() {
		return nil, faults
	}
	found := map[string]string{}
	var missing []error
	for _, name := range names {
		attribute, ok := attributes[name]
		if !ok {
			missing = append(missing, fmt.Errorf("%s: has no %s", file, name))
			continue
		}
		value, faults := attribute.Expr.Value(nil)
		if faults.HasErrors() || value.Type() != cty.String || value.AsString() == "" {
			missing = append(missing, fmt.Errorf("%s:%d: %s is not a string", file, attribute.Range.Start.Line, name))
			continue
		}
		found[name] = value.AsString()
	}
	return found, errors.Join(missing...)
}
