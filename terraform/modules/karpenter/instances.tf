# What Karpenter may do with instances: start, tag and end its own.

locals {
  started = [
    for kind in ["fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"] :
    "${local.ec2}:${kind}/*"
  ]
}

data "aws_iam_policy_document" "instances" {
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

    dynamic "condition" {
      for_each = local.ec2_has

      content {
        test     = condition.value.test
        variable = "aws:ResourceTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }
  }

  statement {
    sid       = "StartTagged"
    actions   = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"]
    resources = local.started

    dynamic "condition" {
      for_each = local.ec2_gets

      content {
        test     = condition.value.test
        variable = "aws:RequestTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }
  }

  statement {
    sid       = "TagAtStart"
    actions   = ["ec2:CreateTags"]
    resources = local.started

    dynamic "condition" {
      for_each = local.ec2_gets

      content {
        test     = condition.value.test
        variable = "aws:RequestTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]
    }
  }

  # Later only the tags that say which node it became; never those above, by which an instance is its own.
  statement {
    sid       = "TagOwn"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.ec2}:instance/*"]

    dynamic "condition" {
      for_each = local.ec2_has

      content {
        test     = condition.value.test
        variable = "aws:ResourceTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }

    condition {
      test     = "StringEqualsIfExists"
      variable = "aws:RequestTag/eks:eks-cluster-name"
      values   = [var.cluster_name]
    }

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "aws:TagKeys"
      values   = ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"]
    }
  }

  statement {
    sid       = "EndOwn"
    actions   = ["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"]
    resources = ["${local.ec2}:instance/*", "${local.ec2}:launch-template/*"]

    dynamic "condition" {
      for_each = local.ec2_has

      content {
        test     = condition.value.test
        variable = "aws:ResourceTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }
  }
}
