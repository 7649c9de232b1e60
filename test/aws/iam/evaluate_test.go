package iam

import (
	"errors"
	"strings"
	"testing"
)

const (
	account = "111122223333"
	role    = "arn:aws:iam::111122223333:role/r"
	bucket  = "arn:aws:s3:::b"
	key     = "arn:aws:kms:eu-west-1:111122223333:key/k"
	queue   = "arn:aws:sqs:eu-west-1:111122223333:q"
)

// statement writes a statement; principal is empty for an identity-based policy.
func statement(effect, principal, action, resource, condition string) string {
	elements := []string{`"Effect":"` + effect + `"`}
	for name, text := range map[string]string{"Principal": principal, "Action": action, "Resource": resource, "Condition": condition} {
		if text != "" && !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
			text = `"` + text + `"`
		}
		if rest, negated := strings.CutPrefix(text, `"!`); negated {
			name, text = "Not"+name, `"`+rest
		}
		if text != "" {
			elements = append(elements, `"`+name+`":`+text)
		}
	}
	return `{` + strings.Join(elements, ",") + `}`
}

func parse(t *testing.T, kind Kind, statements ...string) *Document {
	t.Helper()
	document, err := Parse(kind, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
	if err != nil {
		t.Fatal(err)
	}
	return &document
}

// scene is an account with a role, a bucket, a key and a queue.
type scene struct {
	identity, trust, bucket, key, queue []string
	managed                             []string
	boundary                            string
}

func (s scene) account(t *testing.T) *Account {
	t.Helper()
	r := &Role{Name: "r", ARN: role, Policies: map[string]Document{}, Managed: s.managed, Boundary: s.boundary}
	if s.identity != nil {
		r.Policies["p"] = *parse(t, IdentityBased, s.identity...)
	}
	if s.trust != nil {
		r.Trust = *parse(t, Trust, s.trust...)
	}
	a := &Account{ID: account, Roles: map[string]*Role{"r": r}, Owned: map[string]*Document{bucket: nil, key: nil, queue: nil}}
	for arn, statements := range map[string][]string{bucket: s.bucket, key: s.key, queue: s.queue} {
		if statements != nil {
			a.Owned[arn] = parse(t, ResourceBased, statements...)
		}
	}
	return a
}

var caller = Principal{"AWS", role}

const (
	ourRoot = `{"AWS":"arn:aws:iam::111122223333:root"}`
	theRole = `{"AWS":"arn:aws:iam::111122223333:role/r"}`
	anybody = `{"AWS":"*"}`
)

func TestDecisions(t *testing.T) {
	get := func(who Principal, resource string) Request {
		return Request{Principal: who, Action: "s3:GetObject", Resource: resource}
	}
	stranger := Principal{"AWS", "arn:aws:iam::444455556666:role/x"}
	events := Principal{"Service", "events.amazonaws.com"}
	decrypt := Request{Principal: caller, Action: "kms:Decrypt", Resource: key}
	assume := func(who Principal) Request { return Request{Principal: who, Action: "sts:AssumeRole", Resource: role} }
	allow := statement("Allow", "", "s3:*", bucket+"/*", "")
	insecure := `{"Bool":{"aws:SecureTransport":"false"}}`
	for name, test := range map[string]struct {
		scene   scene
		request Request
		want    string
	}{
		"nothing is allowed by itself":   {scene{}, get(caller, bucket+"/k"), "implicit"},
		"an allow":                       {scene{identity: []string{allow}}, get(caller, bucket+"/k"), "allowed"},
		"an allow of something else":     {scene{identity: []string{allow}}, get(caller, "arn:aws:s3:::b"), "implicit"},
		"the case of an action":          {scene{identity: []string{statement("Allow", "", "S3:getobject", "*", "")}}, get(caller, bucket+"/k"), "allowed"},
		"the case of a resource":         {scene{identity: []string{statement("Allow", "", "s3:*", "arn:aws:s3:::B/*", "")}}, get(caller, bucket+"/k"), "implicit"},
		"an explicit deny wins":          {scene{identity: []string{allow, statement("Deny", "", "s3:GetObject", "*", "")}}, get(caller, bucket+"/k"), "explicit"},
		"whatever the order":             {scene{identity: []string{statement("Deny", "", "s3:GetObject", "*", ""), allow}}, get(caller, bucket+"/k"), "explicit"},
		"a deny whose condition fails":   {scene{identity: []string{allow, statement("Deny", "", "*", "*", `{"Bool":{"x":"true"}}`)}}, get(caller, bucket+"/k"), "allowed"},
		"a deny of an absent key":        {scene{identity: []string{allow, statement("Deny", "", "*", "*", `{"StringNotEquals":{"aws:RequestedRegion":"r"}}`)}}, get(caller, bucket+"/k"), "explicit"},
		"a deny of a key IfExists":       {scene{identity: []string{allow, statement("Deny", "", "*", "*", `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`)}}, get(caller, bucket+"/k"), "explicit"},
		"a deny of all actions but":      {scene{identity: []string{allow, statement("Deny", "", "!s3:Get*", "*", "")}}, get(caller, bucket+"/k"), "allowed"},
		"a deny of all other actions":    {scene{identity: []string{allow, statement("Deny", "", "!iam:*", "*", "")}}, get(caller, bucket+"/k"), "explicit"},
		"NotAction allows nothing named": {scene{identity: []string{statement("Allow", "", "!s3:*", "*", "")}}, get(caller, bucket+"/k"), "implicit"},
		"NotAction allows all else":      {scene{identity: []string{statement("Allow", "", "!iam:*", "*", "")}}, get(caller, bucket+"/k"), "allowed"},
		"a deny of all resources but":    {scene{identity: []string{allow, statement("Deny", "", "*", "!"+bucket+"/*", "")}}, get(caller, bucket+"/k"), "allowed"},
		"a deny of all other resources":  {scene{identity: []string{allow, statement("Deny", "", "*", "!"+bucket+"/x/*", "")}}, get(caller, bucket+"/k"), "explicit"},
		"all conditions must hold":       {scene{identity: []string{statement("Allow", "", "*", "*", `{"StringEquals":{"a":"1","b":"2"}}`)}}, Request{caller, "s3:GetObject", bucket + "/k", Context{"a": {"1"}}}, "implicit"},
		"conditions that all hold":       {scene{identity: []string{statement("Allow", "", "*", "*", `{"StringEquals":{"a":"1"},"Bool":{"b":"true"}}`)}}, Request{caller, "s3:GetObject", bucket + "/k", Context{"A": {"1"}, "b": {"true"}}}, "allowed"},
		"the caller is in the context":   {scene{identity: []string{statement("Allow", "", "*", "*", `{"ArnEquals":{"aws:PrincipalArn":"`+role+`"}}`)}}, get(caller, bucket+"/k"), "allowed"},
		"an action that names nothing":   {scene{identity: []string{statement("Allow", "", "ec2:Describe*", "*", "")}}, Request{Principal: caller, Action: "ec2:DescribeVpcs", Resource: "*"}, "allowed"},
		"is not allowed on something":    {scene{identity: []string{statement("Allow", "", "ec2:Describe*", "arn:aws:ec2:*:*:vpc/*", "")}}, Request{Principal: caller, Action: "ec2:DescribeVpcs", Resource: "*"}, "implicit"},

		"a bucket's policy adds":            {scene{bucket: []string{statement("Allow", theRole, "s3:GetObject", bucket+"/*", "")}}, get(caller, bucket+"/k"), "allowed"},
		"a bucket's policy for everybody":   {scene{bucket: []string{statement("Allow", "*", "s3:GetObject", bucket+"/*", "")}}, get(stranger, bucket+"/k"), "allowed"},
		"a bucket's policy for the account": {scene{bucket: []string{statement("Allow", ourRoot, "s3:GetObject", bucket+"/*", "")}}, get(caller, bucket+"/k"), "implicit"},
		"a bucket's policy that denies":     {scene{identity: []string{allow}, bucket: []string{statement("Deny", anybody, "s3:*", bucket+"/*", insecure)}}, Request{caller, "s3:GetObject", bucket + "/k", Context{"aws:SecureTransport": {"false"}}}, "explicit"},
		"and does not over TLS":             {scene{identity: []string{allow}, bucket: []string{statement("Deny", anybody, "s3:*", bucket+"/*", insecure)}}, Request{caller, "s3:GetObject", bucket + "/k", Context{"aws:SecureTransport": {"true"}}}, "allowed"},
		"a deny for the account":            {scene{identity: []string{allow}, bucket: []string{statement("Deny", ourRoot, "s3:*", bucket+"/*", "")}}, get(caller, bucket+"/k"), "explicit"},
		"a deny for another account":        {scene{identity: []string{allow}, bucket: []string{statement("Deny", `{"AWS":"444455556666"}`, "s3:*", bucket+"/*", "")}}, get(caller, bucket+"/k"), "allowed"},
		"an allow for another account":      {scene{bucket: []string{statement("Allow", `{"AWS":"444455556666"}`, "s3:*", bucket+"/*", "")}}, get(stranger, bucket+"/k"), "allowed"},
		"a stranger":                        {scene{identity: []string{allow}}, get(stranger, bucket+"/k"), "implicit"},
		"a service":                         {scene{queue: []string{statement("Allow", `{"Service":"events.amazonaws.com"}`, "sqs:SendMessage", queue, "")}}, Request{Principal: events, Action: "sqs:SendMessage", Resource: queue}, "allowed"},
		"another service":                   {scene{queue: []string{statement("Allow", `{"Service":"sns.amazonaws.com"}`, "sqs:SendMessage", queue, "")}}, Request{Principal: events, Action: "sqs:SendMessage", Resource: queue}, "implicit"},
		"a service among everybody":         {scene{queue: []string{statement("Allow", "*", "sqs:SendMessage", queue, "")}}, Request{Principal: events, Action: "sqs:SendMessage", Resource: queue}, "allowed"},

		"a key without its policy's leave": {scene{identity: []string{statement("Allow", "", "kms:*", "*", "")}, key: []string{statement("Allow", `{"Service":"logs.amazonaws.com"}`, "kms:*", "*", "")}}, decrypt, "implicit"},
		"a key that leaves it to IAM":      {scene{identity: []string{statement("Allow", "", "kms:*", key, "")}, key: []string{statement("Allow", ourRoot, "kms:*", "*", "")}}, decrypt, "allowed"},
		"and IAM does not":                 {scene{key: []string{statement("Allow", ourRoot, "kms:*", "*", "")}}, decrypt, "implicit"},
		"a key that names the role":        {scene{key: []string{statement("Allow", theRole, "kms:Decrypt", "*", "")}}, decrypt, "allowed"},

		"a trust policy that names the role":  {scene{trust: []string{statement("Allow", theRole, "sts:AssumeRole", "", "")}}, assume(caller), "allowed"},
		"a trust policy for the account":      {scene{trust: []string{statement("Allow", ourRoot, "sts:AssumeRole", "", "")}}, assume(caller), "implicit"},
		"with an identity-based policy":       {scene{identity: []string{statement("Allow", "", "sts:AssumeRole", role, "")}, trust: []string{statement("Allow", ourRoot, "sts:AssumeRole", "", "")}}, assume(caller), "allowed"},
		"an identity-based policy alone":      {scene{identity: []string{statement("Allow", "", "sts:AssumeRole", "*", "")}, trust: []string{statement("Allow", `{"Service":"ec2.amazonaws.com"}`, "sts:AssumeRole", "", "")}}, assume(caller), "implicit"},
		"a trust policy for another account":  {scene{trust: []string{statement("Allow", `{"AWS":"arn:aws:iam::444455556666:root"}`, "sts:AssumeRole", "", "")}}, assume(stranger), "allowed"},
		"a provider of another account":       {scene{trust: []string{statement("Allow", `{"AWS":"arn:aws:iam::444455556666:root"}`, "sts:AssumeRole", "", "")}}, assume(Principal{"Federated", "arn:aws:iam::444455556666:saml-provider/x"}), "implicit"},
		"a trust policy for no other account": {scene{trust: []string{statement("Allow", ourRoot, "sts:AssumeRole", "", "")}}, assume(stranger), "implicit"},

		"an administrator":               {scene{managed: []string{administrator}}, get(caller, bucket+"/k"), "allowed"},
		"an administrator who is denied": {scene{managed: []string{administrator}, identity: []string{statement("Deny", "", "s3:*", "*", "")}}, get(caller, bucket+"/k"), "explicit"},
		"ReadOnlyAccess does not write":  {scene{managed: []string{readOnly}}, Request{Principal: caller, Action: "s3:PutObject", Resource: bucket + "/k"}, "implicit"},
		"ReadOnlyAccess may read":        {scene{managed: []string{readOnly}}, get(caller, bucket+"/k"), "no answer"},
		"ReadOnlyAccess is denied":       {scene{managed: []string{readOnly}, identity: []string{statement("Deny", "", "s3:*", "*", "")}}, get(caller, bucket+"/k"), "explicit"},
		"another managed policy":         {scene{managed: []string{managedPrefix + "AmazonEKSClusterPolicy"}}, get(caller, bucket+"/k"), "no answer"},
		"beside an allow":                {scene{identity: []string{allow}, managed: []string{managedPrefix + "AmazonEKSClusterPolicy"}}, get(caller, bucket+"/k"), "no answer"},
		"a boundary":                     {scene{identity: []string{allow}, boundary: managedPrefix + "PowerUserAccess"}, get(caller, bucket+"/k"), "no answer"},
		"a bucket that nobody knows":     {scene{identity: []string{statement("Allow", "", "*", "*", "")}}, get(caller, "arn:aws:s3:::other/k"), "no answer"},
		"a stranger and that bucket":     {scene{}, get(stranger, "arn:aws:s3:::other/k"), "no answer"},
		"that is not allowed anyway":     {scene{identity: []string{allow}}, get(caller, "arn:aws:s3:::other/k"), "implicit"},
		"a queue of another account":     {scene{identity: []string{statement("Allow", "", "*", "*", "")}}, Request{Principal: caller, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:r:444455556666:q"}, "no answer"},
		"a key without a policy":         {scene{identity: []string{statement("Allow", "", "*", "*", "")}}, decrypt, "no answer"},
		"a role that nobody knows":       {scene{}, get(Principal{"AWS", "arn:aws:iam::111122223333:role/x"}, bucket+"/k"), "no answer"},
		"a variable that has no value":   {scene{identity: []string{statement("Allow", "", "*", bucket+"/${aws:username}", "")}}, get(caller, bucket+"/k"), "no answer"},
		"several values of a single key": {scene{identity: []string{statement("Allow", "", "*", "*", `{"StringEquals":{"a":"1"}}`)}}, Request{caller, "s3:GetObject", bucket + "/k", Context{"a": {"1", "2"}}}, "no answer"},
		"a resource that is no ARN":      {scene{identity: []string{allow}}, get(caller, "b/k"), "fault"},
	} {
		t.Run(name, func(t *testing.T) {
			decision, err := test.scene.account(t).Decide(test.request)
			var unsupported *Unsupported
			got := "implicit"
			switch {
			case errors.As(err, &unsupported):
				got = "no answer"
			case err != nil:
				got = "fault"
			case decision.Allowed:
				got = "allowed"
			case decision.Explicit:
				got = "explicit"
			}
			if got != test.want {
				t.Errorf("got %s, want %s (%s, %v)", got, test.want, decision.Reason, err)
			}
		})
	}
}

func TestAManagedPolicyWhoseTextIsGivenCounts(t *testing.T) {
	a := scene{managed: []string{managedPrefix + "X"}}.account(t)
	a.Managed = map[string]Document{managedPrefix + "X": *parse(t, IdentityBased, statement("Allow", "", "s3:Get*", "*", ""))}
	for action, want := range map[string]bool{"s3:GetObject": true, "s3:PutObject": false} {
		decision, err := a.Decide(Request{Principal: caller, Action: action, Resource: bucket + "/k"})
		if err != nil || decision.Allowed != want {
			t.Errorf("%s: %+v, %v", action, decision, err)
		}
	}
}

func TestAWebIdentityNeedsItsProviderSubjectAndAudience(t *testing.T) {
	const provider = "arn:aws:iam::111122223333:oidc-provider/issuer.example.com/id/1"
	condition := `{"StringEquals":{"issuer.example.com/id/1:sub":"me","issuer.example.com/id/1:aud":"sts.amazonaws.com"}}`
	a := scene{trust: []string{statement("Allow", `{"Federated":"`+provider+`"}`, "sts:AssumeRoleWithWebIdentity", "", condition)}}.account(t)
	a.Providers = map[string]Provider{
		"issuer.example.com/id/1": {ARN: provider}, "issuer.example.com/id/2": {ARN: provider + "2"},
	}
	for _, test := range []struct {
		token Token
		want  bool
	}{
		{Token{"issuer.example.com/id/1", "me", "sts.amazonaws.com"}, true},
		{Token{"issuer.example.com/id/1", "Me", "sts.amazonaws.com"}, false},
		{Token{"issuer.example.com/id/1", "me", ""}, false},
		{Token{"issuer.example.com/id/1", "me", "other"}, false},
		{Token{"issuer.example.com/id/2", "me", "sts.amazonaws.com"}, false},
		{Token{"unknown.example.com", "me", "sts.amazonaws.com"}, false},
	} {
		decision, err := a.AssumeWithWebIdentity("r", test.token)
		if err != nil || decision.Allowed != test.want {
			t.Errorf("%+v: %+v, %v", test.token, decision, err)
		}
	}
	if _, err := a.AssumeWithWebIdentity("nobody", Token{}); err == nil {
		t.Error("a role that is not there has an answer")
	}
}
