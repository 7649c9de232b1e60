package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Resource is a managed resource as `terraform show -json` writes it.
type Resource struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Type    string         `json:"type"`
	Values  map[string]any `json:"values"`
}

// text is an attribute that is a string, or empty if it is not known or not set.
func (r Resource) text(name string) string {
	text, _ := r.Values[name].(string)
	return text
}

type module struct {
	Resources []Resource `json:"resources"`
	Children  []module   `json:"child_modules"`
}

type values struct {
	Root    *module `json:"root_module"`
	Outputs map[string]struct {
		Value any `json:"value"`
	} `json:"outputs"`
}

// ReadPlan reads the file that `terraform show -json` wrote of a plan or of a state.
func ReadPlan(path string) (*Account, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	account, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return account, nil
}

// Read reads a plan (what it holds after the apply), a state, or the state of a run of `terraform test -json -verbose`.
// A policy that is not known yet, or that it does not understand, is an error that names its address; so is every
// resource that would have a say in IAM and that this package does not know.
func Read(text []byte) (*Account, error) {
	var shown struct {
		Planned *values `json:"planned_values"`
		State   *values `json:"values"`
		values
	}
	if err := json.Unmarshal(text, &shown); err != nil {
		return nil, err
	}
	found := &shown.values
	if shown.Planned != nil {
		found = shown.Planned
	} else if shown.State != nil {
		found = shown.State
	}
	if found.Root == nil {
		return nil, errors.New("is neither a plan nor a state with resources: want what terraform show -json writes")
	}
	r := reader{account: &Account{
		Roles: map[string]*Role{}, Owned: map[string]*Document{}, Providers: map[string]Provider{}, Outputs: map[string]any{},
	}}
	for name, output := range found.Outputs {
		r.account.Outputs[name] = output.Value
	}
	r.walk(*found.Root)
	r.read()
	return r.account, errors.Join(r.faults...)
}

type reader struct {
	account *Account
	faults  []error
}

func (r *reader) walk(m module) {
	for _, resource := range m.Resources {
		if resource.Mode == "managed" {
			r.account.Resources = append(r.account.Resources, resource)
		}
	}
	for _, child := range m.Children {
		r.walk(child)
	}
}

func (r *reader) fault(resource Resource, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s: %w", resource.Address, fmt.Errorf(format, args...)))
}

// read does the resources that have policies before the policies.
func (r *reader) read() {
	for _, resource := range r.account.Resources {
		switch resource.Type {
		case "aws_iam_role":
			r.role(resource)
		case "aws_iam_openid_connect_provider":
			r.provider(resource)
		case "aws_kms_key", "aws_s3_bucket", "aws_sqs_queue", "aws_sns_topic", "aws_secretsmanager_secret",
			"aws_ecr_repository":
			r.owner(resource)
		}
	}
	for _, resource := range r.account.Resources {
		r.policy(resource)
	}
}

func (r *reader) policy(resource Resource) {
	switch resource.Type {
	case "aws_iam_role_policy":
		if role := r.roleOf(resource); role != nil {
			role.Policies[resource.text("name")] = r.document(resource, IdentityBased, "policy")
		}
	case "aws_iam_role_policy_attachment":
		if role := r.roleOf(resource); role != nil {
			r.attach(role, resource)
		}
	case "aws_s3_bucket_policy":
		r.own(resource, "bucket", "aws_s3_bucket", "id", "bucket")
	case "aws_sqs_queue_policy":
		r.own(resource, "queue_url", "aws_sqs_queue", "id", "url")
	case "aws_sns_topic_policy":
		r.own(resource, "arn", "aws_sns_topic", "arn")
	case "aws_kms_key_policy":
		r.own(resource, "key_id", "aws_kms_key", "id", "key_id", "arn")
	case "aws_secretsmanager_secret_policy":
		r.own(resource, "secret_arn", "aws_secretsmanager_secret", "arn", "id")
	case "aws_ecr_repository_policy":
		r.own(resource, "repository", "aws_ecr_repository", "name", "id")
	case "aws_iam_role", "aws_iam_openid_connect_provider", "aws_kms_key", "aws_s3_bucket", "aws_sqs_queue",
		"aws_sns_topic", "aws_secretsmanager_secret", "aws_ecr_repository", "aws_iam_policy":
		// Read above, or where they are attached.
	case "aws_iam_instance_profile", "aws_ecr_lifecycle_policy", "aws_vpc_endpoint":
		// None of these gives a principal a permission; an endpoint's policy can only take.
	default:
		if strings.HasPrefix(resource.Type, "aws_iam_") || resource.text("policy") != "" {
			r.fault(resource, "a %s may have a say in who may do what, and is not understood", resource.Type)
		}
	}
}

