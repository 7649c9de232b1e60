// Package changes tells people what a plan will do, the worst first.
package changes

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// holds says what is lost with a resource, for the types that hold something which code does not make again.
var holds = map[string]string{
	"aws_db_instance":           "the database",
	"aws_eks_cluster":           "whatever runs in it, and its volumes",
	"aws_kms_key":               "30 days later, whatever is encrypted with it",
	"aws_route53_zone":          "the delegation to its name servers",
	"aws_s3_bucket":             "every object and every version of it",
	"aws_secretsmanager_secret": "its value",
}

// Changes is what a plan does.
type Changes struct {
	plan   tfjson.Plan
	byKind map[kind][]*tfjson.ResourceChange
}

type kind int

const (
	destroyed kind = iota
	replaced
	changed
	created
	imported
)

var verbs = map[kind]string{
	destroyed: "destroy", replaced: "replace", changed: "change", created: "create", imported: "import",
}

// Read reads a plan as `terraform show -json` prints it.
func Read(planJSON []byte) (*Changes, error) {
	c := &Changes{byKind: map[kind][]*tfjson.ResourceChange{}}
	if err := json.Unmarshal(planJSON, &c.plan); err != nil {
		return nil, fmt.Errorf("the plan cannot be read: %w", err)
	}
	for _, each := range c.plan.ResourceChanges {
		if each.Mode != tfjson.ManagedResourceMode || each.Change == nil {
			continue
		}
		if how, counts := kindOf(each.Change); counts {
			c.byKind[how] = append(c.byKind[how], each)
		}
	}
	return c, nil
}

func kindOf(change *tfjson.Change) (how kind, counts bool) {
	switch actions := change.Actions; {
	case actions.Replace():
		return replaced, true
	case actions.Delete():
		return destroyed, true
	case actions.Create():
		return created, true
	case actions.Update():
		return changed, true
	case change.Importing != nil:
		return imported, true
	default:
		return 0, false
	}
}

// Variable is the value that a variable of the root had, if it is a string.
func (c *Changes) Variable(name string) string {
	if found := c.plan.Variables[name]; found != nil {
		value, _ := found.Value.(string)
		return value
	}
	return ""
}

// Destroys counts the resources that go away for good.
func (c *Changes) Destroys() int { return len(c.byKind[destroyed]) }

// Losses names each resource that is destroyed or replaced and takes with it what no code makes again.
func (c *Changes) Losses() []string {
	var lost []string
	for _, how := range []kind{destroyed, replaced} {
		for _, each := range c.byKind[how] {
			if what, valuable := holds[each.Type]; valuable {
				lost = append(lost, fmt.Sprintf("%s (%s): lost is %s", each.Address, verbs[how], what))
			}
		}
	}
	return lost
}

// Print writes the summary: counts, what is lost, then what is destroyed, replaced, changed, and created.
func (c *Changes) Print(to io.Writer, environment string) {
	var counts []string
	for how := destroyed; how <= imported; how++ {
		if how < imported || len(c.byKind[how]) > 0 {
			counts = append(counts, fmt.Sprintf("%d to %s", len(c.byKind[how]), verbs[how]))
		}
	}
	fmt.Fprintf(to, "%s: %s\n", environment, strings.Join(counts, ", "))

	if lost := c.Losses(); len(lost) > 0 {
		fmt.Fprint(to, "\nWHAT NO CODE MAKES AGAIN:\n")
		for _, each := range lost {
			fmt.Fprintf(to, "  %s\n", each)
		}
	}
	for _, how := range []kind{destroyed, replaced, changed, imported} {
		c.printEach(to, how)
	}
	c.printCreated(to)
}

func (c *Changes) printEach(to io.Writer, how kind) {
	if len(c.byKind[how]) == 0 {
		return
	}
	fmt.Fprintf(to, "\n%s:\n", verbs[how])
	for _, each := range c.byKind[how] {
		line := "  " + each.Address
		if how == replaced {
			line += ", because of " + strings.Join(paths(each.Change.ReplacePaths), ", ")
		}
		if how == changed {
			line += ": " + strings.Join(attributes(each.Change), ", ")
		}
		fmt.Fprintln(to, line)
	}
}

// printCreated counts by type: a first plan creates some two hundred.
func (c *Changes) printCreated(to io.Writer) {
	counts := map[string]int{}
	for _, each := range c.byKind[created] {
		counts[each.Type]++
	}
	if len(counts) == 0 {
		return
	}
	fmt.Fprint(to, "\ncreate:\n")
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(to, "  %3d %s\n", counts[name], name)
	}
}

// attributes names the attributes that differ, without their values: some of them are secret.
func attributes(change *tfjson.Change) []string {
	before, _ := change.Before.(map[string]any)
	after, _ := change.After.(map[string]any)
	unknown, _ := change.AfterUnknown.(map[string]any)
	differ := map[string]bool{}
	for name := range after {
		if !reflect.DeepEqual(before[name], after[name]) {
			differ[name] = true
		}
	}
	for name, value := range unknown {
		if value == true {
			differ[name] = true
		}
	}
	return slices.Sorted(maps.Keys(differ))
}

func paths(replacing []any) []string {
	var all []string
	for _, each := range replacing {
		steps, _ := each.([]any)
		var text []string
		for _, step := range steps {
			text = append(text, fmt.Sprint(step))
		}
		all = append(all, strings.Join(text, "."))
	}
	if len(all) == 0 {
		return []string{"a dependency, or by request"}
	}
	return all
}
