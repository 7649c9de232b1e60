// Package runbooks holds every name in docs/runbooks to the code: an hour when a database is lost is no time to learn
// that an output has another name.
package runbooks

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const root = "../.."

// page is a runbook: its text, and the commands in it, each on one line.
type page struct {
	name, text string
	commands   []string
}

func pages(t *testing.T) []page {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "runbooks", "*.md"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d runbooks, %v", len(files), err)
	}
	var all []page
	for _, file := range files {
		all = append(all, page{filepath.Base(file), read(t, file), commandsIn(read(t, file))})
	}
	return all
}

func runbook(t *testing.T, name string) page {
	t.Helper()
	for _, each := range pages(t) {
		if each.name == name {
			return each
		}
	}
	t.Fatalf("no runbook %s", name)
	return page{}
}

// commandsIn gives what is indented by four, without comments, with continued lines put together.
func commandsIn(text string) []string {
	var commands []string
	continued := false
	for line := range strings.Lines(text) {
		code, indented := strings.CutPrefix(strings.TrimRight(line, "\n"), "    ")
		if !indented {
			continued = false
			continue
		}
		code, _, _ = strings.Cut(code, "   #")
		rest, more := strings.CutSuffix(strings.TrimSpace(code), `\`)
		if continued {
			commands[len(commands)-1] += " " + rest
		} else {
			commands = append(commands, rest)
		}
		continued = more
	}
	return commands
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// outputs gives the outputs of a folder of Terraform code, by their names.
func outputs(t *testing.T, folder string) map[string]*hclsyntax.Block {
	t.Helper()
	parsed, faults := hclparse.NewParser().ParseHCLFile(filepath.Join(root, "terraform", folder, "outputs.tf"))
	if faults.HasErrors() {
		t.Fatal(faults)
	}
	found := map[string]*hclsyntax.Block{}
	for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
		if block.Type == "output" {
			found[block.Labels[0]] = block
		}
	}
	return found
}

func TestTheRestoreUsesEveryFieldOfItsOutputAndNoOther(t *testing.T) {
	value := outputs(t, "modules/rds")["restore"].Body.Attributes["value"].Expr
	var given []string
	for _, item := range value.(*hclsyntax.ObjectConsExpr).Items {
		given = append(given, hcl.ExprAsKeyword(item.KeyExpr))
	}
	var used []string
	for _, match := range regexp.MustCompile(`\$\(field (\w+)\)`).FindAllStringSubmatch(runbook(t, "restore-database.md").text, -1) {
		used = append(used, match[1])
	}
	slices.Sort(given)
	slices.Sort(used)
	if used = slices.Compact(used); !slices.Equal(given, used) {
		t.Errorf("the output restore gives %q, the runbook uses %q", given, used)
	}
	for _, environment := range []string{"dev", "prod"} {
		passed := outputs(t, "envs/"+environment)["restore"].Body.Attributes["value"].Expr
		file := filepath.Join(root, "terraform", "envs", environment, "outputs.tf")
		if text := string(passed.Range().SliceBytes([]byte(read(t, file)))); text != "module.rds.restore" {
			t.Errorf("%s: the output restore is %s", environment, text)
		}
	}
}

var outputCommand = regexp.MustCompile(`terraform -chdir=terraform/(\S+) output -(?:json|raw) (\w+)`)

func TestEveryOutputThatIsReadExists(t *testing.T) {
	read := 0
	for _, page := range pages(t) {
		for _, command := range page.commands {
			for _, match := range outputCommand.FindAllStringSubmatch(command, -1) {
				folders := []string{match[1]}
				if match[1] == "envs/$ENV" {
					folders = []string{"envs/dev", "envs/prod"}
				}
				for _, folder := range folders {
					read++
					if outputs(t, folder)[match[2]] == nil {
						t.Errorf("%s: %s has no output %s", page.name, folder, match[2])
					}
				}
			}
		}
	}
	if read < 5 {
		t.Errorf("only %d outputs are read: the test does not understand the pages", read)
	}
}

func TestEveryTargetOfMakeExists(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	for _, page := range pages(t) {
		for _, match := range regexp.MustCompile("\\bmake ([a-z-]+)(?: (?:ENV|ONLY)=|`|$)").FindAllStringSubmatch(page.text, -1) {
			if !strings.Contains(makefile, "\n"+match[1]+": ## ") {
				t.Errorf("%s: make %s is no target", page.name, match[1])
			}
		}
	}
}

func TestTheStateIsWhereTheBackendKeepsIt(t *testing.T) {
	text := runbook(t, "restore-state.md").text
	match := regexp.MustCompile(`KEY=(\S+)`).FindStringSubmatch(text)
	if match == nil {
		t.Fatal("the runbook sets no KEY")
	}
	for _, environment := range []string{"dev", "prod"} {
		key := strings.ReplaceAll(match[1], "$ENV", environment)
		backend := read(t, filepath.Join(root, "terraform", "envs", environment, "backend.tf"))
		if !strings.Contains(backend, `"`+key+`"`) {
			t.Errorf("the backend of %s has not the key %s", environment, key)
		}
	}
}

func TestTheAddressInTheStateIsThatOfTheDatabase(t *testing.T) {
	text := runbook(t, "restore-database.md").text
	addresses := regexp.MustCompile(`module\.(\w+)\.(\w+)\.(\w+)`).FindAllStringSubmatch(text, -1)
	if len(addresses) == 0 {
		t.Fatal("the runbook names no address")
	}
	for _, address := range addresses {
		resource := `resource "` + address[2] + `" "` + address[3] + `" {`
		if code := read(t, filepath.Join(root, "terraform", "modules", address[1], "main.tf")); !strings.Contains(code, resource) {
			t.Errorf("the module %s has no %s", address[1], resource)
		}
		for _, environment := range []string{"dev", "prod"} {
			main := read(t, filepath.Join(root, "terraform", "envs", environment, "main.tf"))
			if !strings.Contains(main, `module "`+address[1]+`" {`) {
				t.Errorf("%s calls no module %s", environment, address[1])
			}
		}
	}
}
