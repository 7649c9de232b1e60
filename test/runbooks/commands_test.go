package runbooks

import (
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gopkg.in/yaml.v3"
)

// operations has the input of every command of the aws program that a runbook may use. The program's options are the
// fields of the input.
var operations = map[string]any{
	"ecr get-login-password":                     ecr.GetAuthorizationTokenInput{},
	"rds delete-db-instance":                     rds.DeleteDBInstanceInput{},
	"rds describe-db-instance-automated-backups": rds.DescribeDBInstanceAutomatedBackupsInput{},
	"rds describe-db-instances":                  rds.DescribeDBInstancesInput{},
	"rds modify-db-instance":                     rds.ModifyDBInstanceInput{},
	"rds restore-db-instance-to-point-in-time":   rds.RestoreDBInstanceToPointInTimeInput{},
	"rds wait db-instance-available":             rds.DescribeDBInstancesInput{},
	"s3 cp":                                      s3CopyOptions{},
	"s3api copy-object":                          s3.CopyObjectInput{},
	"s3api delete-object":                        s3.DeleteObjectInput{},
	"s3api get-object":                           s3.GetObjectInput{},
	"s3api list-object-versions":                 s3.ListObjectVersionsInput{},
}

// s3CopyOptions are those of a command that is no operation of the API.
type s3CopyOptions struct{ Recursive bool }

var (
	awsCommand = regexp.MustCompile(`aws (\w+ (?:wait )?[a-z0-9-]+)([^;&|]*)`)
	// What a command puts in for a part of another one: no option of that one.
	inner  = regexp.MustCompile(`\$\([^()]*\)`)
	option = regexp.MustCompile(`(?:^|\s)--([a-z0-9-]+)`)
)

func TestEveryOptionOfAWSExists(t *testing.T) {
	checked := 0
	for _, page := range pages(t) {
		for _, command := range page.commands {
			for _, match := range awsCommand.FindAllStringSubmatch(inner.ReplaceAllString(command, "X"), -1) {
				input, known := operations[match[1]]
				if !known {
					t.Errorf("%s: the test does not know `aws %s`", page.name, match[1])
					continue
				}
				for _, given := range option.FindAllStringSubmatch(match[2], -1) {
					checked++
					if given[1] != "query" && !hasField(input, given[1]) {
						t.Errorf("%s: `aws %s` has no --%s", page.name, match[1], given[1])
					}
				}
			}
		}
	}
	if checked < 35 {
		t.Errorf("only %d options are checked: the test does not understand the pages", checked)
	}
}

// hasField tells whether an input has the field of an option. --no-X is the other side of a switch.
func hasField(input any, name string) bool {
	kind := reflect.TypeOf(input)
	wanted := strings.ReplaceAll(name, "-", "")
	for i := range kind.NumField() {
		field := strings.ToLower(kind.Field(i).Name)
		if field == wanted || strings.HasPrefix(name, "no-") && field == strings.TrimPrefix(wanted, "no") {
			return true
		}
	}
	return false
}

var (
	kubectl = regexp.MustCompile(`kubectl -n (\S+) (?:get|scale|patch|logs|rollout status) ([a-z]+)[ /]([a-z]\S*)`)
	// Where the manifests of a namespace are.
	manifests = map[string]string{"argocd": "apps/argo-cd/base", "mlflow": "apps/mlflow/base"}
)

func TestEveryObjectOfTheClusterExists(t *testing.T) {
	found := 0
	for _, page := range pages(t) {
		for _, command := range page.commands {
			for _, match := range kubectl.FindAllStringSubmatch(command, -1) {
				found++
				folder := manifests[match[1]]
				if match[2] == "application" {
					folder = "clusters/base"
				}
				if !hasObject(t, folder, match[2], match[3]) {
					t.Errorf("%s: %s has no %s %s", page.name, folder, match[2], match[3])
				}
			}
		}
	}
	if found < 7 {
		t.Errorf("only %d objects are looked for: the test does not understand the pages", found)
	}
}

func hasObject(t *testing.T, folder, kind, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		decoder := yaml.NewDecoder(strings.NewReader(read(t, file)))
		for {
			var object struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if decoder.Decode(&object) != nil {
				break
			}
			if strings.EqualFold(object.Kind, kind) && object.Metadata.Name == name {
				return true
			}
		}
	}
	return false
}
