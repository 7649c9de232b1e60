package iamtest

import "example.com/mlops-platform/test/aws/iam"

// trusted is who may have a role.
type trusted struct {
	// Service is the only one that may assume the role; empty for the workloads, whose pods come with a token.
	Service string
	// Namespace and ServiceAccount are whose pods EKS must ask for; EKS itself puts an add-on into its namespace.
	Namespace, ServiceAccount string
	// Managed are the names of the AWS managed policies that the role has: all of them.
	Managed []string
}

var nodePolicies = []string{
	"AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy",
	"AmazonSSMManagedInstanceCore",
}

const pods = "pods.eks.amazonaws.com"

// roles are all roles of an environment. A role that is not here is one that nobody has thought about.
var roles = map[string]trusted{
	"mlflow": {}, "inference": {}, "training": {}, "features": {}, "workflow-artifacts": {},

	"load-balancer-controller": {Service: pods, Namespace: "kube-system", ServiceAccount: "aws-load-balancer-controller"},
	"external-secrets":         {Service: pods, Namespace: "external-secrets", ServiceAccount: "external-secrets"},
	"karpenter":                {Service: pods, Namespace: "kube-system", ServiceAccount: "karpenter"},
	"aws-ebs-csi-driver": {Service: pods, ServiceAccount: "ebs-csi-controller-sa",
		Managed: []string{"service-role/AmazonEBSCSIDriverPolicy"}},
	"amazon-cloudwatch-observability": {Service: pods, ServiceAccount: "cloudwatch-agent",
		Managed: []string{"CloudWatchAgentServerPolicy"}},

	"cluster":        {Service: "eks.amazonaws.com", Managed: []string{"AmazonEKSClusterPolicy"}},
	"flow-logs":      {Service: "vpc-flow-logs.amazonaws.com"},
	"general-node":   {Service: "ec2.amazonaws.com", Managed: nodePolicies},
	"gpu-node":       {Service: "ec2.amazonaws.com", Managed: nodePolicies},
	"karpenter-node": {Service: "ec2.amazonaws.com", Managed: nodePolicies},
}

// pod is what EKS says of a pod that it asks for.
func pod(cluster, namespace, serviceAccount string) iam.Context {
	return tags("RequestTag", "eks-cluster-name", cluster,
		"kubernetes-namespace", namespace, "kubernetes-service-account", serviceAccount)
}

// impostors are tokens that differ from a workload's own in one thing.
func impostors(issuer, namespace, name string) map[string]iam.Token {
	sub := func(namespace, name string) string { return "system:serviceaccount:" + namespace + ":" + name }
	return map[string]iam.Token{
		"another namespace":      {Issuer: issuer, Subject: sub("default", name), Audience: audience},
		"another name":           {Issuer: issuer, Subject: sub(namespace, "default"), Audience: audience},
		"a longer name":          {Issuer: issuer, Subject: sub(namespace, name+"-2"), Audience: audience},
		"a longer namespace":     {Issuer: issuer, Subject: sub("x"+namespace, name), Audience: audience},
		"a pattern of everybody": {Issuer: issuer, Subject: sub("*", "*"), Audience: audience},
		"a pattern of the names": {Issuer: issuer, Subject: sub(namespace, "*"), Audience: audience},
		"another case":           {Issuer: issuer, Subject: sub(namespace, "A"+name), Audience: audience},
		"the bare name":          {Issuer: issuer, Subject: namespace + ":" + name, Audience: audience},
		"no subject":             {Issuer: issuer, Audience: audience},
		"another issuer":         {Issuer: issuer + "0", Subject: sub(namespace, name), Audience: audience},
		"no audience":            {Issuer: issuer, Subject: sub(namespace, name)},
		"the API server's audience": {Issuer: issuer, Subject: sub(namespace, name),
			Audience: "https://kubernetes.default.svc"},
		"a pattern as the audience": {Issuer: issuer, Subject: sub(namespace, name), Audience: "*"},
	}
}

// outsiders are principals that no role of an environment is for.
func outsiders(n Names, issuer iam.Provider) map[string]iam.Request {
	const foreign = "444455556666"
	assume := func(kind, id string) iam.Request {
		return iam.Request{Principal: iam.Principal{Type: kind, ID: id}, Action: "sts:AssumeRole"}
	}
	return map[string]iam.Request{
		"a role of another account":    assume("AWS", "arn:aws:iam::"+foreign+":role/admin"),
		"the root of another account":  assume("AWS", "arn:aws:iam::"+foreign+":root"),
		"Lambda":                       assume("Service", "lambda.amazonaws.com"),
		"the cluster's tokens, unread": assume("Federated", issuer.ARN),
		"a provider of SAML":           assume("Federated", "arn:aws:iam::"+n.Account+":saml-provider/x"),
		"GitHub": {
			Principal: iam.Principal{Type: "Federated", ID: "arn:aws:iam::" + n.Account + ":oidc-provider/" + gitHub},
			Action:    "sts:AssumeRoleWithWebIdentity",
		},
	}
}
