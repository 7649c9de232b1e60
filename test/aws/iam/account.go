package iam

// Principal is who asks: an ARN of an AWS principal, a service or an identity provider.
type Principal struct {
	// Type is AWS, Service or Federated.
	Type string
	ID   string
}

// Request is what a principal wants to do. The keys aws:PrincipalArn and aws:PrincipalAccount are added to the context.
type Request struct {
	Principal Principal
	// Action is SERVICE:NAME.
	Action string
	// Resource is an ARN, or * for an action that names none.
	Resource string
	Context  Context
}

// Decision is the answer, and what gave it.
type Decision struct {
	Allowed bool
	// Explicit tells an explicit deny from an implicit one.
	Explicit bool
	Reason   string
}

// Role is a role with its policies.
type Role struct {
	Address, Name, ARN string
	Trust              Document
	// Inline and customer managed policies, by name.
	Policies map[string]Document
	// Managed are the ARNs of AWS managed policies.
	Managed []string
	// Boundary is the ARN of a permissions boundary.
	Boundary string
}

// Account is what a plan or a state says of an account.
type Account struct {
	ID string
	// Roles by name.
	Roles map[string]*Role
	// Owned are the resource-based policies by the ARN of their resource; nil for a resource that has none.
	Owned map[string]*Document
	// Providers are the OIDC providers by issuer, without https://.
	Providers map[string]Provider
	// Managed may hold documents of AWS managed policies by ARN.
	Managed map[string]Document
	// Resources are all of the managed resources.
	Resources []Resource
	// Outputs are those of the root.
	Outputs map[string]any
}

// Provider is an OIDC identity provider.
type Provider struct {
	ARN       string
	Audiences []string
}
