package account

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// KarpenterInstances gives the ids of the instances that Karpenter started for a cluster and that are not gone.
func (a *Account) KarpenterInstances(ctx context.Context, cluster string) ([]string, error) {
	return a.instances(ctx,
		filter("tag:kubernetes.io/cluster/"+cluster, "owned"),
		filter("tag-key", "karpenter.sh/nodepool"),
	)
}

// EndInstances ends instances. It does not wait for them to be gone.
func (a *Account) EndInstances(ctx context.Context, ids []string) error {
	_, err := ec2.NewFromConfig(a.Config).TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	return err
}

// instances gives the ids of instances that are not terminated.
func (a *Account) instances(ctx context.Context, filters ...ec2types.Filter) ([]string, error) {
	filters = append(filters, filter("instance-state-name", "pending", "running", "shutting-down", "stopping", "stopped"))
	pages := ec2.NewDescribeInstancesPaginator(ec2.NewFromConfig(a.Config), &ec2.DescribeInstancesInput{Filters: filters})
	var ids []string
	err := eachPage(ctx, pages, func(page *ec2.DescribeInstancesOutput) {
		for _, reservation := range page.Reservations {
			for _, instance := range reservation.Instances {
				ids = append(ids, aws.ToString(instance.InstanceId))
			}
		}
	})
	return ids, err
}

func filter(name string, values ...string) ec2types.Filter {
	return ec2types.Filter{Name: &name, Values: values}
}
