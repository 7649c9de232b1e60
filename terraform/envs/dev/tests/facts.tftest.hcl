provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# Not those of terraform.tfvars, which everybody writes anew.
variables {
  account_id     = "111122223333"
  admin_role_arn = "arn:aws:iam::111122223333:role/platform-admin"
  alarm_emails   = ["platform@example.com"]
  client_cidrs   = ["10.0.0.0/8"]
  domain         = "dev.mlops.example.com"
  region         = "eu-west-1"
}

# AWS knows its zones, and here is no AWS.
override_data {
  target = data.aws_availability_zones.available
  values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
}

# A plan asks Secrets Manager for a password, and here is none.
override_module {
  target = module.rds.module.password
}

# What AWS gives to what it makes. With it every fact is known, and one that is that of something else is found.
override_resource {
  target          = module.vpc.aws_vpc.this
  override_during = plan
  values          = { id = "vpc-00000000000000d01" }
}

override_resource {
  target          = module.rds.aws_db_instance.this
  override_during = plan
  values = {
    address = "mlops-dev.abcdefghijkl.eu-west-1.rds.amazonaws.com"
    master_user_secret = [{
      secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-00000000-0000-0000-0000-000000000001-AbCdEf"
    }]
  }
}

override_resource {
  target          = module.iam.aws_iam_role.this["features"]
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mlops-dev-features" }
}

override_resource {
  target          = module.iam.aws_iam_role.this["inference"]
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mlops-dev-inference" }
}

override_resource {
  target          = module.iam.aws_iam_role.this["mlflow"]
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mlops-dev-mlflow" }
}

override_resource {
  target          = module.iam.aws_iam_role.this["training"]
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mlops-dev-training" }
}

override_resource {
  target          = module.iam.aws_iam_role.this["workflow-artifacts"]
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mlops-dev-workflow-artifacts" }
}

override_resource {
  target          = module.s3.aws_s3_bucket.this["data"]
  override_during = plan
  values          = { id = "mlops-data-dev-111122223333", arn = "arn:aws:s3:::mlops-data-dev-111122223333" }
}

override_resource {
  target          = module.s3.aws_s3_bucket.this["feat"]
  override_during = plan
  values          = { id = "mlops-feat-dev-111122223333", arn = "arn:aws:s3:::mlops-feat-dev-111122223333" }
}

override_resource {
  target          = module.s3.aws_s3_bucket.this["artifacts"]
  override_during = plan
  values          = { id = "mlops-artifacts-dev-111122223333", arn = "arn:aws:s3:::mlops-artifacts-dev-111122223333" }
}

override_resource {
  target          = module.alb.aws_lb_target_group.this["mlflow"]
  override_during = plan
  values = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-dev-mlflow/0000000000000001"
    arn_suffix = "targetgroup/mlops-dev-mlflow/0000000000000001"
  }
}

override_resource {
  target          = module.alb.aws_lb_target_group.this["inference"]
  override_during = plan
  values = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-dev-inference/0000000000000011"
    arn_suffix = "targetgroup/mlops-dev-inference/0000000000000011"
  }
}

run "a_fact_is_that_of_what_it_names" {
  command = plan

  assert {
    condition = jsonencode(output.facts) == jsonencode({
      environment              = "dev"
      region                   = "eu-west-1"
      clusterName              = "mlops-dev"
      registry                 = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlops"
      vpcId                    = "vpc-00000000000000d01"
      vpcCidr                  = "10.0.0.0/16"
      mlflowHost               = "mlflow.dev.mlops.example.com"
      inferenceHost            = "inference.dev.mlops.example.com"
      mlflowRoleArn            = "arn:aws:iam::111122223333:role/mlops-dev-mlflow"
      inferenceRoleArn         = "arn:aws:iam::111122223333:role/mlops-dev-inference"
      trainingRoleArn          = "arn:aws:iam::111122223333:role/mlops-dev-training"
      featuresRoleArn          = "arn:aws:iam::111122223333:role/mlops-dev-features"
      workflowArtifactsRoleArn = "arn:aws:iam::111122223333:role/mlops-dev-workflow-artifacts"
      dataBucket               = "mlops-data-dev-111122223333"
      featBucket               = "mlops-feat-dev-111122223333"
      artifactsBucket          = "mlops-artifacts-dev-111122223333"
      databaseHost             = "mlops-dev.abcdefghijkl.eu-west-1.rds.amazonaws.com"
      databasePort             = "5432"
      databaseName             = "mlflow"
      databaseMasterSecret     = "rds!db-00000000-0000-0000-0000-000000000001"
      databaseUserSecret       = "mlops/dev/mlflow-database"
      mlflowTargetGroupArn     = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-dev-mlflow/0000000000000001"
      inferenceTargetGroupArn  = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-dev-inference/0000000000000011"
      karpenterQueue           = "mlops-dev-karpenter"
      karpenterNodeRole        = "mlops-dev-karpenter-node"
    })
    error_message = "A fact is another than expected: ${jsonencode(output.facts)}"
  }
}
