// Package iam answers whether AWS would allow a request, from the policies in a plan or a state of Terraform.
//
// It implements the User Guide's "Policy evaluation logic" for requests within a single account, as far as this
// repository's policies use it: identity-based policies of roles, resource-based policies, and trust policies.
// Permissions boundaries, service control policies, session policies and grants of KMS are not implemented;
// NotPrincipal, dates and binary values neither. What is not implemented, not known or ambiguous is an error of the
// type Unsupported or a refusal to read the policy, never "allowed" and never "forbidden".
//
// The order is the guide's ("Determining whether a request is allowed or denied within an account"):
//
//   - An explicit deny in any applicable policy ends it.
//   - Without one, an allow of an identity-based or of a resource-based policy is enough: their union counts. A
//     resource-based policy that names the account (its root) delegates to the account's identity-based policies and
//     grants nothing by itself.
//   - The policies of keys and the trust policies of roles are different: there the resource's policy must allow, by
//     naming the caller or by delegating ("Key policies in AWS KMS"; "Using resource-based policies in IAM").
//   - What nothing allows is an implicit deny.
//
// Service principals, principals of another account and web identities are judged by the resource's policy alone: of
// the other account's policies the worst is assumed.
//
// AWS managed policies are not in a plan, and their text can change. AdministratorAccess is known, because AWS
// documents it as one statement, all actions on all resources. ReadOnlyAccess is known as far as it goes: it denies
// nothing, and allows nothing whose action begins with a verb that changes something (mutating); about every other
// action it gives no answer. All others give no answer, unless Account.Managed has their documents. An explicit deny in
// a policy that is known still counts.
package iam

import (
	"fmt"
	"slices"
	"strings"
)

// grant is how far a statement's principals cover the caller.
type grant int

const (
	nobody grant = iota
	// delegated to the account: its identity-based policies decide.
	delegated
	direct
)

// verdict is what one policy says.
type verdict struct {
	// denied and allowed name the statement.
	denied, allowed string
	grant           grant
}

// Decide evaluates a request of a principal to the resources of this account.
func (a *Account) Decide(r Request) (Decision, error) {
	r.Context = a.context(r)
	role, err := a.caller(r.Principal)
	if err != nil {
		return Decision{}, err
	}

	var identity verdict
	if role != nil {
		for name, document := range role.Policies {
			if err := a.judge(&identity, document, name, "", r); err != nil {
				return Decision{}, err
			}
		}
	}
	owned, required, known, err := a.policyOf(r)
	if err != nil {
		return Decision{}, err
	}
	var resource verdict
	if owned != nil {
		if err := a.judge(&resource, *owned, "policy of "+r.Resource, r.Resource, r); err != nil {
			return Decision{}, err
		}
	}
	for _, denied := range []string{identity.denied, resource.denied} {
		if denied != "" {
			return Decision{Explicit: true, Reason: "explicit deny: " + denied}, nil
		}
	}
	if role != nil {
		if err := a.managed(&identity, role, r); err != nil {
			return Decision{}, err
		}
		if identity.denied != "" {
			return Decision{Explicit: true, Reason: "explicit deny: " + identity.denied}, nil
		}
	}

	switch {
	case resource.grant == direct:
		return Decision{Allowed: true, Reason: resource.allowed}, nil
	case !known && role == nil:
		return Decision{}, unsupported("%s is not in this plan, and its policy decides", r.Resource)
	case identity.allowed == "":
		return Decision{Reason: "implicit deny: no statement allows it"}, nil
	case !known:
		return Decision{}, unsupported("%s is not in this plan, and its owner decides too", r.Resource)
	case required && resource.grant == nobody:
		return Decision{Reason: "implicit deny: the policy of " + r.Resource + " does not allow it"}, nil
	default:
		return Decision{Allowed: true, Reason: identity.allowed}, nil
	}
}

// Token is what a web identity proves who it is with.
type Token struct {
	// Issuer is without https://.
	Issuer, Subject string
	// Audience is empty if the token has none.
	Audience string
}

// AssumeWithWebIdentity evaluates sts:AssumeRoleWithWebIdentity by the role's trust policy alone. That the provider
// itself knows the audience is a matter of its client ids (Provider.Audiences), which AWS checks as well.
func (a *Account) AssumeWithWebIdentity(role string, token Token) (Decision, error) {
	asked, ok := a.Roles[role]
	if !ok {
		return Decision{}, fmt.Errorf("no role %s in the plan", role)
	}
	provider, ok := a.Providers[token.Issuer]
	if !ok {
		return Decision{Reason: "implicit deny: the account has no provider for " + token.Issuer}, nil
	}
	context := Context{token.Issuer + ":sub": {token.Subject}}
	if token.Audience != "" {
		context[token.Issuer+":aud"] = []string{token.Audience}
	}
	return a.Decide(Request{
		Principal: Principal{"Federated", provider.ARN},
		Action:    "sts:AssumeRoleWithWebIdentity",
		Resource:  asked.ARN,
		Context:   context,
	})
}

