package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	budgetstypes "github.com/aws/aws-sdk-go-v2/service/budgets/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secretstypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func network(a account) map[string]names {
	c := ec2.NewFromConfig(a.config)
	balancers := elb.NewFromConfig(a.config)
	return map[string]names{
		"VPCs": list(c.DescribeVpcs, func(o *ec2.DescribeVpcsOutput) []ec2types.Vpc { return o.Vpcs },
			func(v ec2types.Vpc) string { return text(v.VpcId) }),
		"subnets": list(c.DescribeSubnets, func(o *ec2.DescribeSubnetsOutput) []ec2types.Subnet { return o.Subnets },
			func(s ec2types.Subnet) string { return text(s.SubnetId) }),
		"route tables": list(c.DescribeRouteTables,
			func(o *ec2.DescribeRouteTablesOutput) []ec2types.RouteTable { return o.RouteTables },
			func(r ec2types.RouteTable) string { return text(r.RouteTableId) }),
		"internet gateways": list(c.DescribeInternetGateways,
			func(o *ec2.DescribeInternetGatewaysOutput) []ec2types.InternetGateway { return o.InternetGateways },
			func(g ec2types.InternetGateway) string { return text(g.InternetGatewayId) }),
		"NAT gateways": list(c.DescribeNatGateways,
			func(o *ec2.DescribeNatGatewaysOutput) []ec2types.NatGateway { return o.NatGateways },
			func(g ec2types.NatGateway) string {
				if g.State == ec2types.NatGatewayStateDeleted {
					return "" // AWS shows it for an hour
				}
				return text(g.NatGatewayId)
			}),
		"addresses": list(c.DescribeAddresses, func(o *ec2.DescribeAddressesOutput) []ec2types.Address { return o.Addresses },
			func(address ec2types.Address) string { return text(address.PublicIp) }),
		"endpoints": list(c.DescribeVpcEndpoints,
			func(o *ec2.DescribeVpcEndpointsOutput) []ec2types.VpcEndpoint { return o.VpcEndpoints },
			func(e ec2types.VpcEndpoint) string {
				if strings.EqualFold(string(e.State), "deleted") {
					return ""
				}
				return text(e.VpcEndpointId)
			}),
		"security groups": list(c.DescribeSecurityGroups,
			func(o *ec2.DescribeSecurityGroupsOutput) []ec2types.SecurityGroup { return o.SecurityGroups },
			func(g ec2types.SecurityGroup) string { return text(g.GroupId) }),
		"network interfaces": func(ctx context.Context) ([]string, error) { return interfaces(ctx, c) },
		"flow logs": list(c.DescribeFlowLogs, func(o *ec2.DescribeFlowLogsOutput) []ec2types.FlowLog { return o.FlowLogs },
			func(l ec2types.FlowLog) string { return text(l.FlowLogId) }),
		"load balancers": list(balancers.DescribeLoadBalancers,
			func(o *elb.DescribeLoadBalancersOutput) []elbtypes.LoadBalancer { return o.LoadBalancers },
			func(b elbtypes.LoadBalancer) string { return text(b.LoadBalancerName) }),
		"target groups": list(balancers.DescribeTargetGroups,
			func(o *elb.DescribeTargetGroupsOutput) []elbtypes.TargetGroup { return o.TargetGroups },
			func(g elbtypes.TargetGroup) string { return text(g.TargetGroupName) }),
		"zones": list(route53.NewFromConfig(a.config).ListHostedZones,
			func(o *route53.ListHostedZonesOutput) []route53types.HostedZone { return o.HostedZones },
			func(z route53types.HostedZone) string { return text(z.Name) }),
		"certificates": list(acm.NewFromConfig(a.config).ListCertificates,
			func(o *acm.ListCertificatesOutput) []acmtypes.CertificateSummary { return o.CertificateSummaryList },
			func(s acmtypes.CertificateSummary) string { return text(s.DomainName) }),
	}
}

