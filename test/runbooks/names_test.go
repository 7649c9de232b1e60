package runbooks

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fileName     = regexp.MustCompile(`(?:^|[\s"])((?:apps|clusters|docs|hack|services|terraform|test|tools|workflows)/[\w./*$-]+)`)
	templateName = regexp.MustCompile(`workflowtemplate/([\w-]+)`)
)

func TestEveryFileThatACommandNamesExists(t *testing.T) {
	named := 0
	for _, page := range pages(t) {
		for _, command := range page.commands {
			for _, match := range fileName.FindAllStringSubmatch(command, -1) {
				names := []string{match[1]}
				if strings.Contains(match[1], "$ENV") {
					names = []string{strings.ReplaceAll(match[1], "$ENV", "dev"), strings.ReplaceAll(match[1], "$ENV", "prod")}
				}
				for _, name := range names {
					named++
					if found, err := filepath.Glob(filepath.Join(root, name)); err != nil || len(found) == 0 {
						t.Errorf("%s: there is no %s: %s", page.name, name, command)
					}
				}
			}
		}
	}
	if named < 15 {
		t.Errorf("only %d files are named: the test does not understand the pages", named)
	}
}

func TestEveryWorkflowThatACommandSubmitsExists(t *testing.T) {
	named := 0
	for _, page := range pages(t) {
		for _, command := range page.commands {
			for _, match := range templateName.FindAllStringSubmatch(command, -1) {
				named++
				if !hasObject(t, "workflows/base", "WorkflowTemplate", match[1]) {
					t.Errorf("%s: there is no WorkflowTemplate %s", page.name, match[1])
				}
			}
		}
	}
	if named < 3 {
		t.Errorf("only %d workflows are named: the test does not understand the pages", named)
	}
}
