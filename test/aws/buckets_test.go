package aws

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func checkBuckets(t *testing.T, e environment) {
	t.Helper()
	for _, kind := range []string{"data", "feat", "artifacts"} {
		name := e.facts[kind+"Bucket"]
		want(t, "the name", "mlops-"+kind+"-"+e.name+"-"+e.id, name)
		checkBucket(t, e.account, name)
	}
	client, feat := s3.NewFromConfig(e.config), e.facts["featBucket"]
	rules := must[*s3.GetBucketLifecycleConfigurationOutput](t)(client.GetBucketLifecycleConfiguration(t.Context(),
		&s3.GetBucketLifecycleConfigurationInput{Bucket: &feat})).Rules
	expires := map[string]int32{}
	for _, rule := range rules {
		if rule.Expiration != nil && rule.Expiration.Days != nil && rule.Filter != nil {
			expires[text(rule.Filter.Prefix)] = *rule.Expiration.Days
		}
	}
	want(t, "days that the files of workflows stay", int32(30), expires["workflows/"])
}

// checkBucket sees to it that a bucket is private, encrypted, versioned and reached over TLS only.
func checkBucket(t *testing.T, a account, name string) {
	t.Helper()
	ctx, client := t.Context(), s3.NewFromConfig(a.config)
	versioning := must[*s3.GetBucketVersioningOutput](t)(client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name}))
	want(t, "versions of "+name, types.BucketVersioningStatusEnabled, versioning.Status)

	rule := must[*s3.GetBucketEncryptionOutput](t)(client.GetBucketEncryption(ctx,
		&s3.GetBucketEncryptionInput{Bucket: &name})).ServerSideEncryptionConfiguration.Rules[0]
	want(t, "encryption of "+name, types.ServerSideEncryptionAwsKms, rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm)
	want(t, "a key of ours for "+name, true, strings.Contains(text(rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID), ":key/"))

	block := must[*s3.GetPublicAccessBlockOutput](t)(client.GetPublicAccessBlock(ctx,
		&s3.GetPublicAccessBlockInput{Bucket: &name})).PublicAccessBlockConfiguration
	blocked := *block.BlockPublicAcls && *block.BlockPublicPolicy && *block.IgnorePublicAcls && *block.RestrictPublicBuckets
	want(t, "the public is kept out of "+name, true, blocked)

	var policy struct {
		Statement []struct{ Effect, Sid string }
	}
	given := must[*s3.GetBucketPolicyOutput](t)(client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name}))
	if err := json.Unmarshal([]byte(text(given.Policy)), &policy); err != nil {
		t.Fatal(err)
	}
	if len(policy.Statement) != 1 || policy.Statement[0].Effect != "Deny" || policy.Statement[0].Sid != "TlsOnly" {
		t.Errorf("the policy of %s is not the one that refuses all that comes without TLS: %v", name, policy)
	}
}

// emptyBucket removes every version of every object.
func emptyBucket(t *testing.T, a account, name string) {
	t.Helper()
	ctx, client := t.Context(), s3.NewFromConfig(a.config)
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &name})
	for pages.HasMorePages() {
		page := must[*s3.ListObjectVersionsOutput](t)(pages.NextPage(ctx))
		objects := []types.ObjectIdentifier{}
		for _, each := range page.Versions {
			objects = append(objects, types.ObjectIdentifier{Key: each.Key, VersionId: each.VersionId})
		}
		for _, each := range page.DeleteMarkers {
			objects = append(objects, types.ObjectIdentifier{Key: each.Key, VersionId: each.VersionId})
		}
		if len(objects) == 0 {
			return
		}
		must[*s3.DeleteObjectsOutput](t)(client.DeleteObjects(ctx,
			&s3.DeleteObjectsInput{Bucket: &name, Delete: &types.Delete{Objects: objects}}))
	}
}
