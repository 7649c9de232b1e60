package account

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

func (a *Account) leftDatabases(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	pages := rds.NewDescribeDBInstancesPaginator(rds.NewFromConfig(a.Config), &rds.DescribeDBInstancesInput{})
	err := eachPage(ctx, pages, func(page *rds.DescribeDBInstancesOutput) {
		for _, each := range page.DBInstances {
			if names.named(aws.ToString(each.DBInstanceIdentifier)) {
				left = append(left, Leftover{ID: *each.DBInstanceIdentifier})
			}
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}

// leftBackups finds snapshots and the automated backups that RDS keeps of a deleted instance. Both are wanted: they are
// the way back.
func (a *Account) leftBackups(ctx context.Context, names Names) ([]Leftover, error) {
	const why = "the way back; delete it when nobody will want it"
	var left []Leftover
	client := rds.NewFromConfig(a.Config)
	snapshots := rds.NewDescribeDBSnapshotsPaginator(client, &rds.DescribeDBSnapshotsInput{
		SnapshotType: aws.String("manual"),
	})
	err := eachPage(ctx, snapshots, func(page *rds.DescribeDBSnapshotsOutput) {
		for _, each := range page.DBSnapshots {
			if names.named(aws.ToString(each.DBInstanceIdentifier)) {
				left = append(left, Leftover{ID: aws.ToString(each.DBSnapshotIdentifier), Kept: why})
			}
		}
	})
	if err != nil {
		return left, err
	}
	retained, err := client.DescribeDBInstanceAutomatedBackups(ctx, &rds.DescribeDBInstanceAutomatedBackupsInput{})
	if err != nil {
		return left, err
	}
	for _, each := range retained.DBInstanceAutomatedBackups {
		if names.named(aws.ToString(each.DBInstanceIdentifier)) && aws.ToString(each.Status) == "retained" {
			left = append(left, Leftover{ID: *each.DBInstanceIdentifier, Kept: "ends by itself after its retention"})
		}
	}
	return left, nil
}

func (a *Account) leftLogGroups(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	for _, prefix := range []string{
		"/aws/containerinsights/" + names.Prefix + "/",
		"/aws/eks/" + names.Prefix + "/",
		"/aws/mlops/" + names.Environment + "/",
		"/aws/rds/instance/" + names.Prefix + "/",
		"/aws/vpc/" + names.Prefix + "/",
	} {
		pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(cloudwatchlogs.NewFromConfig(a.Config),
			&cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix})
		err := eachPage(ctx, pages, func(page *cloudwatchlogs.DescribeLogGroupsOutput) {
			for _, each := range page.LogGroups {
				left = append(left, Leftover{ID: aws.ToString(each.LogGroupName)})
			}
		})
		if err != nil {
			return left, err
		}
	}
	return left, nil
}

// leftSecrets finds secrets of the environment. One that is being deleted is on its way.
func (a *Account) leftSecrets(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	pages := secretsmanager.NewListSecretsPaginator(secretsmanager.NewFromConfig(a.Config),
		&secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
	err := eachPage(ctx, pages, func(page *secretsmanager.ListSecretsOutput) {
		for _, each := range page.SecretList {
			if !strings.HasPrefix(aws.ToString(each.Name), "mlops/"+names.Environment+"/") {
				continue
			}
			one := Leftover{ID: *each.Name}
			if each.DeletedDate != nil {
				one.Kept = "deleted, and gone after its recovery window"
			}
			left = append(left, one)
		}
	})
	if err != nil {
		return left, err
	}
	return left, nil
}

func (a *Account) leftBuckets(ctx context.Context, names Names) ([]Leftover, error) {
	var left []Leftover
	answer, err := s3.NewFromConfig(a.Config).ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil {
		return nil, err
	}
	ending := "-" + names.Environment + "-" + names.Account
	for _, each := range answer.Buckets {
		if name := aws.ToString(each.Name); strings.HasPrefix(name, "mlops-") && strings.HasSuffix(name, ending) {
			left = append(left, Leftover{ID: name})
		}
	}
	return left, nil
}
