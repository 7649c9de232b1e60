provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  cluster_name = "mlops-test"
  kms_key_arn  = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  region       = "eu-west-1"
  secret_arns = [
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mlops/test/mlflow-database-AbCdEf",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-0001-AbCdEf",
  ]
  target_group_arns = ["arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-test-mlflow/0001"]
}

# The ARNs of roles are known only once they exist.
override_resource {
  target          = module.external_secrets.aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/secrets" }
}

override_resource {
  target          = module.load_balancer.aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/load-balancer" }
}

# Whole statements: an action, a resource or a condition more or less is another policy.
run "the_load_balancer_controller_joins_pods_to_the_given_target_groups" {
  command = plan

  assert {
    condition     = length(jsondecode(data.aws_iam_policy_document.load_balancer.json).Statement) == 2
    error_message = "Want two statements: Join and Look."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.load_balancer.json).Statement[0] == {
      Sid      = "Join"
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
      Resource = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-test-mlflow/0001"
    }
    error_message = "It fills the given target groups and changes nothing else."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.load_balancer.json).Statement[1] == {
      Sid    = "Look"
      Effect = "Allow"
      Action = [
        "elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTargetGroups",
        "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeInstances", "ec2:DescribeAvailabilityZones",
      ]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = "eu-west-1" } }
    }
    error_message = "What names no resource only reads, and only in this region."
  }
}

run "external_secrets_reads_the_given_secrets" {
  command = plan

  assert {
    condition     = length(jsondecode(data.aws_iam_policy_document.external_secrets.json).Statement) == 2
    error_message = "Want two statements: Read and Decrypt."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.external_secrets.json).Statement[0] == {
      Sid    = "Read"
      Effect = "Allow"
      Action = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = [
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-0001-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mlops/test/mlflow-database-AbCdEf",
      ]
    }
    error_message = "It reads the given secrets and no other."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.external_secrets.json).Statement[1] == {
      Sid       = "Decrypt"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.eu-west-1.amazonaws.com" } }
    }
    error_message = "It decrypts with the one key, through Secrets Manager only."
  }
}

run "each_controller_has_a_role_of_its_own" {
  command = plan

  assert {
    condition = output.service_accounts == {
      external-secrets = "external-secrets/external-secrets"
      load-balancer    = "kube-system/aws-load-balancer-controller"
    }
    error_message = "The roles are for other service accounts than those of the two controllers."
  }

  assert {
    condition = output.role_arns == {
      external-secrets = "arn:aws:iam::111122223333:role/secrets"
      load-balancer    = "arn:aws:iam::111122223333:role/load-balancer"
    }
    error_message = "The outputs mix up the roles."
  }
}

run "every_secret_is_refused" {
  command = plan

  variables {
    secret_arns = ["*"]
  }

  expect_failures = [var.secret_arns]
}

run "a_pattern_of_secrets_is_refused" {
  command = plan

  variables {
    secret_arns = ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:mlops/*"]
  }

  expect_failures = [var.secret_arns]
}

run "no_secret_at_all_is_refused" {
  command = plan

  variables {
    secret_arns = []
  }

  expect_failures = [var.secret_arns]
}

run "every_target_group_is_refused" {
  command = plan

  variables {
    target_group_arns = ["arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/*"]
  }

  expect_failures = [var.target_group_arns]
}

run "no_target_group_at_all_is_refused" {
  command = plan

  variables {
    target_group_arns = []
  }

  expect_failures = [var.target_group_arns]
}

run "every_key_is_refused" {
  command = plan

  variables {
    kms_key_arn = "*"
  }

  expect_failures = [var.kms_key_arn]
}
