package facts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"example.com/mlops-platform/tools/render/internal/yamldoc"
)

// owned are the facts that people decide, not Terraform: where Git is.
var owned = []string{"repoURL", "targetRevision"}

// environmentKey says which cluster the facts are of. It is never changed: with
// it the facts of one cluster cannot end up in another.
const environmentKey = "environment"

// Update returns the facts file with new values, its comments and order kept.
// The keys that are in the file are the contract: one that the values lack, or
// that the file lacks, is a Fault; all are returned together, and no file.
func Update(name string, file []byte, values map[string]string) ([]byte, error) {
	docs, err := yamldoc.Read(name, file)
	if err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%s: want one ConfigMap, found %d documents", name, len(docs))
	}
	data := child(docs[0].Node, "data")
	if data == nil || data.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: the ConfigMap has no data", name)
	}
	if err := compare(name, data, values); err != nil {
		return nil, err
	}
	lines := strings.SplitAfter(string(file), "\n")
	for i := 0; i+1 < len(data.Content); i += 2 {
		key, node := data.Content[i], data.Content[i+1]
		value, given := values[key.Value]
		if !given || value == node.Value {
			continue
		}
		if err := replace(lines, key, node, value); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, key.Line, err)
		}
	}
	updated := []byte(strings.Join(lines, ""))
	return updated, verify(name, updated, values)
}

// verify reads the file as its users will: a value over several lines, say, was
// not replaced by writing one line.
func verify(name string, updated []byte, values map[string]string) error {
	docs, err := yamldoc.Read(name, updated)
	if err != nil || len(docs) != 1 {
		return fmt.Errorf("%s: is laid out in a way that cannot be edited; write each value on the line of its key", name)
	}
	data, _ := docs[0].Object["data"].(map[string]any)
	for key, value := range values {
		if data[key] != value {
			return fmt.Errorf("%s: %s cannot be edited; write its value on the line of its key", name, key)
		}
	}
	return nil
}

// compare wants the same keys on both sides, and the values of this environment.
func compare(name string, data *yaml.Node, values map[string]string) error {
	var faults []error
	known := map[string]bool{}
	for i := 0; i+1 < len(data.Content); i += 2 {
		key, node := data.Content[i], data.Content[i+1]
		known[key.Value] = true
		value, given := values[key.Value]
		switch {
		case slices.Contains(owned, key.Value):
			if given {
				faults = append(faults, Fault{key.Value, "is decided in " + name + ", not by Terraform"})
			}
		case !given:
			faults = append(faults, Fault{key.Value, fmt.Sprintf("missing; %s:%d wants it", name, key.Line)})
		case key.Value == environmentKey && value != node.Value:
			faults = append(faults, Fault{key.Value, fmt.Sprintf("is %q; %s:%d is of %q", value, name, key.Line, node.Value)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !known[key] {
			faults = append(faults, Fault{key, "unknown; no fact of that name in " + name})
		}
	}
	return errors.Join(faults...)
}

// replace puts a value into the line of its key; a comment behind it stays.
func replace(lines []string, key, node *yaml.Node, value string) error {
	if node.Kind != yaml.ScalarNode || node.Line != key.Line {
		return fmt.Errorf("%s: want the value on the line of its key", key.Value)
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	line := lines[key.Line-1]
	end := "\n"
	if node.LineComment != "" {
		end = " " + node.LineComment + "\n"
	}
	if !strings.HasSuffix(line, "\n") {
		end = strings.TrimSuffix(end, "\n")
	}
	lines[key.Line-1] = line[:columnOf(line, node.Column)] + strings.TrimSuffix(string(text), "\n") + end
	return nil
}

// columnOf turns a 1-based column in characters into an offset in bytes.
func columnOf(line string, column int) int {
	offset := 0
	for i := range line {
		if column--; column == 0 {
			return i
		}
		offset = i
	}
	return offset
}

func child(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}
