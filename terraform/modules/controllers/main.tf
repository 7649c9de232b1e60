# What the two controllers that Argo CD installs may do in AWS. Karpenter has a module of its own.

# Joins pods to target groups that exist. It makes no load balancer, no rule and no security group.
data "aws_iam_policy_document" "load_balancer" {
  statement {
    sid       = "Join"
    actions   = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
    resources = var.target_group_arns
  }

  # These name no resource in IAM; they read, and only in this region.
  statement {
    sid = "Look"
    actions = [
      "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
      "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }
}

module "load_balancer" {
  source = "../pod_identity"

  cluster_name    = var.cluster_name
  name            = "${var.cluster_name}-load-balancer-controller"
  namespace       = "kube-system"
  service_account = "aws-load-balancer-controller"
  policy          = data.aws_iam_policy_document.load_balancer.json
}

data "aws_iam_policy_document" "external_secrets" {
  statement {
    sid       = "Read"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = var.secret_arns
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

module "external_secrets" {
  source = "../pod_identity"

  cluster_name    = var.cluster_name
  name            = "${var.cluster_name}-external-secrets"
  namespace       = "external-secrets"
  service_account = "external-secrets"
  policy          = data.aws_iam_policy_document.external_secrets.json
}