// context adds what AWS knows by itself.
func (a *Account) context(r Request) Context {
	context := Context{}
	for key, values := range r.Context {
		context[strings.ToLower(key)] = values
	}
	if r.Principal.Type == "AWS" {
		context["aws:principalarn"] = []string{r.Principal.ID}
		context["aws:principalaccount"] = []string{accountOf(r.Principal.ID)}
	}
	return context
}

// caller is the role of this account that asks, or nil if it is somebody else.
func (a *Account) caller(p Principal) (*Role, error) {
	if p.Type != "AWS" || accountOf(p.ID) != a.ID {
		return nil, nil
	}
	for _, role := range a.Roles {
		if role.ARN != p.ID {
			continue
		}
		if role.Boundary != "" {
			return nil, unsupported("%s has the permissions boundary %s", role.Name, role.Boundary)
		}
		return role, nil
	}
	return nil, unsupported("%s is not in the plan", p.ID)
}

// policyOf finds the policy of a resource, whether it is one that must allow, and whether the resource is known to be
// of this account.
func (a *Account) policyOf(r Request) (policy *Document, required, known bool, err error) {
	if r.Resource == "*" {
		return nil, false, true, nil
	}
	parts := strings.SplitN(r.Resource, ":", 6)
	if len(parts) != 6 {
		return nil, false, false, fmt.Errorf("the resource %q is neither an ARN nor *", r.Resource)
	}
	switch service := parts[2]; service {
	case "iam":
		if strings.HasPrefix(strings.ToLower(r.Action), "sts:") {
			for _, role := range a.Roles {
				if role.ARN == r.Resource {
					return &role.Trust, true, true, nil
				}
			}
			return nil, true, false, nil
		}
		return nil, false, parts[4] == a.ID, nil
	case "s3":
		bucket, _, _ := strings.Cut(r.Resource, "/")
		policy, known = a.Owned[bucket]
		return policy, false, known, nil
	case "kms":
		policy, known = a.Owned[r.Resource]
		if known && policy == nil {
			return nil, true, true, unsupported("the key %s has no policy in the plan", r.Resource)
		}
		return policy, true, known, nil
	default:
		// AWS's own, such as public parameters and images, have no account; to read them the caller's policy is enough.
		return a.Owned[r.Resource], false, parts[4] == a.ID || parts[4] == "", nil
	}
}

// judge adds what the statements of a policy say. resource is the resource that the policy belongs to, if any.
func (a *Account) judge(v *verdict, document Document, name, resource string, r Request) error {
	for i, s := range document.Statements {
		where := fmt.Sprintf("%s, statement %d %s", name, i, s.Sid)
		g := direct
		if resource != "" {
			g = a.covers(s, r.Principal)
		}
		if g == nobody {
			continue
		}
		applies, err := s.applies(document.Version, r)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		switch {
		case !applies:
		case s.Deny:
			v.denied = where
		case g > v.grant || v.allowed == "":
			v.allowed, v.grant = where, max(g, v.grant)
		}
	}
	return nil
}

// covers compares the caller with the principals of a statement (User Guide, "AWS JSON policy elements: Principal").
// "*" is everybody, services and web identities too.
func (a *Account) covers(s Statement, p Principal) grant {
	if slices.Contains(s.Principals["AWS"], "*") || slices.Contains(s.Principals[p.Type], p.ID) {
		return direct
	}
	account := accountOf(p.ID)
	named := slices.ContainsFunc(s.Principals["AWS"], func(id string) bool {
		return id == account || id == "arn:aws:iam::"+account+":root"
	})
	switch {
	case p.Type != "AWS" || !named:
		return nobody
	case account == a.ID:
		return delegated
	default:
		// Another account has surely allowed its own.
		return direct
	}
}

// applies says whether a statement is about a request: its action, its resource and all of its conditions.
func (s Statement) applies(version string, r Request) (bool, error) {
	among := slices.ContainsFunc(s.Actions, func(written string) bool { return matchAction(written, r.Action) })
	if among == s.AllActionsBut {
		return false, nil
	}
	if len(s.Resources) > 0 {
		among, err := s.names(version, r)
		if err != nil || among == s.AllResourcesBut {
			return false, err
		}
	}
	for _, condition := range s.Conditions {
		holds, err := condition.holds(version, r.Context)
		if err != nil || !holds {
			return false, err
		}
	}
	return true, nil
}

// names says whether the resource is one of those that are listed. An action that names none is for * only.
func (s Statement) names(version string, r Request) (bool, error) {
	for _, text := range s.Resources {
		if text == "*" {
			return true, nil
		}
		wanted, err := expand(version, text, true, r.Context)
		if err != nil {
			return false, err
		}
		if ok, err := matchResource(wanted, r.Resource); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// accountOf is the fifth part of an ARN.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}
