package iamtest

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/mlops-platform/test/aws/iam"
	"example.com/mlops-platform/test/aws/tools"
)

//go:embed offline
var offline embed.FS

// defaultKeyPolicy is what a key gets that is made without one (KMS Developer Guide, "Default key policy").
const defaultKeyPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",` +
	`"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`

// main is a root without resources: the run has the module under test.
const main = `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
`

const provider = `
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "offline"
  secret_key                  = "offline"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
`

// madeUp is the ARN that all instances of a resource share which have none of their own in the file; AWS would take a
// role's from its name, and so does Offline.
const madeUp = "arn:aws:iam::111122223333:role/made-up"

const balancers = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"

// looks are values of a kind of resource that another's argument must look like.
var looks = map[string]string{
	"aws_launch_template":      `id = "lt-0123456789abcdef0"`,
	"aws_iam_role":             `arn = "` + madeUp + `"`,
	"aws_lb":                   `arn = "` + balancers + `:loadbalancer/app/made-up/0123456789abcdef"`,
	"aws_lb_listener":          `arn = "` + balancers + `:listener/app/made-up/0123456789abcdef/0123456789abcdef"`,
	"aws_cloudwatch_log_group": `arn = "arn:aws:logs:eu-west-1:111122223333:log-group:made-up"`,
}

// Offline applies a root of a tree of Terraform, bootstrap or the name of an environment, without reaching AWS, and
// reads the state. `terraform test` does it: every resource is overridden, so none is made, while the policy documents
// are the real provider's. dir is a folder for the work. It takes some five seconds.
func Offline(ctx context.Context, programs tools.Tools, dir, tree, root string) (*iam.Account, error) {
	text, err := testFile(tree, root)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "tests"), 0o755); err != nil {
		return nil, err
	}
	for name, content := range map[string]string{"tests/" + root + ".tftest.hcl": string(text), "main.tf": main} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return nil, err
		}
	}
	absolute, err := filepath.Abs(tree)
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(absolute, filepath.Join(dir, "tree")); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	data := filepath.Join(dir, ".terraform")
	if _, err := run(programs.InitOffline(ctx, dir, data)); err != nil {
		return nil, err
	}
	filter := "-filter=tests/" + root + ".tftest.hcl"
	out, err := run(programs.Offline(ctx, dir, data, "test", "-json", "-verbose", filter))
	if err != nil {
		return nil, err
	}
	state, err := stateIn(out)
	if err != nil {
		return nil, err
	}
	account, err := iam.Read(state)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, err)
	}
	for _, role := range account.Roles {
		if role.ARN == madeUp {
			role.ARN = strings.Replace(madeUp, "made-up", role.Name, 1)
		}
	}
	return account, nil
}

// run runs Terraform and returns what it printed; its diagnostics are in the error.
func run(command *exec.Cmd) ([]byte, error) {
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("terraform %s: %w\n%s%s", command.Args[1], err, stderr(err), diagnostics(out))
	}
	return out, nil
}

func stderr(err error) []byte {
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return failed.Stderr
	}
	return nil
}

// message is a line of `terraform test -json`.
type message struct {
	Type       string          `json:"type"`
	State      json.RawMessage `json:"test_state"`
	Diagnostic struct {
		Severity, Summary, Detail, Address string
	} `json:"diagnostic"`
}

// messages reads the lines; one of them holds the schema of the whole provider, some 14 MB.
func messages(out []byte) []message {
	var all []message
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		var m message
		if json.Unmarshal(lines.Bytes(), &m) == nil {
			all = append(all, m)
		}
	}
	return all
}

func stateIn(out []byte) ([]byte, error) {
	for _, m := range messages(out) {
		if m.Type == "test_state" {
			return m.State, nil
		}
	}
	return nil, errors.New("terraform test printed no state")
}

func diagnostics(out []byte) string {
	var text strings.Builder
	for _, m := range messages(out) {
		if m.Diagnostic.Severity == "error" {
			fmt.Fprintf(&text, "%s: %s %s\n", m.Diagnostic.Address, m.Diagnostic.Summary, m.Diagnostic.Detail)
		}
	}
	return text.String()
}

// testFile is the file of a root, with an override for every resource that it does not name.
func testFile(tree, root string) ([]byte, error) {
	name, dir := "environment", filepath.Join(tree, "envs", root)
	if root == "bootstrap" {
		name, dir = root, filepath.Join(tree, root)
	}
	text, err := offline.ReadFile("offline/" + name + ".tftest.hcl")
	if err != nil {
		return nil, err
	}
	written := strings.NewReplacer("ENVIRONMENT", root, "DEFAULT_KEY_POLICY", fmt.Sprintf("%q", defaultKeyPolicy)).
		Replace(string(text))
	var skipped []string
	for _, target := range regexp.MustCompile(`override_module \{\s+target\s+= (\S+)`).FindAllStringSubmatch(written, -1) {
		skipped = append(skipped, target[1])
	}
	addresses, err := resources(dir, "", skipped)
	if err != nil {
		return nil, err
	}
	var rest strings.Builder
	for _, address := range addresses {
		if regexp.MustCompile(`= ` + regexp.QuoteMeta(address) + `[\[\n]`).MatchString(written) {
			continue
		}
		parts := strings.Split(address, ".")
		fmt.Fprintf(&rest, "override_resource {\n target = %s\n", address)
		if values := looks[parts[len(parts)-2]]; values != "" {
			fmt.Fprintf(&rest, " values = { %s }\n", values)
		}
		rest.WriteString("}\n")
	}
	return []byte(provider + strings.Replace(written, "# EVERYTHING_ELSE", rest.String(), 1)), nil
}

var (
	resourceBlock = regexp.MustCompile(`(?m)^resource "([^"]+)" "([^"]+)"`)
	moduleBlock   = regexp.MustCompile(`(?m)^module "([^"]+)" \{\s+source\s+= "([^"]+)"`)
)

// resources lists the addresses of the resources of a folder and of the modules that it calls. A resource that it
// overlooked would be made for real, and cannot be: there are no credentials.
func resources(dir, prefix string, skipped []string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no Terraform in %s", dir))
	}
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, block := range resourceBlock.FindAllStringSubmatch(string(text), -1) {
			found = append(found, prefix+block[1]+"."+block[2])
		}
		for _, block := range moduleBlock.FindAllStringSubmatch(string(text), -1) {
			name := prefix + "module." + block[1]
			if slices.Contains(skipped, name) {
				continue
			}
			inner, err := resources(filepath.Join(dir, block[2]), name+".", skipped)
			if err != nil {
				return nil, err
			}
			found = append(found, inner...)
		}
	}
	return found, nil
}
