package aws

import (
	"errors"
	"testing"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// checkProdIsGuarded tries to delete what holds data, as somebody with every permission could, and is refused.
func checkProdIsGuarded(t *testing.T, a account, prod *root) {
	t.Helper()
	e := newEnvironment(t, a, "prod", prod)
	ctx := t.Context()

	_, err := rds.NewFromConfig(a.config).DeleteDBInstance(ctx,
		&rds.DeleteDBInstanceInput{DBInstanceIdentifier: &e.full, SkipFinalSnapshot: ref(true)})
	refused(t, "the database", err)

	buckets, artifacts := s3.NewFromConfig(a.config), e.facts["artifactsBucket"]
	must[*s3.PutObjectOutput](t)(buckets.PutObject(ctx, &s3.PutObjectInput{Bucket: &artifacts, Key: ref("mlflow/model.onnx")}))
	_, err = buckets.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &artifacts})
	refused(t, "the bucket of models", err)

	if *realAccount == "" {
		return // moto deletes a guarded load balancer; that it is guarded is asked in checkFront
	}
	balancers := elb.NewFromConfig(a.config)
	balancer := must[*elb.DescribeLoadBalancersOutput](t)(balancers.DescribeLoadBalancers(ctx,
		&elb.DescribeLoadBalancersInput{Names: []string{e.full}})).LoadBalancers[0]
	_, err = balancers.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: balancer.LoadBalancerArn})
	refused(t, "the load balancer", err)
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	var answer smithy.APIError
	switch {
	case err == nil:
		t.Errorf("%s was deleted", what)
	case !errors.As(err, &answer):
		t.Errorf("%s: %v", what, err)
	}
}
