# What an account has once, before the first environment: the bucket of Terraform's state, the repositories of images,
# and the roles of CI (github.tf). Applied by hand, once; its own state is small and can be made again by import.

resource "aws_kms_key" "state" {
  description             = "Terraform's state"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "state" {
  name          = "alias/mlops-terraform-state"
  target_key_id = aws_kms_key.state.key_id
}

# Private, encrypted, versioned, over TLS only. A state that is lost or wrong is brought back from a version.
module "state" {
  source = "../modules/s3"

  account_id  = var.account_id
  environment = var.region
  kms_key_arn = aws_kms_key.state.arn
  buckets = {
    terraform = { noncurrent_days = 365 }
  }
}

module "ecr" {
  source = "../modules/ecr"

  repositories = var.services
}
