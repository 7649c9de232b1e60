package iam

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shown wraps resources as `terraform show -json` does, in a module within a module.
func shown(t *testing.T, around string, resources ...Resource) string {
	t.Helper()
	for i := range resources {
		resources[i].Mode = cmp.Or(resources[i].Mode, "managed")
	}
	inner, err := json.Marshal(resources)
	if err != nil {
		t.Fatal(err)
	}
	root := `{"root_module":{"child_modules":[{"address":"module.a","child_modules":[{"address":"module.a.module.b","resources":` +
		string(inner) + `}]}]},"outputs":{"o":{"value":1}}}`
	return strings.Replace(around, "ROOT", root, 1)
}

const (
	plan  = `{"format_version":"1.2","planned_values":ROOT,"resource_changes":[]}`
	state = `{"format_version":"1.0","values":ROOT}`
	ran   = `ROOT`
)

func roleResource(values map[string]any) Resource {
	all := map[string]any{
		"name": "r", "id": "r", "arn": role,
		"assume_role_policy": `{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`,
	}
	for name, value := range values {
		all[name] = value
	}
	return Resource{Address: "module.a.module.b.aws_iam_role.r", Type: "aws_iam_role", Values: all}
}

func TestPoliciesAreReadFromPlansAndStates(t *testing.T) {
	resources := []Resource{
		{Address: "inline", Type: "aws_iam_role_policy", Values: map[string]any{"name": "i", "role": "r", "policy": allowAll}},
		roleResource(map[string]any{"inline_policy": []any{map[string]any{"name": "j", "policy": allowAll}}}),
		{Address: "attached", Type: "aws_iam_role_policy_attachment", Values: map[string]any{"role": "r", "policy_arn": readOnly}},
		{Address: "own", Type: "aws_iam_policy", Values: map[string]any{"arn": "arn:aws:iam::111122223333:policy/own", "policy": allowAll}},
		{Address: "attached2", Type: "aws_iam_role_policy_attachment", Values: map[string]any{"role": "r", "policy_arn": "arn:aws:iam::111122223333:policy/own"}},
		{Address: "bucket", Type: "aws_s3_bucket", Values: map[string]any{"id": "b", "bucket": "b", "arn": bucket}},
		{Address: "tls", Type: "aws_s3_bucket_policy", Values: map[string]any{"bucket": "b",
			"policy": `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}`}},
		{Address: "key", Type: "aws_kms_key", Values: map[string]any{"arn": key,
			"policy": `{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}}`}},
		{Address: "issuer", Type: "aws_iam_openid_connect_provider", Values: map[string]any{"arn": "arn:p", "url": "https://issuer.example.com", "client_id_list": []any{"sts"}}},
	}
	resources = append(resources, Resource{Address: "data.x", Mode: "data", Type: "aws_iam_policy_document"})
	for name, around := range map[string]string{"plan": plan, "state": state, "test": ran} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "shown.json")
			if err := os.WriteFile(path, []byte(shown(t, around, resources...)), 0o600); err != nil {
				t.Fatal(err)
			}
			a, err := ReadPlan(path)
			if err != nil {
				t.Fatal(err)
			}
			r := a.Roles["r"]
			if a.ID != account || len(r.Policies) != 3 || !slices.Equal(r.Managed, []string{readOnly}) || len(r.Trust.Statements) != 1 {
				t.Errorf("the role was read as %+v of %s", r, a.ID)
			}
			if a.Owned[bucket] == nil || !a.Owned[bucket].Statements[0].Deny || a.Owned[key] == nil {
				t.Errorf("the policies of resources were read as %v", a.Owned)
			}
			if p := a.Providers["issuer.example.com"]; p.ARN != "arn:p" || !slices.Equal(p.Audiences, []string{"sts"}) {
				t.Errorf("the provider was read as %v", a.Providers)
			}
			if a.Outputs["o"] != 1.0 {
				t.Errorf("the outputs were read as %v", a.Outputs)
			}
		})
	}
}

func TestAPlanThatDoesNotSayEverythingIsRefused(t *testing.T) {
	named := func(kind string, values map[string]any) Resource {
		return Resource{Address: kind + ".x", Type: kind, Values: values}
	}
	for name, test := range map[string]struct {
		resource Resource
		want     string
	}{
		"a trust policy that is not known":    {roleResource(map[string]any{"assume_role_policy": nil}), "assume_role_policy is not known before the apply"},
		"a role whose ARN is not known":       {roleResource(map[string]any{"arn": nil}), "name and ARN are not known"},
		"a role of another account":           {roleResource(map[string]any{"name": "s", "arn": "arn:aws:iam::444455556666:role/s"}), "is of the account 444455556666"},
		"an inline policy that is not known":  {named("aws_iam_role_policy", map[string]any{"role": "r", "name": "x"}), "aws_iam_role_policy.x: policy is not known"},
		"a policy that is not understood":     {named("aws_iam_role_policy", map[string]any{"role": "r", "name": "x", "policy": `{}`}), "aws_iam_role_policy.x: policy: /Statement"},
		"a policy of a role that is not here": {named("aws_iam_role_policy", map[string]any{"role": "s", "name": "x", "policy": allowAll}), `role "s" is not in the plan`},
		"a policy of nobody's":                {named("aws_iam_role_policy_attachment", map[string]any{"role": "r", "policy_arn": "arn:aws:iam::1:policy/x"}), "neither AWS's nor in the plan"},
		"a bucket policy that is not known":   {named("aws_s3_bucket_policy", map[string]any{"bucket": "b"}), "aws_s3_bucket_policy.x: policy is not known"},
		"a policy of a bucket elsewhere":      {named("aws_s3_bucket_policy", map[string]any{"bucket": "c", "policy": allowAll}), `"c" that it belongs to is not in the plan`},
		"a bucket whose ARN is not known":     {named("aws_s3_bucket", map[string]any{"bucket": "c"}), "its ARN is not known"},
		"a provider that is not known":        {named("aws_iam_openid_connect_provider", map[string]any{"arn": "arn:p"}), "issuer are not known"},
		"another resource of IAM":             {named("aws_iam_user", map[string]any{"name": "x"}), "a aws_iam_user may have a say"},
		"another resource with a policy":      {named("aws_backup_vault_policy", map[string]any{"policy": allowAll}), "a aws_backup_vault_policy may have a say"},
	} {
		t.Run(name, func(t *testing.T) {
			resources := []Resource{
				roleResource(nil), named("aws_s3_bucket", map[string]any{"id": "b", "arn": bucket}), test.resource,
			}
			if _, err := Read([]byte(shown(t, plan, resources...))); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
	for name, text := range map[string]string{"no JSON": `{`, "neither": `{"format_version":"1.2"}`} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}
