// Package account asks an AWS account who asks, what is there, and what is left of an environment.
package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// Account is an account of AWS, seen from one region with the credentials of the environment.
type Account struct {
	// ID has twelve digits; Caller is the ARN of whose credentials are used.
	ID, Caller string
	// Config is what other clients of the SDK need to ask it.
	Config aws.Config
}

// Open finds credentials as every AWS SDK does and asks AWS whose they are.
func Open(ctx context.Context, region string) (*Account, error) {
	found, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("the settings of the AWS SDK cannot be used: %w", err)
	}
	who, err := sts.NewFromConfig(found).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("no AWS credentials that work (aws sso login, or AWS_PROFILE): %w", err)
	}
	return &Account{ID: aws.ToString(who.Account), Caller: aws.ToString(who.Arn), Config: found}, nil
}

// HasBucket tells whether a bucket is there and may be used.
func (a *Account) HasBucket(ctx context.Context, name, region string) error {
	client := s3.NewFromConfig(a.Config, func(o *s3.Options) { o.Region = region })
	_, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	return err
}

// IsEmpty tells whether a bucket holds no object and no version of one. A bucket that is gone is empty.
func (a *Account) IsEmpty(ctx context.Context, bucket string) (bool, error) {
	found, err := s3.NewFromConfig(a.Config).ListObjectVersions(ctx, &s3.ListObjectVersionsInput{
		Bucket: &bucket, MaxKeys: aws.Int32(1),
	})
	if isCode(err, "NoSuchBucket") {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return len(found.Versions)+len(found.DeleteMarkers) == 0, nil
}

// Cluster gives what EKS knows of a cluster, or nothing when there is none.
func (a *Account) Cluster(ctx context.Context, name string) (*ekstypes.Cluster, error) {
	found, err := eks.NewFromConfig(a.Config).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	var none *ekstypes.ResourceNotFoundException
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return found.Cluster, nil
}
