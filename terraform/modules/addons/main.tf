# Add-ons that EKS runs. Called twice: what nodes need before there are nodes, what needs nodes after.

locals {
  with_role = { for name, addon in var.addons : name => addon if addon.service_account != null }

  attachments = merge([
    for name, addon in local.with_role : {
      for arn in addon.policy_arns : "${name}/${basename(arn)}" => { addon = name, arn = arn }
    }
  ]...)
}

# EKS sends the cluster and the service account along as tags, so the role itself says whose it is: an association made
# by mistake gives it to nobody else.
data "aws_iam_policy_document" "trust" {
  for_each = local.with_role

  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/eks-cluster-name"
      values   = [var.cluster_name]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-service-account"
      values   = [each.value.service_account]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.with_role

  name               = "${var.cluster_name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.attachments

  role       = aws_iam_role.this[each.value.addon].name
  policy_arn = each.value.arn
}

resource "aws_eks_addon" "this" {
  for_each = var.addons

  cluster_name                = var.cluster_name
  addon_name                  = each.key
  addon_version               = each.value.version
  configuration_values        = each.value.configuration
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  dynamic "pod_identity_association" {
    for_each = each.value.service_account == null ? [] : [each.value.service_account]

    content {
      service_account = pod_identity_association.value
      role_arn        = aws_iam_role.this[each.key].arn
    }
  }

  depends_on = [aws_iam_role_policy_attachment.this]
}