func (r *reader) role(resource Resource) {
	role := &Role{
		Address: resource.Address, Name: resource.text("name"), ARN: resource.text("arn"),
		Trust:    r.document(resource, Trust, "assume_role_policy"),
		Policies: map[string]Document{}, Boundary: resource.text("permissions_boundary"),
	}
	if role.ARN == "" || role.Name == "" {
		r.fault(resource, "its name and ARN are not known before the apply")
		return
	}
	if account := accountOf(role.ARN); r.account.ID == "" {
		r.account.ID = account
	} else if account != r.account.ID {
		r.fault(resource, "is of the account %s, others are of %s", account, r.account.ID)
	}
	// A state repeats here what aws_iam_role_policy says; what is only here is a policy too.
	inline, _ := resource.Values["inline_policy"].([]any)
	for _, each := range inline {
		policy, _ := each.(map[string]any)
		copied := Resource{Address: resource.Address, Values: policy}
		if copied.text("policy") != "" {
			role.Policies[copied.text("name")] = r.document(copied, IdentityBased, "policy")
		}
	}
	managed, _ := resource.Values["managed_policy_arns"].([]any)
	for _, each := range managed {
		arn, _ := each.(string)
		r.attach(role, Resource{Address: resource.Address, Values: map[string]any{"policy_arn": arn}})
	}
	r.account.Roles[role.Name] = role
}

func (r *reader) roleOf(resource Resource) *Role {
	wanted := resource.text("role")
	for _, other := range r.account.Resources {
		if other.Type == "aws_iam_role" && wanted != "" && (other.text("id") == wanted || other.text("name") == wanted) {
			return r.account.Roles[other.text("name")]
		}
	}
	r.fault(resource, "its role %q is not in the plan", wanted)
	return nil
}

// attach adds a managed policy: one of the customer is in the plan, one of AWS is only a name.
func (r *reader) attach(role *Role, resource Resource) {
	arn := resource.text("policy_arn")
	if strings.HasPrefix(arn, managedPrefix) {
		if !slices.Contains(role.Managed, arn) {
			role.Managed = append(role.Managed, arn)
		}
		return
	}
	for _, other := range r.account.Resources {
		if other.Type == "aws_iam_policy" && arn != "" && other.text("arn") == arn {
			role.Policies[arn] = r.document(other, IdentityBased, "policy")
			return
		}
	}
	r.fault(resource, "the policy %q is neither AWS's nor in the plan", arn)
}

func (r *reader) provider(resource Resource) {
	provider := Provider{ARN: resource.text("arn")}
	issuer := strings.TrimPrefix(resource.text("url"), "https://")
	if provider.ARN == "" || issuer == "" {
		r.fault(resource, "its ARN and issuer are not known before the apply")
		return
	}
	clients, _ := resource.Values["client_id_list"].([]any)
	for _, client := range clients {
		text, _ := client.(string)
		provider.Audiences = append(provider.Audiences, text)
	}
	r.account.Providers[issuer] = provider
}

// owner notes a resource that can have a policy, with the one that it carries itself.
func (r *reader) owner(resource Resource) {
	arn := resource.text("arn")
	if arn == "" {
		r.fault(resource, "its ARN is not known before the apply")
		return
	}
	r.account.Owned[arn] = nil
	if resource.text("policy") != "" {
		document := r.document(resource, ResourceBased, "policy")
		r.account.Owned[arn] = &document
	}
}

// own gives a policy to the resource that it names by one of the keys.
func (r *reader) own(resource Resource, by, kind string, keys ...string) {
	wanted := resource.text(by)
	for _, other := range r.account.Resources {
		same := func(key string) bool { return other.text(key) == wanted }
		if other.Type == kind && wanted != "" && slices.ContainsFunc(keys, same) {
			document := r.document(resource, ResourceBased, "policy")
			r.account.Owned[other.text("arn")] = &document
			return
		}
	}
	r.fault(resource, "the %s %q that it belongs to is not in the plan", kind, wanted)
}

func (r *reader) document(resource Resource, kind Kind, name string) Document {
	text := resource.text(name)
	if text == "" {
		r.fault(resource, "%s is not known before the apply: read the state, or a plan made after it", name)
		return Document{}
	}
	document, err := Parse(kind, text)
	if err != nil {
		r.fault(resource, "%s: %w", name, err)
	}
	return document
}
