// Package iamtest checks what the roles of this platform may do and who may have them, on a plan or state of the real
// Terraform code. It can be called on an account however that was read: from a real apply, from the emulator, or from
// Offline.
package iamtest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"example.com/mlops-platform/test/aws/iam"
)

// Environment checks dev or prod: the permissions, the trust, and that no role is left out.
func Environment(t *testing.T, account *iam.Account, n Names) {
	t.Helper()
	t.Run("permissions", func(t *testing.T) {
		table := slices.Concat(workloadPromises(n), commonPromises(n), controllerPromises(n), karpenterPromises(n))
		check(t, account, n.Cluster+"-", n.Region, table)
	})
	t.Run("resource policies", func(t *testing.T) { checkServices(t, account, n) })
	t.Run("trust", func(t *testing.T) { checkTrust(t, account, n) })
	t.Run("wildcards", func(t *testing.T) { checkWildcards(t, account, n.Region) })
}

// Bootstrap checks the roles of CI.
func Bootstrap(t *testing.T, account *iam.Account, region string, r Repository) {
	t.Helper()
	t.Run("permissions", func(t *testing.T) {
		check(t, account, "mlops-github-", region, bootstrapPromises(account.ID, region, arnOf(account, "aws_kms_key.state")))
	})
	t.Run("trust", func(t *testing.T) { checkGitHub(t, account, r) })
	t.Run("wildcards", func(t *testing.T) { checkWildcards(t, account, region) })
}

// arnOf is the ARN of a resource, or empty if it is not there.
func arnOf(account *iam.Account, address string) string {
	for _, r := range account.Resources {
		if r.Address == address {
			arn, _ := r.Values["arn"].(string)
			return arn
		}
	}
	return ""
}

// check asks for every line of a table. All that is wrong is reported.
func check(t *testing.T, account *iam.Account, prefix, region string, table []promise) {
	t.Helper()
	for _, p := range table {
		role, ok := account.Roles[prefix+p.Role]
		if !ok {
			t.Errorf("no role %s%s", prefix, p.Role)
			continue
		}
		context := with("aws:SecureTransport", "true", "aws:RequestedRegion", region)
		maps.Copy(context, p.Context)
		got, reason := decide(t, account, iam.Request{
			Principal: iam.Principal{Type: "AWS", ID: role.ARN}, Action: p.Action, Resource: p.Resource, Context: context,
		})
		if got != p.Want {
			t.Errorf("%s: %s on %s with %v is %s, want %s (%s)", p.Role, p.Action, p.Resource, p.Context, got, p.Want, reason)
		}
	}
	t.Logf("%d promises", len(table))
}

func decide(t *testing.T, account *iam.Account, r iam.Request) (verdict, string) {
	t.Helper()
	decision, err := account.Decide(r)
	var unsupported *iam.Unsupported
	switch {
	case errors.As(err, &unsupported):
		return noAnswer, err.Error()
	case err != nil:
		t.Fatal(err)
	case decision.Allowed:
		return allowed, decision.Reason
	}
	return forbidden, decision.Reason
}

// checkTrust checks that each role is for whom it is for, and for nobody else.
func checkTrust(t *testing.T, account *iam.Account, n Names) {
	t.Helper()
	known := map[string]bool{}
	for short, trust := range roles {
		role := account.Roles[n.role(short)]
		known[n.role(short)] = true
		if role == nil {
			t.Errorf("no role %s", n.role(short))
			continue
		}
		var managed []string
		for _, arn := range role.Managed {
			managed = append(managed, strings.TrimPrefix(arn, "arn:aws:iam::aws:policy/"))
		}
		if slices.Sort(managed); !slices.Equal(managed, trust.Managed) {
			t.Errorf("%s has the managed policies %v, want %v", short, managed, trust.Managed)
		}
		for who, request := range outsiders(n, account.Providers[n.Issuer]) {
			request.Resource = role.ARN
			if got, reason := decide(t, account, request); got != forbidden {
				t.Errorf("%s: %s may have it (%s: %s)", short, who, got, reason)
			}
		}
		checkServiceTrust(t, account, role, trust, n.Cluster)
	}
	for name := range account.Roles {
		if !known[name] {
			t.Errorf("the role %s has no promises: say in iamtest who may have it and what it may do", name)
		}
	}
	if provider := account.Providers[n.Issuer]; !slices.Equal(provider.Audiences, []string{audience}) {
		t.Errorf("the cluster's identity provider is for %v, want %s", provider.Audiences, audience)
	}
	for short, pod := range workloads {
		checkPodTrust(t, account, n, short, pod)
	}
}

