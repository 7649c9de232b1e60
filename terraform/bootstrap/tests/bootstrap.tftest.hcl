provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  account_id = "111122223333"
  region     = "eu-west-1"
  repository = { owner = "example-org", owner_id = 1001, name = "mlops-platform", id = 2002 }
  services   = ["mlflow"]
}

# What AWS names is known only once it exists; trust and policies are made of it.
override_resource {
  target          = aws_iam_openid_connect_provider.github
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
}

override_resource {
  target          = aws_kms_key.state
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-1:111122223333:key/state", key_id = "state" }
}

override_resource {
  target          = module.state.aws_s3_bucket.this["terraform"]
  override_during = plan
  values          = { arn = "arn:aws:s3:::state", id = "state" }
}

override_resource {
  target          = module.ecr.aws_ecr_repository.this["mlflow"]
  override_during = plan
  values = {
    arn            = "arn:aws:ecr:eu-west-1:111122223333:repository/mlops/mlflow"
    repository_url = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlops/mlflow"
  }
}

run "the_state_stays_and_has_a_key_of_its_own" {
  command = plan

  assert {
    condition     = aws_kms_key.state.enable_key_rotation && aws_kms_key.state.deletion_window_in_days == 30
    error_message = "The key of the state is not rotated, or is gone at once when it is deleted."
  }

  assert {
    condition = (
      aws_kms_alias.state.name == "alias/mlops-terraform-state"
      && aws_kms_alias.state.target_key_id == aws_kms_key.state.key_id
    )
    error_message = "The alias is of another key."
  }

  assert {
    condition = (
      output.state_bucket == "state"
      && output.registry == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlops"
    )
    error_message = "The outputs name another bucket or registry."
  }

  assert {
    condition     = module.state.guards.stays_unless_empty
    error_message = "A destroy would delete the states of all environments."
  }
}

run "github_proves_who_a_workflow_is" {
  command = plan

  assert {
    condition = (
      aws_iam_openid_connect_provider.github.url == "https://token.actions.githubusercontent.com"
      && aws_iam_openid_connect_provider.github.client_id_list == toset(["sts.amazonaws.com"])
    )
    error_message = "The provider is not GitHub's, or takes tokens that are meant for somebody else."
  }

  assert {
    condition = { for name, role in aws_iam_role.github : name => [role.name, role.max_session_duration] } == {
      plan       = ["mlops-github-plan", 3600]
      apply-dev  = ["mlops-github-apply-dev", 3600]
      apply-prod = ["mlops-github-apply-prod", 3600]
      images     = ["mlops-github-images", 3600]
    }
    error_message = "Want four roles, each for an hour at most."
  }
}

# Whole subjects in both forms: with names, and with the ids that GitHub never gives to another. The JSON of a policy
# about a provider that is not there yet is made by the apply; what it is made of is known. No effect means Allow.
run "a_role_is_for_whole_subjects_of_this_repository" {
  command = plan

  assert {
    condition = {
      for name, document in data.aws_iam_policy_document.trust : name => jsonencode([
        for statement in document.statement : merge(statement, {
          condition = { for c in statement.condition : "${c.test} ${c.variable}" => sort(c.values) }
        })
      ])
      } == {
      for name, subjects in {
        plan = [
          "repo:example-org/mlops-platform:pull_request",
          "repo:example-org/mlops-platform:ref:refs/heads/main",
          "repo:example-org@1001/mlops-platform@2002:pull_request",
          "repo:example-org@1001/mlops-platform@2002:ref:refs/heads/main",
        ]
        apply-dev = [
          "repo:example-org/mlops-platform:environment:dev",
          "repo:example-org@1001/mlops-platform@2002:environment:dev",
        ]
        apply-prod = [
          "repo:example-org/mlops-platform:environment:prod",
          "repo:example-org@1001/mlops-platform@2002:environment:prod",
        ]
        images = [
          "repo:example-org/mlops-platform:ref:refs/heads/main",
          "repo:example-org@1001/mlops-platform@2002:ref:refs/heads/main",
        ]
        } : name => jsonencode([{
          actions = ["sts:AssumeRoleWithWebIdentity"]
          condition = {
            "StringEquals token.actions.githubusercontent.com:aud" = ["sts.amazonaws.com"]
            "StringEquals token.actions.githubusercontent.com:sub" = subjects
          }
          effect         = null
          not_actions    = null
          not_principals = []
          not_resources  = null
          principals = [{
            identifiers = ["arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"]
            type        = "Federated"
          }]
          resources = null
          sid       = null
      }])
    }
    error_message = "A role is for other subjects than the intended whole ones, or for another audience."
  }
}

