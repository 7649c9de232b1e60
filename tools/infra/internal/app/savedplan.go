package app

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/mlops-platform/tools/infra/internal/environment"
)

// fingerprint ties a saved plan to the code that it was made of. It is by content: a checkout changes every time of a
// file and none of its content.
type fingerprint struct {
	Account string `json:"account"`
	// Plan is the digest of the plan itself, Files those of the code by path.
	Plan  string            `json:"plan"`
	Files map[string]string `json:"files"`
}

var errNoPlan = errors.New("there is no plan")

func planFile(e *environment.Environment) string { return e.Out(".tfplan") }

func fingerprintFile(e *environment.Environment) string { return e.Out(".tfplan.json") }

// saveFingerprint writes down what the plan in a file was made of.
func saveFingerprint(e *environment.Environment, account string) error {
	plan, err := digest(planFile(e))
	if err != nil {
		return err
	}
	files, err := codeOf(e)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(fingerprint{account, plan, files}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(fingerprintFile(e), append(data, '\n'), 0o600)
}

// checkFingerprint says why the saved plan must not be applied, or nothing.
func checkFingerprint(e *environment.Environment) (*fingerprint, error) {
	again := fmt.Sprintf("make plan ENV=%s", e.Name)
	data, err := os.ReadFile(fingerprintFile(e))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w for %s: %s", errNoPlan, e.Name, again)
	}
	if err != nil {
		return nil, err
	}
	var saved fingerprint
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("%s: %w; %s", fingerprintFile(e), err, again)
	}
	plan, err := digest(planFile(e))
	if err != nil {
		return nil, fmt.Errorf("the plan is not there any more: %w; %s", err, again)
	}
	if plan != saved.Plan {
		return nil, fmt.Errorf("%s is not the plan that was shown; %s", planFile(e), again)
	}
	now, err := codeOf(e)
	if err != nil {
		return nil, err
	}
	if changed := difference(saved.Files, now); len(changed) > 0 {
		return nil, fmt.Errorf("the plan is older than %s; %s", strings.Join(changed, ", "), again)
	}
	return &saved, nil
}

func difference(before, after map[string]string) []string {
	changed := map[string]bool{}
	for name, sum := range before {
		if after[name] != sum {
			changed[name] = true
		}
	}
	for name := range after {
		if _, known := before[name]; !known {
			changed[name] = true
		}
	}
	return slices.Sorted(maps.Keys(changed))
}

// forget removes a plan that is used up or that nobody will apply.
func forget(e *environment.Environment) error {
	var faults []error
	for _, file := range []string{planFile(e), fingerprintFile(e)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// codeOf gives the digest of every file that a plan of the environment is made of, by its path in the repository.
func codeOf(e *environment.Environment) (map[string]string, error) {
	sums := map[string]string{}
	for _, top := range []string{e.Folder(), filepath.Join(e.Root, "terraform", "modules")} {
		err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				if entry.Name() == ".terraform" || entry.Name() == "tests" {
					return filepath.SkipDir
				}
				return nil
			}
			if !isCode(entry.Name()) {
				return nil
			}
			name, err := filepath.Rel(e.Root, path)
			if err != nil {
				return err
			}
			sums[filepath.ToSlash(name)], err = digest(path)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sums, nil
}

func isCode(name string) bool {
	return name == ".terraform.lock.hcl" || slices.ContainsFunc(
		[]string{".tf", ".tf.json", ".tfvars", ".tfvars.json"},
		func(ending string) bool { return strings.HasSuffix(name, ending) },
	)
}

func digest(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
