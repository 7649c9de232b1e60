package lint

import (
	"regexp"
	"strings"

	"example.com/mlops-platform/tools/render/internal/cluster"
)

// workflowFault is what Argo Workflows says of one object.
type workflowFault struct {
	object  *cluster.Object
	message string
}

var (
	reference = regexp.MustCompile(`\{\{[^}]+\}\}`)
	location  = regexp.MustCompile(`templates\.([A-Za-z0-9-]+)(?:\.(tasks|steps)(?:\[\d+\])?\.([A-Za-z0-9-]+))?`)
)

// causes leaves out what only repeats another fault: everything that refers to
// a broken template fails with the template's own message at the end of its own.
func causes(faults []workflowFault) []workflowFault {
	origin := map[string]bool{}
	for _, f := range faults {
		if name, tail := f.last(); name != "" && f.declares(name) {
			origin[tail] = true
		}
	}
	var out []workflowFault
	for _, f := range faults {
		if name, tail := f.last(); origin[tail] && !f.declares(name) {
			continue
		}
		out = append(out, f)
	}
	return out
}

// last is the innermost template that the message names, and the message from
// there on.
func (f workflowFault) last() (name, tail string) {
	all := location.FindAllStringSubmatchIndex(f.message, -1)
	if len(all) == 0 {
		return "", ""
	}
	m := all[len(all)-1]
	return f.message[m[2]:m[3]], f.message[m[0]:]
}

// declares says whether the object has a template of that name.
func (f workflowFault) declares(name string) bool {
	spec, _ := f.object.Object["spec"].(map[string]any)
	if w, ok := spec["workflowSpec"].(map[string]any); ok {
		spec = w
	}
	list, _ := spec["templates"].([]any)
	for _, t := range list {
		if t, ok := t.(map[string]any); ok && t["name"] == name {
			return true
		}
	}
	return false
}

// path turns the place in a message ("templates.main.tasks.train") into a field
// path of the object: the innermost that the object itself declares.
func (f workflowFault) path() string {
	prefix := "spec."
	if f.object.GetKind() == "CronWorkflow" {
		prefix = "spec.workflowSpec."
	}
	path := strings.TrimSuffix(prefix, ".")
	for _, m := range location.FindAllStringSubmatch(f.message, -1) {
		if !f.declares(m[1]) {
			break
		}
		path = prefix + "templates[" + m[1] + "]"
		switch {
		case m[3] == "":
		case m[2] == "tasks":
			path += ".dag.tasks[" + m[3] + "]"
		default:
			path += ".steps"
		}
	}
	return path
}
