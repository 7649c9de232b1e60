package iamtest

import (
	"maps"
	"slices"

	"example.com/mlops-platform/test/aws/iam"
)

// karpenterPromises are about what starts nodes: it works with what it started itself for this cluster, and gives its
// instances one role.
func karpenterPromises(n Names) []promise {
	return slices.Concat(karpenterInstances(n), karpenterProfiles(n), karpenterElse(n))
}

// tags are tags of a request (RequestTag) or of a resource (ResourceTag) as Karpenter sets them.
func tags(kind string, pairs ...string) iam.Context {
	context := iam.Context{}
	for i := 0; i+1 < len(pairs); i += 2 {
		context["aws:"+kind+"/"+pairs[i]] = []string{pairs[i+1]}
	}
	return context
}

func owned(cluster string) string { return "kubernetes.io/cluster/" + cluster }

// and joins contexts.
func and(contexts ...iam.Context) iam.Context {
	all := iam.Context{}
	for _, context := range contexts {
		maps.Copy(all, context)
	}
	return all
}

func karpenterInstances(n Names) []promise {
	const role, run, end, tag = "karpenter", "ec2:RunInstances", "ec2:TerminateInstances", "ec2:CreateTags"
	ec2 := "arn:aws:ec2:" + n.Region + ":" + n.Account + ":"
	instance, template := ec2+"instance/i-0123456789abcdef0", ec2+"launch-template/lt-0123456789abcdef0"
	volume, other := ec2+"volume/vol-0123456789abcdef0", n.elsewhere(n.Cluster)

	gets := func(cluster string) iam.Context {
		return tags("RequestTag", owned(cluster), "owned", "eks:eks-cluster-name", cluster, "karpenter.sh/nodepool", "gpu")
	}
	has := func(cluster string) iam.Context {
		return tags("ResourceTag", owned(cluster), "owned", "karpenter.sh/nodepool", "gpu")
	}
	// A node of a managed group has the cluster's tag too.
	managed := tags("ResourceTag", owned(n.Cluster), "owned")
	atStart := with("ec2:CreateAction", "RunInstances")
	named := and(has(n.Cluster), with("aws:TagKeys", "Name"))
	disowned := and(has(n.Cluster), with("aws:TagKeys", owned(n.Cluster)))
	return []promise{
		{role, run, instance, allowed, gets(n.Cluster)},
		{role, run, ec2 + "subnet/subnet-0123456789abcdef0", allowed, nil},
		{role, run, "arn:aws:ec2:" + n.Region + "::image/ami-0123456789abcdef0", allowed, nil},
		{role, run, instance, forbidden, nil},
		{role, run, instance, forbidden, gets(other)},
		{role, run, template, allowed, has(n.Cluster)},
		{role, run, template, forbidden, has(other)},
		{role, tag, instance, allowed, and(gets(n.Cluster), atStart)},
		{role, tag, volume, allowed, and(gets(n.Cluster), atStart)},
		{role, tag, volume, forbidden, gets(n.Cluster)},
		{role, tag, instance, forbidden, gets(n.Cluster)},
		{role, tag, instance, forbidden, has(other)},
		{role, tag, instance, allowed, named},
		{role, tag, instance, forbidden, disowned},
		{role, end, instance, allowed, has(n.Cluster)},
		{role, end, instance, forbidden, has(other)},
		{role, end, instance, forbidden, managed},
		{role, end, instance, forbidden, nil},
		{role, "ec2:DeleteLaunchTemplate", template, forbidden, has(other)},
		{role, "ec2:ModifyInstanceAttribute", instance, forbidden, has(n.Cluster)},
		{role, "ec2:DescribeInstances", "*", allowed, nil},
		{role, "ec2:DescribeInstances", "*", forbidden, abroad},
	}
}

func karpenterProfiles(n Names) []promise {
	const role, pass = "karpenter", "iam:PassRole"
	profile, other := "arn:aws:iam::"+n.Account+":instance-profile/"+n.Cluster+"_1", n.elsewhere(n.Cluster)
	toEC2 := with("iam:PassedToService", "ec2.amazonaws.com")
	of := func(kind, cluster, region string) iam.Context {
		return tags(kind, owned(cluster), "owned", "eks:eks-cluster-name", cluster,
			"topology.kubernetes.io/region", region, "karpenter.k8s.aws/ec2nodeclass", "gpu")
	}
	gets, has := of("RequestTag", n.Cluster, n.Region), of("ResourceTag", n.Cluster, n.Region)
	return []promise{
		{role, pass, n.NodeRole, allowed, toEC2},
		{role, pass, n.NodeRole, forbidden, with("iam:PassedToService", "lambda.amazonaws.com")},
		{role, pass, n.NodeRole, forbidden, nil},
		{role, pass, n.roleARN("cluster"), forbidden, toEC2},
		{role, pass, n.elsewhere(n.NodeRole), forbidden, toEC2},
		{role, pass, "arn:aws:iam::" + n.Account + ":role/mlops-github-apply-prod", forbidden, toEC2},
		{role, "iam:CreateInstanceProfile", profile, allowed, gets},
		{role, "iam:CreateInstanceProfile", profile, forbidden, nil},
		{role, "iam:CreateInstanceProfile", profile, forbidden, of("RequestTag", other, n.Region)},
		{role, "iam:TagInstanceProfile", profile, allowed, and(gets, has)},
		{role, "iam:TagInstanceProfile", profile, forbidden, gets},
		{role, "iam:AddRoleToInstanceProfile", profile, allowed, has},
		{role, "iam:AddRoleToInstanceProfile", profile, forbidden, nil},
		{role, "iam:AddRoleToInstanceProfile", profile, forbidden, of("ResourceTag", other, n.Region)},
		{role, "iam:RemoveRoleFromInstanceProfile", profile, forbidden, of("ResourceTag", n.Cluster, "us-east-1")},
		{role, "iam:DeleteInstanceProfile", profile, forbidden, of("ResourceTag", other, n.Region)},
		{role, "iam:GetInstanceProfile", profile, allowed, nil},
		{role, "iam:CreateRole", n.roleARN("x"), forbidden, nil},
	}
}

func karpenterElse(n Names) []promise {
	const role = "karpenter"
	clusters := "arn:aws:eks:" + n.Region + ":" + n.Account + ":cluster/"
	return []promise{
		{role, "pricing:GetProducts", "*", allowed, abroad},
		{role, "sqs:ReceiveMessage", n.Queue, allowed, nil},
		{role, "sqs:ReceiveMessage", n.Queue, forbidden, plainHTTP},
		{role, "sqs:PurgeQueue", n.Queue, forbidden, nil},
		{role, "sqs:ReceiveMessage", n.elsewhere(n.Queue), forbidden, nil},
		{role, "eks:DescribeCluster", clusters + n.Cluster, allowed, nil},
		{role, "eks:DescribeCluster", clusters + n.elsewhere(n.Cluster), forbidden, nil},
		{role, "ssm:GetParameter", "arn:aws:ssm:" + n.Region + "::parameter/aws/service/eks/x", allowed, nil},
		{role, "ssm:GetParameter", n.parameter(), forbidden, nil},
		{role, "s3:GetObject", n.Artifacts + "/mlflow/1/model.onnx", forbidden, nil},
		{role, "secretsmanager:GetSecretValue", n.UserSecret, forbidden, nil},
	}
}