// interfaces lists network interfaces in subnets that exist. Moto deletes a NAT gateway and its subnet and leaves the
// interface; AWS deletes no subnet that has one.
func interfaces(ctx context.Context, client *ec2.Client) ([]string, error) {
	subnets, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	if err != nil {
		return nil, err
	}
	answer, err := client.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{})
	if err != nil {
		return nil, err
	}
	var found []string
	for _, each := range answer.NetworkInterfaces {
		if slices.ContainsFunc(subnets.Subnets, func(s ec2types.Subnet) bool { return text(s.SubnetId) == text(each.SubnetId) }) {
			found = append(found, text(each.NetworkInterfaceId))
		}
	}
	return found, nil
}

func compute(a account) map[string]names {
	c := ec2.NewFromConfig(a.config)
	return map[string]names{
		"clusters": list(eks.NewFromConfig(a.config).ListClusters,
			func(o *eks.ListClustersOutput) []string { return o.Clusters }, itself),
		"launch templates": list(c.DescribeLaunchTemplates,
			func(o *ec2.DescribeLaunchTemplatesOutput) []ec2types.LaunchTemplate { return o.LaunchTemplates },
			func(l ec2types.LaunchTemplate) string { return text(l.LaunchTemplateName) }),
		"instances": list(c.DescribeInstances,
			func(o *ec2.DescribeInstancesOutput) []ec2types.Reservation { return o.Reservations },
			func(r ec2types.Reservation) string { return text(r.ReservationId) }),
		"volumes": list(c.DescribeVolumes, func(o *ec2.DescribeVolumesOutput) []ec2types.Volume { return o.Volumes },
			func(v ec2types.Volume) string { return text(v.VolumeId) }),
		"repositories": list(ecr.NewFromConfig(a.config).DescribeRepositories,
			func(o *ecr.DescribeRepositoriesOutput) []ecrtypes.Repository { return o.Repositories },
			func(r ecrtypes.Repository) string { return text(r.RepositoryName) }),
	}
}

func data(a account) map[string]names {
	c := rds.NewFromConfig(a.config)
	return map[string]names{
		"databases": list(c.DescribeDBInstances,
			func(o *rds.DescribeDBInstancesOutput) []rdstypes.DBInstance { return o.DBInstances },
			func(d rdstypes.DBInstance) string { return text(d.DBInstanceIdentifier) }),
		"snapshots": list(c.DescribeDBSnapshots,
			func(o *rds.DescribeDBSnapshotsOutput) []rdstypes.DBSnapshot { return o.DBSnapshots },
			func(s rdstypes.DBSnapshot) string { return text(s.DBSnapshotIdentifier) }),
		"subnet groups": list(c.DescribeDBSubnetGroups,
			func(o *rds.DescribeDBSubnetGroupsOutput) []rdstypes.DBSubnetGroup { return o.DBSubnetGroups },
			func(g rdstypes.DBSubnetGroup) string { return text(g.DBSubnetGroupName) }),
		"parameter groups": list(c.DescribeDBParameterGroups,
			func(o *rds.DescribeDBParameterGroupsOutput) []rdstypes.DBParameterGroup { return o.DBParameterGroups },
			func(g rdstypes.DBParameterGroup) string { return text(g.DBParameterGroupName) }),
		"buckets": list(s3.NewFromConfig(a.config).ListBuckets,
			func(o *s3.ListBucketsOutput) []s3types.Bucket { return o.Buckets },
			func(b s3types.Bucket) string { return text(b.Name) }),
		"secrets": list(secretsmanager.NewFromConfig(a.config).ListSecrets,
			func(o *secretsmanager.ListSecretsOutput) []secretstypes.SecretListEntry { return o.SecretList },
			func(s secretstypes.SecretListEntry) string { return text(s.Name) }),
	}
}