run "a_plan_reads_the_account_but_no_data_and_no_secret" {
  command = plan

  assert {
    condition = (
      aws_iam_role_policy_attachment.plan.role == "mlops-github-plan"
      && aws_iam_role_policy_attachment.plan.policy_arn == "arn:aws:iam::aws:policy/ReadOnlyAccess"
      && aws_iam_role_policy.plan.role == "mlops-github-plan"
    )
    error_message = "The plan's role does more than to read."
  }

  assert {
    condition = jsonencode([
      for s in data.aws_iam_policy_document.plan.statement : [
        s.sid, s.effect, s.actions, s.not_actions, s.resources, s.not_resources,
        [for c in s.condition : [c.test, c.variable, c.values]], concat(tolist(s.principals), tolist(s.not_principals)),
      ]
      ]) == jsonencode([
      ["DecryptState", null, ["kms:Decrypt"], null, ["arn:aws:kms:eu-west-1:111122223333:key/state"], null, [], []],
      [
        "MakePassword", null, ["secretsmanager:GetRandomPassword"], null, ["*"], null,
        [["StringEquals", "aws:RequestedRegion", ["eu-west-1"]]], [],
      ],
      ["NoData", "Deny", ["s3:GetObject", "s3:GetObjectVersion"], null, null, ["arn:aws:s3:::state/*"], [], []],
      ["NoSecrets", "Deny", ["secretsmanager:GetSecretValue", "ssm:GetParameter*"], null, ["*"], null, [], []],
    ])
    error_message = "The plan's role reads objects other than the state, or secrets, or uses another key."
  }
}

run "an_apply_is_guarded_by_an_environment_and_nothing_else_administers" {
  command = plan

  assert {
    condition = {
      for name, attachment in aws_iam_role_policy_attachment.apply :
      name => [attachment.role, attachment.policy_arn]
      } == {
      dev  = ["mlops-github-apply-dev", "arn:aws:iam::aws:policy/AdministratorAccess"]
      prod = ["mlops-github-apply-prod", "arn:aws:iam::aws:policy/AdministratorAccess"]
    }
    error_message = "Only the roles that a GitHub environment guards administer the account."
  }
}

run "an_environment_that_is_not_listed_has_no_role" {
  command = plan

  variables {
    environments = ["dev"]
  }

  assert {
    condition = (
      toset(keys(aws_iam_role.github)) == toset(["plan", "apply-dev", "images"])
      && keys(aws_iam_role_policy_attachment.apply) == ["dev"]
    )
    error_message = "There is a role for an environment that is not listed."
  }
}

run "the_images_role_pushes_to_the_repositories_and_does_nothing_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.images.policy).Statement == [
      {
        Sid       = "Login"
        Effect    = "Allow"
        Action    = "ecr:GetAuthorizationToken"
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = "eu-west-1" } }
      },
      {
        Sid    = "Push"
        Effect = "Allow"
        Action = [
          "ecr:UploadLayerPart", "ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:GetDownloadUrlForLayer",
          "ecr:DescribeImages", "ecr:CompleteLayerUpload", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability",
        ]
        Resource = "arn:aws:ecr:eu-west-1:111122223333:repository/mlops/mlflow"
      },
    ]
    error_message = "The images' role does more than to log in, look and push, or elsewhere."
  }

  assert {
    condition     = aws_iam_role_policy.images.role == "mlops-github-images"
    error_message = "Another role pushes images."
  }
}

run "a_pattern_of_repositories_is_refused" {
  command = plan

  variables {
    repository = { owner = "example-org", owner_id = 1001, name = "*", id = 2002 }
  }

  expect_failures = [var.repository]
}

run "a_pattern_of_owners_is_refused" {
  command = plan

  variables {
    repository = { owner = "example-*", owner_id = 1001, name = "mlops-platform", id = 2002 }
  }

  expect_failures = [var.repository]
}

run "a_repository_without_its_ids_is_refused" {
  command = plan

  variables {
    repository = { owner = "example-org", owner_id = 1001, name = "mlops-platform", id = 0 }
  }

  expect_failures = [var.repository]
}

run "a_pattern_of_environments_is_refused" {
  command = plan

  variables {
    environments = ["*"]
  }

  expect_failures = [var.environments]
}

run "an_account_id_of_another_length_is_refused" {
  command = plan

  variables {
    account_id = "11112222333"
  }

  expect_failures = [var.account_id]
}

run "a_region_that_is_none_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
