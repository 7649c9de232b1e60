package aws

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func checkNetwork(t *testing.T, e environment) {
	t.Helper()
	ctx, client, id := t.Context(), ec2.NewFromConfig(e.config), e.facts["vpcId"]
	ofVPC := []types.Filter{{Name: ref("vpc-id"), Values: []string{id}}}

	vpc := must[*ec2.DescribeVpcsOutput](t)(client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}})).Vpcs[0]
	want(t, "the VPC's range", map[bool]string{false: "10.0.0.0/16", true: "10.1.0.0/16"}[e.prod], text(vpc.CidrBlock))
	want(t, "the range among the facts", text(vpc.CidrBlock), e.facts["vpcCidr"])

	subnets := must[*ec2.DescribeSubnetsOutput](t)(client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: ofVPC})).Subnets
	tables := must[*ec2.DescribeRouteTablesOutput](t)(
		client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: ofVPC})).RouteTables
	gateways := must[*ec2.DescribeNatGatewaysOutput](t)(
		client.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{Filter: ofVPC})).NatGateways
	zones := map[bool]int{false: 2, true: 3}[e.prod]
	want(t, "subnets, a public and a private one per zone", 2*zones, len(subnets))
	want(t, "NAT gateways", map[bool]int{false: 1, true: 3}[e.prod], len(gateways))

	zoneOf := map[string]string{}
	for _, subnet := range subnets {
		zoneOf[text(subnet.SubnetId)] = text(subnet.AvailabilityZone)
		if subnet.MapPublicIpOnLaunch != nil && *subnet.MapPublicIpOnLaunch {
			t.Errorf("%s gives its instances public addresses", tagOf(subnet.Tags, "Name"))
		}
	}
	inside := 0
	for _, subnet := range subnets {
		table := tableOf(tables, text(subnet.SubnetId))
		route := defaultRoute(table)
		if tagOf(subnet.Tags, "kubernetes.io/role/internal-elb") == "" {
			want(t, "the way out of "+tagOf(subnet.Tags, "Name"), "igw-", prefix(text(route.GatewayId), 4))
			continue
		}
		inside++
		want(t, "the tag by which Karpenter finds a private subnet", e.full, tagOf(subnet.Tags, "karpenter.sh/discovery"))
		nat := slices.IndexFunc(gateways, func(g types.NatGateway) bool { return text(g.NatGatewayId) == text(route.NatGatewayId) })
		if nat < 0 {
			t.Errorf("%s has no way out through a NAT gateway", tagOf(subnet.Tags, "Name"))
		} else if e.prod {
			// The loss of a zone takes the others' way out with it, if that leads through the lost one.
			want(t, "the zone of its NAT gateway", text(subnet.AvailabilityZone), zoneOf[text(gateways[nat].SubnetId)])
		}
	}
	want(t, "private subnets", zones, inside)
	checkEndpointAndLogs(t, e, client, tables)
}

func checkEndpointAndLogs(t *testing.T, e environment, client *ec2.Client, tables []types.RouteTable) {
	t.Helper()
	ctx, id := t.Context(), e.facts["vpcId"]
	ofVPC := []types.Filter{{Name: ref("vpc-id"), Values: []string{id}}}
	endpoints := must[*ec2.DescribeVpcEndpointsOutput](t)(
		client.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{Filters: ofVPC})).VpcEndpoints
	if len(endpoints) != 1 || text(endpoints[0].ServiceName) != "com.amazonaws."+e.region+".s3" {
		t.Fatalf("want one endpoint, for S3: %v", endpoints)
	}
	for _, table := range tables {
		if defaultRoute(table).NatGatewayId != nil && !slices.Contains(endpoints[0].RouteTableIds, text(table.RouteTableId)) {
			t.Errorf("%s reaches S3 through NAT, which charges by the gigabyte", tagOf(table.Tags, "Name"))
		}
	}

	logs := must[*ec2.DescribeFlowLogsOutput](t)(client.DescribeFlowLogs(ctx, &ec2.DescribeFlowLogsInput{
		Filter: []types.Filter{{Name: ref("resource-id"), Values: []string{id}}},
	})).FlowLogs
	if len(logs) != 1 || logs[0].TrafficType != types.TrafficTypeAll {
		t.Errorf("want one flow log of all traffic: %v", logs)
	}

	groups := must[*ec2.DescribeSecurityGroupsOutput](t)(
		client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: append(ofVPC,
			types.Filter{Name: ref("group-name"), Values: []string{"default"}})})).SecurityGroups
	if len(groups) != 1 || len(groups[0].IpPermissions)+len(groups[0].IpPermissionsEgress) != 0 {
		t.Errorf("the default security group lets something through: %v", groups)
	}
}

// private lists the private subnets of an environment.
func private(t *testing.T, e environment) []string {
	t.Helper()
	subnets := must[*ec2.DescribeSubnetsOutput](t)(ec2.NewFromConfig(e.config).DescribeSubnets(t.Context(),
		&ec2.DescribeSubnetsInput{Filters: []types.Filter{
			{Name: ref("vpc-id"), Values: []string{e.facts["vpcId"]}},
			{Name: ref("tag:kubernetes.io/role/internal-elb"), Values: []string{"1"}},
		}})).Subnets
	var found []string
	for _, subnet := range subnets {
		found = append(found, text(subnet.SubnetId))
	}
	slices.Sort(found)
	return found
}

func tableOf(tables []types.RouteTable, subnet string) types.RouteTable {
	for _, table := range tables {
		for _, each := range table.Associations {
			if text(each.SubnetId) == subnet {
				return table
			}
		}
	}
	return types.RouteTable{}
}

func defaultRoute(table types.RouteTable) types.Route {
	for _, route := range table.Routes {
		if text(route.DestinationCidrBlock) == "0.0.0.0/0" {
			return route
		}
	}
	return types.Route{}
}

func tagOf(tags []types.Tag, key string) string {
	for _, tag := range tags {
		if text(tag.Key) == key {
			return text(tag.Value)
		}
	}
	return ""
}

func prefix(s string, n int) string { return s[:min(n, len(s))] }

func ref[T any](value T) *T { return &value }
