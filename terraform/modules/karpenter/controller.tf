# The actions are those of Karpenter's own reference; what it starts, tags and ends is limited to this cluster's by tag.
# https://karpenter.sh/docs/reference/cloudformation/

locals {
  ec2       = "arn:aws:ec2:${var.region}:${var.account_id}"
  owned_tag = "kubernetes.io/cluster/${var.cluster_name}"
}

data "aws_iam_policy_document" "controller" {
  # What an instance is made of and belongs to nobody in particular.
  statement {
    sid     = "StartFrom"
    actions = ["ec2:CreateFleet", "ec2:RunInstances"]
    resources = [
      "arn:aws:ec2:${var.region}::image/*",
      "arn:aws:ec2:${var.region}::snapshot/*",
      "${local.ec2}:capacity-reservation/*",
      "${local.ec2}:security-group/*",
      "${local.ec2}:subnet/*",
    ]
  }

  statement {
    sid       = "StartFromOwnTemplate"
    actions   = ["ec2:CreateFleet", "ec2:RunInstances"]
    resources = ["${local.ec2}:launch-template/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.owned_tag}"
      values   = ["owned"]
    }
  }

  statement {
    sid     = "StartTagged"
    actions = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"]
    resources = [
      "${local.ec2}:fleet/*", "${local.ec2}:instance/*", "${local.ec2}:launch-template/*",
      "${local.ec2}:network-interface/*", "${local.ec2}:spot-instances-request/*", "${local.ec2}:volume/*",
    ]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.owned_tag}"
      values   = ["owned"]
    }
  }

  statement {
    sid     = "TagAtStart"
    actions = ["ec2:CreateTags"]
    resources = [
      "${local.ec2}:fleet/*", "${local.ec2}:instance/*", "${local.ec2}:launch-template/*",
      "${local.ec2}:network-interface/*", "${local.ec2}:spot-instances-request/*", "${local.ec2}:volume/*",
    ]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.owned_tag}"
      values   = ["owned"]
    }

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]
    }
  }

  statement {
    sid       = "TagAndEndOwn"
    actions   = ["ec2:CreateTags", "ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"]
    resources = ["${local.ec2}:instance/*", "${local.ec2}:launch-template/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.owned_tag}"
      values   = ["owned"]
    }
  }

  statement {
    sid       = "Queue"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.this.arn]
  }

  statement {
    sid       = "PassNodeRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.node.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }

  # A new profile carries this cluster's tag, and only one that does may be changed: IfExists would let in profiles of
  # others, which lack it.
  statement {
    sid       = "CreateInstanceProfiles"
    actions   = ["iam:CreateInstanceProfile"]
    resources = ["arn:aws:iam::${var.account_id}:instance-profile/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.owned_tag}"
      values   = ["owned"]
    }
  }

  statement {
    sid       = "TagOwnInstanceProfiles"
    actions   = ["iam:TagInstanceProfile"]
    resources = ["arn:aws:iam::${var.account_id}:instance-profile/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/${local.owned_tag}"
      values   = ["owned"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.owned_tag}"
      values   = ["owned"]
    }
  }

  statement {
    sid = "OwnInstanceProfiles"
    actions = [
      "iam:AddRoleToInstanceProfile", "iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile",
    ]
    resources = ["arn:aws:iam::${var.account_id}:instance-profile/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/${local.owned_tag}"
      values   = ["owned"]
    }
  }

  statement {
    sid       = "LookAtInstanceProfiles"
    actions   = ["iam:GetInstanceProfile"]
    resources = ["arn:aws:iam::${var.account_id}:instance-profile/*"]
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

  # Prices are served from one region for all.
  statement {
    sid       = "Prices"
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
