package account

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
)

// Leftover is something of an environment that is still there.
type Leftover struct {
	// Kind is what it is, ID what AWS calls it.
	Kind, ID string
	// Kept says why it is left on purpose, or "" when nobody wanted it to be.
	Kept string
}

// Names is how an environment's things are known: by the first part of their names, by the tag Environment, and by the
// names of log groups, secrets and buckets.
type Names struct {
	Environment, Prefix, Account string
}

// looks lists what can be left. Terraform deletes what it made; what costs most when it stays is what controllers made
// in its place, and what a failed destroy left behind.
var looks = []struct {
	kind string
	look func(*Account, context.Context, Names) ([]Leftover, error) // a method
}{
	{"instance", (*Account).leftInstances},
	{"EBS volume", (*Account).leftVolumes},
	{"network interface", (*Account).leftInterfaces},
	{"NAT gateway", (*Account).leftNATGateways},
	{"public address", (*Account).leftAddresses},
	{"VPC", (*Account).leftVPCs},
	{"launch template", (*Account).leftLaunchTemplates},
	{"load balancer", (*Account).leftLoadBalancers},
	{"target group", (*Account).leftTargetGroups},
	{"cluster", (*Account).leftClusters},
	{"database", (*Account).leftDatabases},
	{"backup of a database", (*Account).leftBackups},
	{"log group", (*Account).leftLogGroups},
	{"secret", (*Account).leftSecrets},
	{"bucket", (*Account).leftBuckets},
	{"role", (*Account).leftRoles},
	{"instance profile", (*Account).leftInstanceProfiles},
	{"alarm", (*Account).leftAlarms},
}

// Leftovers looks for everything of an environment. What could not be looked for is in the error, beside what was
// found.
func (a *Account) Leftovers(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	var faults []error
	for _, each := range looks {
		found, err := each.look(a, ctx, names)
		if err != nil {
			faults = append(faults, fmt.Errorf("looking for each %s: %w", each.kind, err))
		}
		for _, one := range found {
			one.Kind = each.kind
			left = append(left, one)
		}
	}
	return left, errors.Join(faults...)
}

// named tells whether a name is the environment's: its prefix, alone or with more after a hyphen. mlops-dev must not
// match mlops-develop.
func (n Names) named(name string) bool {
	return name == n.Prefix || strings.HasPrefix(name, n.Prefix+"-")
}

func isCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}

// A pager is a paginator of the SDK.
type pager[Page, Options any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*Options)) (*Page, error)
}

// eachPage calls do with each page, until there are no more or one cannot be had.
func eachPage[Page, Options any](ctx context.Context, pages pager[Page, Options], do func(*Page)) error {
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		do(page)
	}
	return nil
}
