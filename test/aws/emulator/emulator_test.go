package emulator

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"example.com/mlops-platform/test/aws/tools"
)

const (
	region  = "eu-west-1"
	account = "111122223333"
	cluster = "c1"
	role    = "arn:aws:iam::111122223333:role/somebody"
)

// TestAnEmulatedAccount uses one account for all its parts: moto needs seconds to start.
func TestAnEmulatedAccount(t *testing.T) {
	if testing.Short() {
		t.Skip("starts moto; takes seconds")
	}
	found, err := tools.Find()
	if err != nil {
		t.Fatal(err)
	}
	e := Start(t, found.Moto, account)
	t.Run("no request leaves the machine", func(t *testing.T) { testOtherHosts(t, e) })
	t.Run("a bucket's policy is given back and does not refuse TLS", func(t *testing.T) { testPolicy(t, e) })

	client := eks.NewFromConfig(e.Config(t, region))
	t.Run("nothing belongs to a cluster that is not there", func(t *testing.T) { testNoCluster(t, client) })
	group := makeCluster(t, e, client)
	t.Run("add-ons", func(t *testing.T) { testAddons(t, client) })
	t.Run("access entries", func(t *testing.T) { testEntries(t, client) })
	t.Run("pod identity", func(t *testing.T) { testAssociations(t, client) })
	t.Run("a cluster takes its security group with it", func(t *testing.T) {
		if _, err := client.DeleteCluster(t.Context(), &eks.DeleteClusterInput{Name: aws.String(cluster)}); err != nil {
			t.Fatal(err)
		}
		_, err := ec2.NewFromConfig(e.Config(t, region)).DescribeSecurityGroups(t.Context(),
			&ec2.DescribeSecurityGroupsInput{GroupIds: []string{group}})
		wantFault(t, "InvalidGroup.NotFound", err)
	})
}

func testOtherHosts(t *testing.T, e *Emulator) {
	t.Helper()
	proxy, err := url.Parse(e.Environment()["HTTPS_PROXY"])
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	for _, address := range []string{"https://example.com/", "http://example.com/", "https://amazonaws.com.example.com/"} {
		answer, err := client.Get(address)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s answers %s", address, answer.Status)
			}
		}
	}
}