// checkPodTrust checks that a workload's role is for the token of its own service account.
func checkPodTrust(t *testing.T, account *iam.Account, n Names, short, pod string) {
	t.Helper()
	namespace, name, _ := strings.Cut(pod, ":")
	for other := range workloads {
		token := iam.Token{Issuer: n.Issuer, Subject: "system:serviceaccount:" + pod, Audience: audience}
		decision, err := account.AssumeWithWebIdentity(n.role(other), token)
		if err != nil || decision.Allowed != (other == short) {
			t.Errorf("%s for %s: allowed is %t (%s, %v)", n.role(other), pod, decision.Allowed, decision.Reason, err)
		}
	}
	for who, token := range impostors(n.Issuer, namespace, name) {
		decision, err := account.AssumeWithWebIdentity(n.role(short), token)
		if err != nil || decision.Allowed {
			t.Errorf("%s for %s: allowed is %t (%s, %v)", n.role(short), who, decision.Allowed, decision.Reason, err)
		}
	}
	stolen := iam.Request{
		Principal: iam.Principal{Type: "Federated", ID: "arn:aws:iam::" + n.Account + ":oidc-provider/oidc.example.com"},
		Action:    "sts:AssumeRoleWithWebIdentity", Resource: account.Roles[n.role(short)].ARN,
		Context: with(n.Issuer+":sub", "system:serviceaccount:"+pod, n.Issuer+":aud", audience),
	}
	if got, reason := decide(t, account, stolen); got != forbidden {
		t.Errorf("%s for another provider of this account: %s (%s)", short, got, reason)
	}
}

// checkServiceTrust checks the roles that a service of AWS takes, for itself or for a pod.
func checkServiceTrust(t *testing.T, account *iam.Account, role *iam.Role, trust trusted, cluster string) {
	t.Helper()
	action := "sts:AssumeRole"
	ask := func(service string, context iam.Context) verdict {
		got, _ := decide(t, account, iam.Request{
			Principal: iam.Principal{Type: "Service", ID: service},
			Action:    action, Resource: role.ARN, Context: context,
		})
		return got
	}
	own := pod(cluster, trust.Namespace, trust.ServiceAccount)
	for _, service := range []string{pods, "eks.amazonaws.com", "vpc-flow-logs.amazonaws.com", "ec2.amazonaws.com"} {
		want := forbidden
		if service == trust.Service {
			want = allowed
		}
		if got := ask(service, own); got != want {
			t.Errorf("%s for %s: %s, want %s", role.Name, service, got, want)
		}
	}
	if trust.Service != pods {
		return
	}
	impostors := map[string]iam.Context{
		"no pod":                  nil,
		"another service account": pod(cluster, trust.Namespace, "default"),
		"another cluster's pod":   pod(cluster+"-2", trust.Namespace, trust.ServiceAccount),
	}
	if trust.Namespace != "" {
		impostors["another namespace"] = pod(cluster, "default", trust.ServiceAccount)
	}
	// EKS does both: it takes the role, and hands the tags on.
	for _, action = range []string{"sts:AssumeRole", "sts:TagSession"} {
		if got := ask(pods, own); got != allowed {
			t.Errorf("%s for its pod: %s is %s", role.Name, action, got)
		}
		for who, context := range impostors {
			if ask(pods, context) != forbidden {
				t.Errorf("%s is for %s too: %s", role.Name, who, action)
			}
		}
	}
}

// checkGitHub checks every token against every role: exactly the intended pairs.
func checkGitHub(t *testing.T, account *iam.Account, r Repository) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(account.Roles)); !slices.Equal(got, []string{
		"mlops-github-apply-dev", "mlops-github-apply-prod", "mlops-github-images", "mlops-github-plan",
	}) {
		t.Errorf("the roles of CI are %v", got)
	}
	if got := account.Providers[gitHub].Audiences; !slices.Equal(got, []string{audience}) {
		t.Errorf("GitHub's identity provider is for %v, want %s", got, audience)
	}
	for _, login := range logins(r) {
		for name, role := range account.Roles {
			decision, err := account.AssumeWithWebIdentity(name, login.Token)
			want := slices.Contains(login.Opens, strings.TrimPrefix(name, "mlops-github-"))
			if err != nil || decision.Allowed != want {
				t.Errorf("%s (%s) for %s: allowed is %t, want %t (%s, %v)",
					login.Case, login.Token.Subject, role.Name, decision.Allowed, want, decision.Reason, err)
			}
		}
	}
	t.Logf("%d tokens, %d roles", len(logins(r)), len(account.Roles))
}
