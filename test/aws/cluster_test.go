package aws

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
)

func checkCluster(t *testing.T, e environment) {
	t.Helper()
	ctx, client, name := t.Context(), eks.NewFromConfig(e.config), e.facts["clusterName"]
	cluster := must[*eks.DescribeClusterOutput](t)(client.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})).Cluster
	want(t, "the version of Kubernetes", "1.35", text(cluster.Version))
	want(t, "the private endpoint", true, cluster.ResourcesVpcConfig.EndpointPrivateAccess)
	want(t, "the public endpoint", false, cluster.ResourcesVpcConfig.EndpointPublicAccess)
	if len(cluster.EncryptionConfig) != 1 || !strings.Contains(text(cluster.EncryptionConfig[0].Provider.KeyArn), ":key/") {
		t.Errorf("Secrets are not encrypted with a key of ours: %v", cluster.EncryptionConfig)
	}
	var logged []string
	for _, each := range cluster.Logging.ClusterLogging {
		if each.Enabled != nil && *each.Enabled {
			for _, kind := range each.Types {
				logged = append(logged, string(kind))
			}
		}
	}
	slices.Sort(logged)
	if diff := cmp.Diff([]string{"api", "audit", "authenticator", "controllerManager", "scheduler"}, logged); diff != "" {
		t.Errorf("logs of the control plane:\n%s", diff)
	}

	addons := must[*eks.ListAddonsOutput](t)(client.ListAddons(ctx, &eks.ListAddonsInput{ClusterName: &name})).Addons
	wanted := []string{
		"amazon-cloudwatch-observability", "aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni",
	}
	if diff := cmp.Diff(wanted, addons); diff != "" {
		t.Errorf("add-ons:\n%s", diff)
	}
	cni := must[*eks.DescribeAddonOutput](t)(
		client.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: &name, AddonName: ref("vpc-cni")})).Addon
	var configured map[string]string
	if err := json.Unmarshal([]byte(text(cni.ConfigurationValues)), &configured); err != nil || configured["enableNetworkPolicy"] != "true" {
		t.Errorf("vpc-cni does not enforce network policies: %q", text(cni.ConfigurationValues))
	}
	checkAccess(t, e, client)
}

// checkAccess looks at who may use the cluster's API, and which pods get roles by Pod Identity.
func checkAccess(t *testing.T, e environment, client *eks.Client) {
	t.Helper()
	ctx, name := t.Context(), e.facts["clusterName"]
	entries := must[*eks.ListAccessEntriesOutput](t)(
		client.ListAccessEntries(ctx, &eks.ListAccessEntriesInput{ClusterName: &name})).AccessEntries
	found := map[string]string{}
	for _, principal := range entries {
		entry := must[*eks.DescribeAccessEntryOutput](t)(client.DescribeAccessEntry(ctx,
			&eks.DescribeAccessEntryInput{ClusterName: &name, PrincipalArn: &principal})).AccessEntry
		policies := must[*eks.ListAssociatedAccessPoliciesOutput](t)(client.ListAssociatedAccessPolicies(ctx,
			&eks.ListAssociatedAccessPoliciesInput{ClusterName: &name, PrincipalArn: &principal})).AssociatedAccessPolicies
		has := []string{text(entry.Type)}
		for _, policy := range policies {
			_, short, _ := strings.Cut(text(policy.PolicyArn), "/")
			has = append(has, short)
		}
		_, role, _ := strings.Cut(principal, ":role/")
		found[role] = strings.Join(has, " ")
	}
	wanted := map[string]string{
		"platform-admin":           "STANDARD AmazonEKSClusterAdminPolicy",
		e.full + "-karpenter-node": "EC2_LINUX",
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		t.Errorf("access entries:\n%s", diff)
	}

	associations := must[*eks.ListPodIdentityAssociationsOutput](t)(client.ListPodIdentityAssociations(ctx,
		&eks.ListPodIdentityAssociationsInput{ClusterName: &name})).Associations
	pods := []string{}
	for _, each := range associations {
		pods = append(pods, text(each.Namespace)+"/"+text(each.ServiceAccount))
	}
	slices.Sort(pods)
	if diff := cmp.Diff([]string{
		"amazon-cloudwatch/cloudwatch-agent", "external-secrets/external-secrets", "kube-system/aws-load-balancer-controller",
		"kube-system/ebs-csi-controller-sa", "kube-system/karpenter",
	}, pods); diff != "" {
		t.Errorf("pods with a role by Pod Identity:\n%s", diff)
	}
}

func checkNodes(t *testing.T, e environment) {
	t.Helper()
	ctx, client, name := t.Context(), eks.NewFromConfig(e.config), e.facts["clusterName"]
	groups := must[*eks.ListNodegroupsOutput](t)(client.ListNodegroups(ctx, &eks.ListNodegroupsInput{ClusterName: &name})).Nodegroups
	slices.Sort(groups)
	if diff := cmp.Diff([]string{"general", "gpu"}, groups); diff != "" {
		t.Fatalf("node groups:\n%s", diff)
	}
	for _, each := range groups {
		group := must[*eks.DescribeNodegroupOutput](t)(client.DescribeNodegroup(ctx,
			&eks.DescribeNodegroupInput{ClusterName: &name, NodegroupName: &each})).Nodegroup
		want(t, "the label of "+each, each, group.Labels["mlops/pool"])
		if each == "gpu" {
			want(t, "the image of GPU nodes", types.AMITypesAl2023X8664Nvidia, group.AmiType)
			want(t, "how many GPU nodes there are at least", map[bool]int32{false: 0, true: 1}[e.prod], *group.ScalingConfig.MinSize)
			if len(group.Taints) != 1 || text(group.Taints[0].Key) != "nvidia.com/gpu" || group.Taints[0].Effect != types.TaintEffectNoSchedule {
				t.Errorf("GPU nodes take every pod: %v", group.Taints)
			}
		} else {
			want(t, "taints of "+each, 0, len(group.Taints))
		}
		checkMetadata(t, e, text(group.LaunchTemplate.Id))
	}
}

// checkMetadata sees to it that no pod can take its node's role.
func checkMetadata(t *testing.T, e environment, template string) {
	t.Helper()
	client := ec2.NewFromConfig(e.config)
	versions := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(client.DescribeLaunchTemplateVersions(t.Context(),
		&ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &template, Versions: []string{"$Default"}})).LaunchTemplateVersions
	data := versions[0].LaunchTemplateData
	want(t, "tokens of the metadata service", "required", string(data.MetadataOptions.HttpTokens))
	want(t, "hops to the metadata service", int32(1), *data.MetadataOptions.HttpPutResponseHopLimit)
	for _, disk := range data.BlockDeviceMappings {
		want(t, "encryption of "+text(disk.DeviceName), true, *disk.Ebs.Encrypted)
	}
}