func testPolicy(t *testing.T, e *Emulator) {
	t.Helper()
	client, bucket := s3.NewFromConfig(e.Config(t, region)), aws.String("a-bucket")
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*",` +
		`"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{
		LocationConstraint: region,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(policy)}); err != nil {
		t.Fatal(err)
	}
	answer, err := client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: bucket})
	if err != nil || aws.ToString(answer.Policy) != policy {
		t.Errorf("the policy came back as %v, %v", answer, err)
	}
	object := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("a"), Body: strings.NewReader("a")}
	if _, err := client.PutObject(t.Context(), object); err != nil {
		t.Errorf("what comes with TLS is refused: %v", err)
	}
	if _, err := client.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	_, err = client.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: bucket})
	wantFault(t, "NoSuchBucketPolicy", err)
}

func testNoCluster(t *testing.T, client *eks.Client) {
	t.Helper()
	_, err := client.ListAddons(t.Context(), &eks.ListAddonsInput{ClusterName: aws.String("none")})
	wantFault(t, "ResourceNotFoundException", err)
	_, err = client.CreateAccessEntry(t.Context(),
		&eks.CreateAccessEntryInput{ClusterName: aws.String("none"), PrincipalArn: aws.String(role)})
	wantFault(t, "ResourceNotFoundException", err)
}

// makeCluster makes a cluster in a subnet, and returns its security group.
func makeCluster(t *testing.T, e *Emulator, client *eks.Client) string {
	t.Helper()
	subnets, err := ec2.NewFromConfig(e.Config(t, region)).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateCluster(t.Context(), &eks.CreateClusterInput{
		Name: aws.String(cluster), RoleArn: aws.String(role), Version: aws.String("1.35"),
		AccessConfig:       &types.CreateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApi},
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{aws.ToString(subnets.Subnets[0].SubnetId)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	network := made.Cluster.ResourcesVpcConfig
	if aws.ToString(network.VpcId) != aws.ToString(subnets.Subnets[0].VpcId) || made.Cluster.AccessConfig == nil ||
		made.Cluster.AccessConfig.AuthenticationMode != types.AuthenticationModeApi {
		t.Errorf("the cluster is not what was asked for: %+v", made.Cluster)
	}
	return aws.ToString(network.ClusterSecurityGroupId)
}

func testAddons(t *testing.T, client *eks.Client) {
	t.Helper()
	name, driver := aws.String(cluster), aws.String("aws-ebs-csi-driver")
	create := &eks.CreateAddonInput{ClusterName: name, AddonName: driver, PodIdentityAssociations: []types.AddonPodIdentityAssociations{
		{ServiceAccount: aws.String("ebs-csi-controller-sa"), RoleArn: aws.String(role)},
	}}
	if _, err := client.CreateAddon(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	_, err := client.CreateAddon(t.Context(), create)
	wantFault(t, "ResourceInUseException", err)
	_, err = client.CreateAddon(t.Context(),
		&eks.CreateAddonInput{ClusterName: name, AddonName: aws.String("vpc-cni"), ConfigurationValues: aws.String("no json")})
	wantFault(t, "InvalidParameterException", err)

	has, err := client.DescribeAddon(t.Context(), &eks.DescribeAddonInput{ClusterName: name, AddonName: driver})
	if err != nil || has.Addon.Status != types.AddonStatusActive || len(has.Addon.PodIdentityAssociations) != 1 {
		t.Fatalf("the add-on is not there with its role: %+v, %v", has, err)
	}
	associations, err := client.ListPodIdentityAssociations(t.Context(),
		&eks.ListPodIdentityAssociationsInput{ClusterName: name, Namespace: aws.String("kube-system")})
	if err != nil || len(associations.Associations) != 1 {
		t.Errorf("its role is not among the associations: %+v, %v", associations, err)
	}
	updated, err := client.UpdateAddon(t.Context(),
		&eks.UpdateAddonInput{ClusterName: name, AddonName: driver, ConfigurationValues: aws.String(`{"a":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	update, err := client.DescribeUpdate(t.Context(),
		&eks.DescribeUpdateInput{Name: name, AddonName: driver, UpdateId: updated.Update.Id})
	if err != nil || update.Update.Status != types.UpdateStatusSuccessful {
		t.Errorf("the update does not end: %+v, %v", update, err)
	}
	if _, err := client.DeleteAddon(t.Context(), &eks.DeleteAddonInput{ClusterName: name, AddonName: driver}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DescribeAddon(t.Context(), &eks.DescribeAddonInput{ClusterName: name, AddonName: driver})
	wantFault(t, "ResourceNotFoundException", err)
}

func testEntries(t *testing.T, client *eks.Client) {
	t.Helper()
	name, principal := aws.String(cluster), aws.String(role)
	create := &eks.CreateAccessEntryInput{ClusterName: name, PrincipalArn: principal}
	if _, err := client.CreateAccessEntry(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	_, err := client.CreateAccessEntry(t.Context(), create)
	wantFault(t, "ResourceInUseException", err)
	_, err = client.CreateAccessEntry(t.Context(),
		&eks.CreateAccessEntryInput{ClusterName: name, PrincipalArn: aws.String("arn:aws:iam::999999999999:role/foreign")})
	wantFault(t, "InvalidParameterException", err)

	policy := aws.String("arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy")
	_, err = client.AssociateAccessPolicy(t.Context(), &eks.AssociateAccessPolicyInput{
		ClusterName: name, PrincipalArn: principal, PolicyArn: policy,
		AccessScope: &types.AccessScope{Type: types.AccessScopeTypeNamespace, Namespaces: []string{"mlflow"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	has, err := client.ListAssociatedAccessPolicies(t.Context(),
		&eks.ListAssociatedAccessPoliciesInput{ClusterName: name, PrincipalArn: principal})
	if err != nil || len(has.AssociatedAccessPolicies) != 1 ||
		!slices.Equal(has.AssociatedAccessPolicies[0].AccessScope.Namespaces, []string{"mlflow"}) {
		t.Errorf("the policy is not there with its scope: %+v, %v", has, err)
	}
	remove := &eks.DisassociateAccessPolicyInput{ClusterName: name, PrincipalArn: principal, PolicyArn: policy}
	if _, err := client.DisassociateAccessPolicy(t.Context(), remove); err != nil {
		t.Fatal(err)
	}
	_, err = client.DisassociateAccessPolicy(t.Context(), remove)
	wantFault(t, "ResourceNotFoundException", err)
	if _, err := client.DeleteAccessEntry(t.Context(), &eks.DeleteAccessEntryInput{ClusterName: name, PrincipalArn: principal}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DescribeAccessEntry(t.Context(), &eks.DescribeAccessEntryInput{ClusterName: name, PrincipalArn: principal})
	wantFault(t, "ResourceNotFoundException", err)
}

func testAssociations(t *testing.T, client *eks.Client) {
	t.Helper()
	name := aws.String(cluster)
	create := &eks.CreatePodIdentityAssociationInput{
		ClusterName: name, Namespace: aws.String("kube-system"), ServiceAccount: aws.String("karpenter"), RoleArn: aws.String(role),
	}
	made, err := client.CreatePodIdentityAssociation(t.Context(), create)
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CreatePodIdentityAssociation(t.Context(), create)
	wantFault(t, "ResourceInUseException", err)
	id := made.Association.AssociationId
	has, err := client.DescribePodIdentityAssociation(t.Context(),
		&eks.DescribePodIdentityAssociationInput{ClusterName: name, AssociationId: id})
	if err != nil || aws.ToString(has.Association.RoleArn) != role {
		t.Errorf("the association is not there: %+v, %v", has, err)
	}
	if _, err := client.DeletePodIdentityAssociation(t.Context(),
		&eks.DeletePodIdentityAssociationInput{ClusterName: name, AssociationId: id}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DescribePodIdentityAssociation(t.Context(),
		&eks.DescribePodIdentityAssociationInput{ClusterName: name, AssociationId: id})
	wantFault(t, "ResourceNotFoundException", err)
}

func wantFault(t *testing.T, code string, err error) {
	t.Helper()
	var fault smithy.APIError
	if !errors.As(err, &fault) || fault.ErrorCode() != code {
		t.Errorf("want the fault %s, got %v", code, err)
	}
}
