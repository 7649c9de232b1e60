package account

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// leftLoadBalancers finds those of Terraform by name, and those that a controller made of Services and Ingresses by the
// tag that it gives them.
func (a *Account) leftLoadBalancers(ctx context.Context, names Names) ([]Leftover, error) {
	client := elb.NewFromConfig(a.Config)
	nameOf := map[string]string{}
	pages := elb.NewDescribeLoadBalancersPaginator(client, &elb.DescribeLoadBalancersInput{})
	err := eachPage(ctx, pages, func(page *elb.DescribeLoadBalancersOutput) {
		for _, each := range page.LoadBalancers {
			nameOf[aws.ToString(each.LoadBalancerArn)] = aws.ToString(each.LoadBalancerName)
		}
	})
	if err != nil {
		return nil, err
	}
	return ofCluster(ctx, client, nameOf, names)
}

func (a *Account) leftTargetGroups(ctx context.Context, names Names) ([]Leftover, error) {
	client := elb.NewFromConfig(a.Config)
	nameOf := map[string]string{}
	pages := elb.NewDescribeTargetGroupsPaginator(client, &elb.DescribeTargetGroupsInput{})
	err := eachPage(ctx, pages, func(page *elb.DescribeTargetGroupsOutput) {
		for _, each := range page.TargetGroups {
			nameOf[aws.ToString(each.TargetGroupArn)] = aws.ToString(each.TargetGroupName)
		}
	})
	if err != nil {
		return nil, err
	}
	return ofCluster(ctx, client, nameOf, names)
}

// ofCluster keeps those, given as ARN to name, that have the environment's name or the cluster's tag.
func ofCluster(ctx context.Context, client *elb.Client, nameOf map[string]string, names Names) ([]Leftover, error) {
	var left []Leftover
	for _, arn := range slices.Sorted(maps.Keys(nameOf)) {
		answer, err := client.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{arn}})
		if err != nil {
			return left, err
		}
		ours := names.named(nameOf[arn])
		for _, described := range answer.TagDescriptions {
			ours = ours || slices.ContainsFunc(described.Tags, func(tag elbtypes.Tag) bool {
				return aws.ToString(tag.Key) == "elbv2.k8s.aws/cluster" && aws.ToString(tag.Value) == names.Prefix
			})
		}
		if ours {
			left = append(left, Leftover{ID: nameOf[arn]})
		}
	}
	return left, nil
}

func (a *Account) leftClusters(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	pages := eks.NewListClustersPaginator(eks.NewFromConfig(a.Config), &eks.ListClustersInput{})
	err := eachPage(ctx, pages, func(page *eks.ListClustersOutput) {
		for _, name := range page.Clusters {
			if names.named(name) {
				left = append(left, Leftover{ID: name})
			}
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}

func (a *Account) leftRoles(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	pages := iam.NewListRolesPaginator(iam.NewFromConfig(a.Config), &iam.ListRolesInput{})
	err := eachPage(ctx, pages, func(page *iam.ListRolesOutput) {
		for _, each := range page.Roles {
			if names.named(aws.ToString(each.RoleName)) {
				left = append(left, Leftover{ID: *each.RoleName})
			}
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}

// leftInstanceProfiles finds those that Karpenter makes: their names begin with the cluster's.
func (a *Account) leftInstanceProfiles(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	pages := iam.NewListInstanceProfilesPaginator(iam.NewFromConfig(a.Config), &iam.ListInstanceProfilesInput{})
	err := eachPage(ctx, pages, func(page *iam.ListInstanceProfilesOutput) {
		for _, each := range page.InstanceProfiles {
			// Karpenter's own form of the name is CLUSTER_HASH.
			name := aws.ToString(each.InstanceProfileName)
			if names.named(name) || strings.HasPrefix(name, names.Prefix+"_") {
				left = append(left, Leftover{ID: name})
			}
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}

func (a *Account) leftAlarms(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	prefix := names.Prefix + "-"
	pages := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(a.Config),
		&cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &prefix})
	err := eachPage(ctx, pages, func(page *cloudwatch.DescribeAlarmsOutput) {
		for _, each := range page.MetricAlarms {
			left = append(left, Leftover{ID: aws.ToString(each.AlarmName)})
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}
