package estimate

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// typesIn collects the resource types of a folder of Terraform code and of the modules that it calls.
func typesIn(t *testing.T, folder string, types map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no code: %v", folder, err)
	}
	for _, file := range files {
		parsed, faults := hclparse.NewParser().ParseHCLFile(file)
		if faults.HasErrors() {
			t.Fatal(faults)
		}
		for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
			switch block.Type {
			case "resource":
				types[block.Labels[0]] = true
			case "module":
				source, faults := block.Body.Attributes["source"].Expr.Value(nil)
				if faults.HasErrors() {
					t.Fatal(faults)
				}
				typesIn(t, filepath.Join(folder, source.AsString()), types)
			}
		}
	}
}

func TestTheCodeHasNoTypeWithoutAPriceAndThePricesNoTypeWithoutCode(t *testing.T) {
	inCode := map[string]bool{}
	for _, environment := range []string{"dev", "prod"} {
		typesIn(t, filepath.Join("..", "..", "..", "terraform", "envs", environment), inCode)
	}
	known := append(slices.Collect(maps.Keys(rules)), listed(t).Free...)
	slices.Sort(known)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(inCode)), known); diff != "" {
		t.Errorf("-code +prices:\n%s", diff)
	}
}

func TestThePlansAreOfThisCode(t *testing.T) {
	for _, environment := range []string{"dev", "prod"} {
		inCode, inPlan := map[string]bool{}, map[string]bool{}
		typesIn(t, filepath.Join("..", "..", "..", "terraform", "envs", environment), inCode)
		var walk func(map[string]any)
		walk = func(module map[string]any) {
			for _, each := range list(module["resources"]) {
				if each["mode"] == "managed" {
					inPlan[each["type"].(string)] = true
				}
			}
			for _, child := range list(module["child_modules"]) {
				walk(child)
			}
		}
		walk(root(fixture(t, environment)))
		if diff := cmp.Diff(slices.Sorted(maps.Keys(inCode)), slices.Sorted(maps.Keys(inPlan))); diff != "" {
			t.Errorf("testdata/%s.json is older than the code; testdata/plans.sh makes it anew. -code +plan:\n%s",
				environment, diff)
		}
	}
}
