# An apply that reaches nobody: Terraform makes up what only AWS knows, but for what a policy is made of.

run "bootstrap" {
  command = apply

  module {
    source = "./tree/bootstrap"
  }

  variables {
    account_id = "111122223333"
    region     = "eu-west-1"
    repository = { owner = "example-org", owner_id = 1001, name = "mlops-platform", id = 2002 }
  }

  override_resource {
    target = aws_iam_openid_connect_provider.github
    values = { arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" }
  }

  override_resource {
    target = aws_kms_key.state
    values = { arn = "arn:aws:kms:eu-west-1:111122223333:key/state", policy = DEFAULT_KEY_POLICY }
  }

  override_resource {
    target = module.state.aws_s3_bucket.this["terraform"]
    values = { arn = "arn:aws:s3:::mlops-terraform-eu-west-1-111122223333", id = "mlops-terraform-eu-west-1-111122223333", policy = "" }
  }

  override_resource {
    target = module.ecr.aws_ecr_repository.this["inference-api"]
    values = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/mlops/inference-api" }
  }

  override_resource {
    target = module.ecr.aws_ecr_repository.this["mlflow"]
    values = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/mlops/mlflow" }
  }

  override_resource {
    target = module.ecr.aws_ecr_repository.this["pipelines"]
    values = { arn = "arn:aws:ecr:eu-west-1:111122223333:repository/mlops/pipelines" }
  }

  # EVERYTHING_ELSE
}
