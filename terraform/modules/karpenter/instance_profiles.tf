# What Karpenter may do with instance profiles, which it makes itself: with its own, and put the nodes' role in, no other.

data "aws_iam_policy_document" "instance_profiles" {
  statement {
    sid       = "PassNodeRole"
    actions   = ["iam:PassRole"]
    resources = [local.node_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }

  statement {
    sid       = "MakeProfile"
    actions   = ["iam:CreateInstanceProfile"]
    resources = [local.instance_profile]

    dynamic "condition" {
      for_each = local.profile_gets

      content {
        test     = condition.value.test
        variable = "aws:RequestTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }
  }

  statement {
    sid       = "TagOwnProfile"
    actions   = ["iam:TagInstanceProfile"]
    resources = [local.instance_profile]

    dynamic "condition" {
      for_each = local.profile_has

      content {
        test     = condition.value.test
        variable = "aws:ResourceTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }

    dynamic "condition" {
      for_each = local.profile_gets

      content {
        test     = condition.value.test
        variable = "aws:RequestTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }
  }

  statement {
    sid       = "ChangeOwnProfile"
    actions   = ["iam:AddRoleToInstanceProfile", "iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"]
    resources = [local.instance_profile]

    dynamic "condition" {
      for_each = local.profile_has

      content {
        test     = condition.value.test
        variable = "aws:ResourceTag/${condition.value.tag}"
        values   = [condition.value.value]
      }
    }
  }

  statement {
    sid       = "ReadProfile"
    actions   = ["iam:GetInstanceProfile"]
    resources = [local.instance_profile]
  }
}
