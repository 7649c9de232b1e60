package iamtest

var abroad = with("aws:RequestedRegion", "us-east-1")

// controllerPromises are about the other roles that work in AWS for the cluster.
func controllerPromises(n Names) []promise {
	const balancer, secrets = "load-balancer-controller", "external-secrets"
	const describe, read = "elasticloadbalancing:DescribeTargetHealth", "secretsmanager:GetSecretValue"
	via := func(service string) string { return service + "." + n.Region + ".amazonaws.com" }
	group := "arn:aws:ec2:" + n.Region + ":" + n.Account + ":security-group/sg-0123456789abcdef0"
	foreign := "arn:aws:secretsmanager:" + n.Region + ":" + n.Account + ":secret:payments-abc123"
	flow := "arn:aws:logs:" + n.Region + ":" + n.Account + ":log-group:/aws/vpc/" + n.Cluster + "/flow"
	return []promise{
		// The load balancer controller joins pods to the two target groups, and makes nothing.
		{balancer, "elasticloadbalancing:RegisterTargets", n.MLflowTargets, allowed, nil},
		{balancer, "elasticloadbalancing:DeregisterTargets", n.InferenceTargets, allowed, nil},
		{balancer, "elasticloadbalancing:RegisterTargets", n.elsewhere(n.MLflowTargets), forbidden, nil},
		{balancer, describe, "*", allowed, nil},
		{balancer, describe, "*", forbidden, abroad},
		{balancer, "elasticloadbalancing:CreateLoadBalancer", "*", forbidden, nil},
		{balancer, "elasticloadbalancing:DeleteTargetGroup", n.MLflowTargets, forbidden, nil},
		{balancer, "ec2:AuthorizeSecurityGroupIngress", group, forbidden, nil},
		{balancer, "iam:CreateServiceLinkedRole", "*", forbidden, nil},

		// External Secrets reads the two secrets of the database.
		{secrets, read, n.MasterSecret, allowed, nil},
		{secrets, read, n.UserSecret, allowed, nil},
		{secrets, read, n.elsewhere(n.UserSecret), forbidden, nil},
		{secrets, read, foreign, forbidden, nil},
		{secrets, "secretsmanager:ListSecrets", "*", forbidden, nil},
		{secrets, "secretsmanager:PutSecretValue", n.UserSecret, forbidden, nil},
		{secrets, "secretsmanager:DeleteSecret", n.MasterSecret, forbidden, nil},
		{secrets, "kms:Decrypt", n.Key, allowed, with("kms:ViaService", via("secretsmanager"))},
		{secrets, "kms:Decrypt", n.Key, forbidden, nil},
		{secrets, "kms:Decrypt", n.Key, forbidden, with("kms:ViaService", via("s3"))},
		{secrets, "s3:GetObject", n.Artifacts + "/mlflow/1/model.onnx", forbidden, nil},
		{secrets, "ssm:GetParameter", n.parameter(), forbidden, nil},

		// Flow logs are written, and neither read nor deleted by who writes them.
		{"flow-logs", "logs:GetLogEvents", flow + ":log-stream:eni", forbidden, nil},
		{"flow-logs", "logs:DeleteLogGroup", flow, forbidden, nil},
		{"flow-logs", "s3:GetObject", n.Data + "/flights/x", forbidden, nil},

		// What managed policies say is not known here; that a resource's own policy denies is.
		{"aws-ebs-csi-driver", "ec2:CreateVolume", "*", noAnswer, nil},
		{"aws-ebs-csi-driver", "s3:GetObject", n.Data + "/flights/x", forbidden, plainHTTP},
		{"amazon-cloudwatch-observability", "logs:PutLogEvents", "*", noAnswer, nil},
		{"cluster", "ec2:CreateNetworkInterface", "*", noAnswer, nil},
	}
}
