# The actions are those of Karpenter's own reference. What it starts, tags, changes and ends is limited by tag to what
# it started itself for this cluster: nodes of the managed groups carry the cluster's tag too, but no node pool's.
# https://karpenter.sh/docs/reference/cloudformation/

locals {
  ec2              = "arn:aws:ec2:${var.region}:${var.account_id}"
  instance_profile = "arn:aws:iam::${var.account_id}:instance-profile/*"

  cluster_tags = [
    { test = "StringEquals", tag = "kubernetes.io/cluster/${var.cluster_name}", value = "owned" },
    { test = "StringEquals", tag = "eks:eks-cluster-name", value = var.cluster_name },
  ]

  # What Karpenter made in EC2, and what it asks EC2 for.
  ec2_has  = [local.cluster_tags[0], { test = "StringLike", tag = "karpenter.sh/nodepool", value = "*" }]
  ec2_gets = concat(local.cluster_tags, [{ test = "StringLike", tag = "karpenter.sh/nodepool", value = "*" }])

  # The same for instance profiles. IAM is one for all regions, so the region is a tag.
  profile_own = [
    { test = "StringEquals", tag = "topology.kubernetes.io/region", value = var.region },
    { test = "StringLike", tag = "karpenter.k8s.aws/ec2nodeclass", value = "*" },
  ]
  profile_has  = concat([local.cluster_tags[0]], local.profile_own)
  profile_gets = concat(local.cluster_tags, local.profile_own)
}

data "aws_iam_policy_document" "controller" {
  source_policy_documents = [
    data.aws_iam_policy_document.instances.json,
    data.aws_iam_policy_document.instance_profiles.json,
  ]

  statement {
    sid       = "Queue"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    resources = [local.queue_arn]
  }

  statement {
    sid       = "Cluster"
    actions   = ["eks:DescribeCluster"]
    resources = ["arn:aws:eks:${var.region}:${var.account_id}:cluster/${var.cluster_name}"]
  }

  statement {
    sid       = "Images"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:aws:ssm:${var.region}::parameter/aws/service/*"]
  }

  # These name no resource in IAM; they read, and only in this region.
  statement {
    sid = "Look"
    actions = [
      "ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstances",
      "ec2:DescribeInstanceStatus", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplates", "ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory",
      "ec2:DescribeSubnets",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }

  # Prices and IAM are served from one region for all.
  statement {
    sid       = "LookElsewhere"
    actions   = ["iam:ListInstanceProfiles", "pricing:GetProducts"]
    resources = ["*"]
  }
}

module "controller" {
  source = "../pod_identity"

  cluster_name    = var.cluster_name
  name            = "${var.cluster_name}-karpenter"
  namespace       = "kube-system"
  service_account = "karpenter"
  policy          = data.aws_iam_policy_document.controller.json
}
