# Workflows prove who they are with a token of GitHub's; no key of AWS is stored there.

locals {
  repository = "repo:${var.repository.owner}/${var.repository.name}"
  # The form with ids cannot be taken over by somebody who registers a name that became free.
  immutable = "repo:${var.repository.owner}@${var.repository.owner_id}/${var.repository.name}@${var.repository.id}"

  # A plan is made on pull requests too. It reads, and nothing else.
  roles = merge(
    { plan = ["pull_request", "ref:refs/heads/main"] },
    { for environment in var.environments : "apply-${environment}" => ["environment:${environment}"] },
    { images = ["ref:refs/heads/main"] },
  )
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    # Whole subjects, no pattern.
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = flatten([for subject in each.value : ["${local.repository}:${subject}", "${local.immutable}:${subject}"]])
    }
  }
}

resource "aws_iam_role" "github" {
  for_each = local.roles

  name                 = "mlops-github-${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600
}

# --- plan: reads the account and the state, and takes no lock: a plan with -lock=false changes nothing.

resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.github["plan"].name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

data "aws_iam_policy_document" "plan" {
  statement {
    sid       = "DecryptState"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.state.arn]
  }

  # A plan opens the database user's password generator; what it makes is thrown away.
  statement {
    sid       = "MakePassword"
    actions   = ["secretsmanager:GetRandomPassword"]
    resources = ["*"] # names no resource in IAM

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }

  # ReadOnlyAccess would let a pull request read the models' data and, by way of the state, everything.
  statement {
    sid           = "NoData"
    effect        = "Deny"
    actions       = ["s3:GetObject", "s3:GetObjectVersion"]
    not_resources = ["${module.state.arns["terraform"]}/*"]
  }

  statement {
    sid       = "NoSecrets"
    effect    = "Deny"
    actions   = ["secretsmanager:GetSecretValue", "ssm:GetParameter*"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "plan" {
  name   = "state"
  role   = aws_iam_role.github["plan"].name
  policy = data.aws_iam_policy_document.plan.json
}

# --- apply: makes roles, keys and networks, so it is an administrator; what guards it is the GitHub environment, whose
# reviewers approve each run.

resource "aws_iam_role_policy_attachment" "apply" {
  for_each = var.environments

  role       = aws_iam_role.github["apply-${each.key}"].name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

# --- images: pushes, and nothing else.

data "aws_iam_policy_document" "images" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # names no resource in IAM

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }

  statement {
    sid = "Push"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = values(module.ecr.arns)
  }
}

resource "aws_iam_role_policy" "images" {
  name   = "push"
  role   = aws_iam_role.github["images"].name
  policy = data.aws_iam_policy_document.images.json
}