func identity(a account) map[string]names {
	c, keys := iam.NewFromConfig(a.config), kms.NewFromConfig(a.config)
	return map[string]names{
		"roles": list(c.ListRoles, func(o *iam.ListRolesOutput) []iamtypes.Role { return o.Roles },
			func(r iamtypes.Role) string { return text(r.RoleName) }),
		"instance profiles": list(c.ListInstanceProfiles,
			func(o *iam.ListInstanceProfilesOutput) []iamtypes.InstanceProfile { return o.InstanceProfiles },
			func(p iamtypes.InstanceProfile) string { return text(p.InstanceProfileName) }),
		"identity providers": list(c.ListOpenIDConnectProviders,
			func(o *iam.ListOpenIDConnectProvidersOutput) []iamtypes.OpenIDConnectProviderListEntry {
				return o.OpenIDConnectProviderList
			},
			func(p iamtypes.OpenIDConnectProviderListEntry) string { return text(p.Arn) }),
		"policies of the account": func(ctx context.Context) ([]string, error) {
			answer, err := c.ListPolicies(ctx, &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal})
			if err != nil {
				return nil, err
			}
			found := []string{}
			for _, each := range answer.Policies {
				found = append(found, text(each.PolicyName))
			}
			return found, nil
		},
		// AWS deletes a key after a month at the earliest; one that waits for it costs nothing.
		"keys in use": func(ctx context.Context) ([]string, error) {
			pages := kms.NewListKeysPaginator(keys, &kms.ListKeysInput{})
			var found []string
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				for _, each := range page.Keys {
					key, err := keys.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: each.KeyId})
					if err != nil {
						return nil, err
					}
					ours := key.KeyMetadata.KeyManager == kmstypes.KeyManagerTypeCustomer
					if ours && key.KeyMetadata.KeyState != kmstypes.KeyStatePendingDeletion {
						found = append(found, text(key.KeyMetadata.Description))
					}
				}
			}
			return found, nil
		},
		"names of keys": list(keys.ListAliases, func(o *kms.ListAliasesOutput) []kmstypes.AliasListEntry { return o.Aliases },
			func(alias kmstypes.AliasListEntry) string {
				if strings.HasPrefix(text(alias.AliasName), "alias/aws/") {
					return "" // AWS makes these on first use, and keeps them
				}
				return text(alias.AliasName)
			}),
	}
}

func watching(a account) map[string]names {
	c := cloudwatch.NewFromConfig(a.config)
	return map[string]names{
		"alarms": list(c.DescribeAlarms, func(o *cloudwatch.DescribeAlarmsOutput) []cwtypes.MetricAlarm { return o.MetricAlarms },
			func(m cwtypes.MetricAlarm) string { return text(m.AlarmName) }),
		"dashboards": list(c.ListDashboards,
			func(o *cloudwatch.ListDashboardsOutput) []cwtypes.DashboardEntry { return o.DashboardEntries },
			func(d cwtypes.DashboardEntry) string { return text(d.DashboardName) }),
		"log groups": list(cloudwatchlogs.NewFromConfig(a.config).DescribeLogGroups,
			func(o *cloudwatchlogs.DescribeLogGroupsOutput) []logstypes.LogGroup { return o.LogGroups },
			func(g logstypes.LogGroup) string { return text(g.LogGroupName) }),
		"topics": list(sns.NewFromConfig(a.config).ListTopics,
			func(o *sns.ListTopicsOutput) []snstypes.Topic { return o.Topics },
			func(topic snstypes.Topic) string { return text(topic.TopicArn) }),
		"queues": list(sqs.NewFromConfig(a.config).ListQueues,
			func(o *sqs.ListQueuesOutput) []string { return slices.Clone(o.QueueUrls) }, itself),
		"rules": list(eventbridge.NewFromConfig(a.config).ListRules,
			func(o *eventbridge.ListRulesOutput) []eventtypes.Rule { return o.Rules },
			func(r eventtypes.Rule) string { return text(r.Name) }),
		"budgets": func(ctx context.Context) ([]string, error) {
			answer, err := budgets.NewFromConfig(a.config).DescribeBudgets(ctx, &budgets.DescribeBudgetsInput{AccountId: &a.id})
			if err != nil {
				return nil, err
			}
			var found []string
			for _, each := range answer.Budgets {
				found = append(found, nameOfBudget(each))
			}
			return found, nil
		},
	}
}

func nameOfBudget(b budgetstypes.Budget) string { return text(b.BudgetName) }
