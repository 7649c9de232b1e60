package iamtest

import (
	"slices"
	"strings"
	"testing"

	"example.com/mlops-platform/test/aws/iam"
)

// nameless are the actions that a role may have on *, because they name no resource in IAM (Service Authorization
// Reference). They read, or make up a value that nobody keeps.
var nameless = []string{
	"ec2:DescribeAvailabilityZones", "ec2:DescribeCapacityReservations", "ec2:DescribeImages",
	"ec2:DescribeInstanceStatus", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes",
	"ec2:DescribeInstances", "ec2:DescribeLaunchTemplates", "ec2:DescribeNetworkInterfaces",
	"ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
	"ecr:GetAuthorizationToken",
	"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
	"secretsmanager:GetRandomPassword",
}

// global are those of them that no region can limit: IAM has none, and prices are served from one for all.
var global = []string{"iam:ListInstanceProfiles", "pricing:GetProducts"}

// checkWildcards checks that no policy of a role allows an action on all resources, but for the listed ones, nor a
// pattern of actions.
func checkWildcards(t *testing.T, account *iam.Account, region string) {
	t.Helper()
	for _, role := range account.Roles {
		for name, policy := range role.Policies {
			for _, s := range policy.Statements {
				if !s.Deny {
					checkStatement(t, role.Name+"/"+name+"/"+s.Sid, s, region)
				}
			}
		}
	}
}

func checkStatement(t *testing.T, where string, s iam.Statement, region string) {
	t.Helper()
	if s.AllActionsBut || s.AllResourcesBut {
		t.Errorf("%s allows all but what it names", where)
	}
	for _, action := range s.Actions {
		if strings.ContainsAny(action, "*?") {
			t.Errorf("%s allows a pattern of actions: %s", where, action)
		}
	}
	if !slices.ContainsFunc(s.Resources, unbounded) {
		return
	}
	for _, action := range s.Actions {
		switch {
		case slices.Contains(global, action):
		case !slices.Contains(nameless, action):
			t.Errorf("%s allows %s on %v", where, action, s.Resources)
		case !slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool {
			return c.Operator.Name == "StringEquals" && c.Key == "aws:requestedregion" &&
				slices.Equal(c.Values, []string{region})
		}):
			t.Errorf("%s allows %s in every region", where, action)
		}
	}
}

// unbounded says whether a resource is * or all of what a service has, such as every bucket.
func unbounded(resource string) bool {
	parts := strings.SplitN(resource, ":", 6)
	return len(parts) < 6 || strings.HasPrefix(parts[5], "*") || strings.ContainsAny(strings.Join(parts[:5], ""), "*?")
}
