provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name              = "mlops-test"
  region            = "eu-west-1"
  oidc_issuer       = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
  oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
  kms_key_arn       = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  buckets           = { data = "arn:aws:s3:::data", feat = "arn:aws:s3:::feat", artifacts = "arn:aws:s3:::artifacts" }
}

run "a_role_is_for_one_service_account_of_this_cluster" {
  command = plan

  # Whole trust policies: who else is trusted, or a condition that is not there, makes another policy.
  assert {
    condition = { for name, role in aws_iam_role.this : name => jsondecode(role.assume_role_policy).Statement } == {
      for name, subject in {
        features           = "training:features"
        inference          = "inference:inference-api"
        mlflow             = "mlflow:mlflow"
        training           = "training:training"
        workflow-artifacts = "argo:argo-server"
        } : name => [{
          Effect = "Allow"
          Principal = {
            Federated = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
          }
          Action = "sts:AssumeRoleWithWebIdentity"
          Condition = { StringEquals = {
            "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF:sub" = "system:serviceaccount:${subject}"
            "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF:aud" = "sts.amazonaws.com"
          } }
      }]
    }
    error_message = "A role trusts others than the one service account, by whole subject and audience."
  }

  assert {
    condition = { for name, role in aws_iam_role.this : name => role.name } == {
      for name in ["features", "inference", "mlflow", "training", "workflow-artifacts"] :
      name => "mlops-test-${name}"
    }
    error_message = "Want one role per workload, named after the environment and the workload."
  }
}

run "no_workload_has_a_wildcard_for_its_actions_or_resources" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.this : [
        for statement in jsondecode(policy.policy).Statement : [
          for action in flatten([statement.Action]) : !strcontains(action, "*")
        ]
      ]
    ]))
    error_message = "An action has a wildcard."
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.this : [
        for statement in jsondecode(policy.policy).Statement : [
          for resource in flatten([statement.Resource]) :
          resource == var.kms_key_arn || can(regex("^arn:aws:s3:::(data|feat|artifacts)(/|/[a-z]+/)?[*]?$", resource))
        ]
      ]
    ]))
    error_message = "A resource is neither a path in one of the buckets nor the key."
  }

  assert {
    condition = { for name, policy in aws_iam_role_policy.this : name => jsondecode(policy.policy) } == {
      for name, document in data.aws_iam_policy_document.this :
      name => jsondecode(document.json)
    }
    error_message = "A role has the policy of another."
  }

  assert {
    condition     = alltrue([for name, policy in aws_iam_role_policy.this : policy.role == "mlops-test-${name}"])
    error_message = "A policy is on the role of another."
  }
}

run "mlflow_keeps_models_and_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this["mlflow"].policy).Statement == [
      {
        Sid       = "List0"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::artifacts"
        Condition = { StringLike = { "s3:prefix" = "mlflow/*" } }
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersion", "s3:GetObject"]
        Resource = "arn:aws:s3:::artifacts/mlflow/*"
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        Resource = "arn:aws:s3:::artifacts/mlflow/*"
      },
      { Sid = "Delete", Effect = "Allow", Action = "s3:DeleteObject", Resource = "arn:aws:s3:::artifacts/mlflow/*" },
      {
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
      },
    ]
    error_message = "MLflow lists, reads, writes and deletes under mlflow/ of the artifacts, and does nothing else."
  }
}

run "inference_only_reads_models" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this["inference"].policy).Statement == [
      {
        Sid       = "List0"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::artifacts"
        Condition = { StringLike = { "s3:prefix" = "mlflow/*" } }
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersion", "s3:GetObject"]
        Resource = "arn:aws:s3:::artifacts/mlflow/*"
      },
      {
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
      },
    ]
    error_message = "The inference service reads models, writes nothing and encrypts nothing."
  }
}

run "training_reads_features_and_writes_models" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this["training"].policy).Statement == [
      {
        Sid       = "List0"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::artifacts"
        Condition = { StringLike = { "s3:prefix" = "mlflow/*" } }
      },
      {
        Sid       = "List1"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::feat"
        Condition = { StringLike = { "s3:prefix" = ["features/*", "workflows/*"] } }
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersion", "s3:GetObject"]
        Resource = ["arn:aws:s3:::feat/workflows/*", "arn:aws:s3:::feat/features/*", "arn:aws:s3:::artifacts/mlflow/*"]
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        Resource = ["arn:aws:s3:::feat/workflows/*", "arn:aws:s3:::artifacts/mlflow/*"]
      },
      {
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
      },
    ]
    error_message = "Training reads features, writes models, deletes nothing, and sees no raw data."
  }
}

run "features_are_made_from_raw_data_that_nobody_writes" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this["features"].policy).Statement == [
      {
        Sid       = "List0"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::data"
        Condition = { StringLike = { "s3:prefix" = "*" } }
      },
      {
        Sid       = "List1"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::feat"
        Condition = { StringLike = { "s3:prefix" = ["features/*", "workflows/*"] } }
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersion", "s3:GetObject"]
        Resource = ["arn:aws:s3:::feat/workflows/*", "arn:aws:s3:::feat/features/*", "arn:aws:s3:::data/*"]
      },
      {
        Sid      = "Write"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
        Resource = ["arn:aws:s3:::feat/workflows/*", "arn:aws:s3:::feat/features/*"]
      },
      {
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
      },
    ]
    error_message = "The features' role reads raw data, writes features, deletes nothing, and sees no model."
  }
}

run "argo_only_shows_what_workflows_left" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.this["workflow-artifacts"].policy).Statement == [
      {
        Sid       = "List0"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = "arn:aws:s3:::feat"
        Condition = { StringLike = { "s3:prefix" = ["features/*", "workflows/*"] } }
      },
      {
        Sid      = "Read"
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersion", "s3:GetObject"]
        Resource = ["arn:aws:s3:::feat/workflows/*", "arn:aws:s3:::feat/features/*"]
      },
      {
        Sid       = "Decrypt"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
        Condition = { StringEquals = { "kms:ViaService" = "s3.eu-west-1.amazonaws.com" } }
      },
    ]
    error_message = "Argo's server reads what workflows left, writes nothing and encrypts nothing."
  }
}

run "every_bucket_is_refused" {
  command = plan

  variables {
    buckets = { data = "arn:aws:s3:::*", feat = "arn:aws:s3:::feat", artifacts = "arn:aws:s3:::artifacts" }
  }

  expect_failures = [var.buckets]
}

run "one_bucket_for_two_purposes_is_refused" {
  command = plan

  variables {
    buckets = { data = "arn:aws:s3:::data", feat = "arn:aws:s3:::data", artifacts = "arn:aws:s3:::artifacts" }
  }

  expect_failures = [var.buckets]
}

run "every_key_is_refused" {
  command = plan

  variables {
    kms_key_arn = "*"
  }

  expect_failures = [var.kms_key_arn]
}

run "an_issuer_with_https_is_refused" {
  command = plan

  variables {
    oidc_issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
  }

  expect_failures = [var.oidc_issuer]
}

run "a_provider_that_is_no_oidc_provider_is_refused" {
  command = plan

  variables {
    oidc_provider_arn = "arn:aws:iam::111122223333:root"
  }

  expect_failures = [var.oidc_provider_arn]
}
