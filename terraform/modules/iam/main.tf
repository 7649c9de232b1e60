# One role per workload (IRSA), each for one service account of one namespace, each with what its code does and no more.
# Paths in the buckets are those of the manifests: artifacts/mlflow/, feat/features/, feat/workflows/.

locals {
  roles = {
    # Clients go to S3 themselves; the server lists, shows and, in its garbage collection, deletes.
    mlflow = {
      subject = "mlflow:mlflow"
      read    = ["${var.buckets.artifacts}/mlflow/*"]
      write   = ["${var.buckets.artifacts}/mlflow/*"]
      delete  = ["${var.buckets.artifacts}/mlflow/*"]
    }
    inference = {
      subject = "inference:inference-api"
      read    = ["${var.buckets.artifacts}/mlflow/*"]
      write   = []
      delete  = []
    }
    training = {
      subject = "training:training"
      read    = ["${var.buckets.artifacts}/mlflow/*", "${var.buckets.feat}/features/*", "${var.buckets.feat}/workflows/*"]
      write   = ["${var.buckets.artifacts}/mlflow/*", "${var.buckets.feat}/workflows/*"]
      delete  = []
    }
    features = {
      subject = "training:features"
      read    = ["${var.buckets.data}/*", "${var.buckets.feat}/features/*", "${var.buckets.feat}/workflows/*"]
      write   = ["${var.buckets.feat}/features/*", "${var.buckets.feat}/workflows/*"]
      delete  = []
    }
    # Argo's server shows the files and logs of workflows.
    workflow-artifacts = {
      subject = "argo:argo-server"
      read    = ["${var.buckets.feat}/features/*", "${var.buckets.feat}/workflows/*"]
      write   = []
      delete  = []
    }
  }

  # Bucket ARN to the prefixes that a role may list in it.
  listed = {
    for name, role in local.roles : name => {
      for path in distinct(concat(role.read, role.write)) : split("/", path)[0] => trimprefix(path, "${split("/", path)[0]}/")...
    }
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:sub"
      values   = ["system:serviceaccount:${each.value.subject}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.oidc_issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

data "aws_iam_policy_document" "this" {
  for_each = local.roles

  dynamic "statement" {
    for_each = local.listed[each.key]

    content {
      sid       = "List${index(keys(local.listed[each.key]), statement.key)}"
      actions   = ["s3:ListBucket"]
      resources = [statement.key]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = statement.value
      }
    }
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = each.value.read
  }

  dynamic "statement" {
    for_each = length(each.value.write) > 0 ? [each.value.write] : []

    content {
      sid       = "Write"
      actions   = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(each.value.delete) > 0 ? [each.value.delete] : []

    content {
      sid       = "Delete"
      actions   = ["s3:DeleteObject"]
      resources = statement.value
    }
  }

  statement {
    sid       = "Decrypt"
    actions   = length(each.value.write) > 0 ? ["kms:Decrypt", "kms:GenerateDataKey"] : ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    # The key has the database and the secrets too.
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = "workload"
  role   = aws_iam_role.this[each.key].name
  policy = data.aws_iam_policy_document.this[each.key].json
}
