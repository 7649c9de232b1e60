package account

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// found collects ids without repeats: a thing may carry more than one of the tags that are looked for.
type found []Leftover

func (f *found) add(id *string) {
	if !slices.ContainsFunc(*f, func(each Leftover) bool { return each.ID == aws.ToString(id) }) {
		*f = append(*f, Leftover{ID: aws.ToString(id)})
	}
}

// tags lists the filters by which things of EC2 are the environment's: Terraform's tag, and those of EKS, Karpenter and
// the drivers.
func (n Names) tags() [][]ec2types.Filter {
	return [][]ec2types.Filter{
		n.ofTerraform(),
		{filter("tag-key", "kubernetes.io/cluster/"+n.Prefix)},
		{filter("tag:eks:cluster-name", n.Prefix)},
		{filter("tag:cluster.k8s.amazonaws.com/name", n.Prefix)},
	}
}

func (n Names) ofTerraform() []ec2types.Filter {
	return []ec2types.Filter{filter("tag:Environment", n.Environment), filter("tag:Project", "mlops")}
}

func (a *Account) leftInstances(ctx context.Context, names Names) ([]Leftover, error) {
	var left found
	for _, tag := range names.tags() {
		ids, err := a.instances(ctx, tag...)
		if err != nil {
			return left, err
		}
		for _, id := range ids {
			left.add(&id)
		}
	}
	return left, nil
}

func (a *Account) leftVolumes(ctx context.Context, names Names) ([]Leftover, error) {
	var left found
	for _, tag := range names.tags() {
		pages := ec2.NewDescribeVolumesPaginator(ec2.NewFromConfig(a.Config),
			&ec2.DescribeVolumesInput{Filters: tag})
		err := eachPage(ctx, pages, func(page *ec2.DescribeVolumesOutput) {
			for _, each := range page.Volumes {
				left.add(each.VolumeId)
			}
		})
		if err != nil {
			return left, err
		}
	}
	return left, nil
}

func (a *Account) leftInterfaces(ctx context.Context, names Names) ([]Leftover, error) {
	var left found
	for _, tag := range names.tags() {
		pages := ec2.NewDescribeNetworkInterfacesPaginator(ec2.NewFromConfig(a.Config),
			&ec2.DescribeNetworkInterfacesInput{Filters: tag})
		err := eachPage(ctx, pages, func(page *ec2.DescribeNetworkInterfacesOutput) {
			for _, each := range page.NetworkInterfaces {
				left.add(each.NetworkInterfaceId)
			}
		})
		if err != nil {
			return left, err
		}
	}
	return left, nil
}

func (a *Account) leftNATGateways(ctx context.Context, names Names) ([]Leftover, error) {
	var left found
	pages := ec2.NewDescribeNatGatewaysPaginator(ec2.NewFromConfig(a.Config), &ec2.DescribeNatGatewaysInput{
		Filter: append(names.ofTerraform(), filter("state", "pending", "available", "failed", "deleting")),
	})
	err := eachPage(ctx, pages, func(page *ec2.DescribeNatGatewaysOutput) {
		for _, each := range page.NatGateways {
			left.add(each.NatGatewayId)
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}

func (a *Account) leftAddresses(ctx context.Context, names Names) ([]Leftover, error) {
	var left found
	answer, err := ec2.NewFromConfig(a.Config).DescribeAddresses(ctx, &ec2.DescribeAddressesInput{
		Filters: names.ofTerraform(),
	})
	if err != nil {
		return nil, err
	}
	for _, each := range answer.Addresses {
		left.add(each.AllocationId)
	}
	return left, nil
}

func (a *Account) leftVPCs(ctx context.Context, names Names) ([]Leftover, error) {
	var left found
	pages := ec2.NewDescribeVpcsPaginator(ec2.NewFromConfig(a.Config), &ec2.DescribeVpcsInput{
		Filters: []ec2types.Filter{filter("tag:Name", names.Prefix)},
	})
	err := eachPage(ctx, pages, func(page *ec2.DescribeVpcsOutput) {
		for _, each := range page.Vpcs {
			left.add(each.VpcId)
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}

func (a *Account) leftLaunchTemplates(ctx context.Context, names Names) ([]Leftover, error) {
	var left found
	for _, tag := range names.tags() {
		pages := ec2.NewDescribeLaunchTemplatesPaginator(ec2.NewFromConfig(a.Config),
			&ec2.DescribeLaunchTemplatesInput{Filters: tag})
		err := eachPage(ctx, pages, func(page *ec2.DescribeLaunchTemplatesOutput) {
			for _, each := range page.LaunchTemplates {
				left.add(each.LaunchTemplateId)
			}
		})
		if err != nil {
			return left, err
		}
	}
	return left, nil
}
