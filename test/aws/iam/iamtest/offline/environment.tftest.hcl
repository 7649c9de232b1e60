# An apply that reaches nobody: Terraform makes up what only AWS knows, but for what a policy is made of.

run "ENVIRONMENT" {
  command = apply

  module {
    source = "./tree/envs/ENVIRONMENT"
  }

  variables {
    account_id     = "111122223333"
    admin_role_arn = "arn:aws:iam::111122223333:role/platform-admin"
    alarm_emails   = ["platform@example.com"]
    client_cidrs   = ["10.0.0.0/8"]
    domain         = "ENVIRONMENT.mlops.example.com"
    region         = "eu-west-1"
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "111122223333" }
  }

  override_data {
    target = data.aws_availability_zones.available
    values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }

  # The database's password is asked of Secrets Manager, and the certificate's records are ACM's.

  override_module {
    target = module.rds
    outputs = {
      database_name      = "mlflow"
      host               = "mlops-ENVIRONMENT.example.eu-west-1.rds.amazonaws.com"
      identifier         = "mlops-ENVIRONMENT"
      master_secret_arn  = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-ENVIRONMENT-abc123"
      master_secret_name = "rds!db-ENVIRONMENT"
      port               = 5432
      restore            = {}
      user_secret_arn    = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mlops/ENVIRONMENT/mlflow-database-abc123"
      user_secret_name   = "mlops/ENVIRONMENT/mlflow-database"
    }
  }

  override_module {
    target  = module.dns
    outputs = { certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/ENVIRONMENT" }
  }

  override_resource {
    target = module.eks.aws_eks_cluster.this
    values = {
      arn        = "arn:aws:eks:eu-west-1:111122223333:cluster/mlops-ENVIRONMENT"
      identity   = [{ oidc = [{ issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/ENVIRONMENT" }] }]
      vpc_config = { cluster_security_group_id = "sg-ENVIRONMENT" }
    }
  }

  override_resource {
    target = module.eks.aws_iam_openid_connect_provider.this
    values = { arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ENVIRONMENT" }
  }

  override_resource {
    target = module.eks.aws_kms_key.this
    values = { arn = "arn:aws:kms:eu-west-1:111122223333:key/eks-ENVIRONMENT", policy = DEFAULT_KEY_POLICY }
  }

  override_resource {
    target = module.data_key.aws_kms_key.this
    values = { arn = "arn:aws:kms:eu-west-1:111122223333:key/data-ENVIRONMENT" }
  }

  override_resource {
    target = module.s3.aws_s3_bucket.this["data"]
    values = { arn = "arn:aws:s3:::mlops-data-ENVIRONMENT-111122223333", id = "mlops-data-ENVIRONMENT-111122223333", policy = "" }
  }

  override_resource {
    target = module.s3.aws_s3_bucket.this["feat"]
    values = { arn = "arn:aws:s3:::mlops-feat-ENVIRONMENT-111122223333", id = "mlops-feat-ENVIRONMENT-111122223333", policy = "" }
  }

  override_resource {
    target = module.s3.aws_s3_bucket.this["artifacts"]
    values = { arn = "arn:aws:s3:::mlops-artifacts-ENVIRONMENT-111122223333", id = "mlops-artifacts-ENVIRONMENT-111122223333", policy = "" }
  }

  override_resource {
    target = module.general.aws_eks_node_group.this
    values = { resources = [{ autoscaling_groups = [{ name = "general-ENVIRONMENT" }] }] }
  }

  override_resource {
    target = module.gpu.aws_eks_node_group.this
    values = { resources = [{ autoscaling_groups = [{ name = "gpu-ENVIRONMENT" }] }] }
  }

  override_resource {
    target = module.karpenter.aws_sqs_queue.this
    values = { arn = "arn:aws:sqs:eu-west-1:111122223333:mlops-ENVIRONMENT-karpenter", policy = "" }
  }

  override_resource {
    target = module.karpenter.aws_iam_role.node
    values = { arn = "arn:aws:iam::111122223333:role/mlops-ENVIRONMENT-karpenter-node" }
  }

  override_resource {
    target = module.cloudwatch.aws_sns_topic.alarms
    values = { arn = "arn:aws:sns:eu-west-1:111122223333:mlops-ENVIRONMENT-alarms", policy = "" }
  }

  override_resource {
    target = module.alb.aws_lb_target_group.this["mlflow"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-ENVIRONMENT-mlflow/0123456789abcdef" }
  }

  override_resource {
    target = module.alb.aws_lb_target_group.this["inference"]
    values = { arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-ENVIRONMENT-inference/0123456789abcdef" }
  }

  # EVERYTHING_ELSE
}
