package delivery

import (
	"os"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"
)

const root = "../.."

// workflow is a file of .github/workflows.
type workflow struct {
	name, text  string
	On          map[string]yaml.Node
	Permissions yaml.Node
	Concurrency struct {
		Group string
	}
	Jobs map[string]workflowJob
}

type workflowJob struct {
	Name, If, Environment string
	Needs                 yaml.Node
	Permissions           map[string]string
	TimeoutMinutes        int `yaml:"timeout-minutes"`
	Strategy              struct {
		Matrix yaml.Node
	}
	Outputs map[string]string
	Steps   []step
}

type step struct {
	Name, ID, If, Uses, Run string
	With, Env               map[string]string
}

// needs is a list, or a name, or nothing.
func (j workflowJob) needs(t *testing.T) []string {
	t.Helper()
	if j.Needs.Kind == yaml.ScalarNode {
		return []string{j.Needs.Value}
	}
	var names []string
	if err := j.Needs.Decode(&names); err != nil && !j.Needs.IsZero() {
		t.Fatal(err)
	}
	return names
}

func workflows(t *testing.T) []workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.y*ml"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%d workflows: %v", len(files), err)
	}
	var found []workflow
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read := workflow{name: filepath.Base(file), text: string(text)}
		if err := yaml.Unmarshal(text, &read); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		found = append(found, read)
	}
	return found
}
