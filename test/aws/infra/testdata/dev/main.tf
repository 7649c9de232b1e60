# An environment that is there in seconds: what tools/infra does does not depend on how much there is.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "account_id" { type = string }
variable "admin_role_arn" { type = string }
variable "region" { type = string }

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { Environment = "dev", Project = "mlops" }
  }
}

locals {
  emptied = false
  facts   = yamldecode(file("../../../clusters/dev/facts/facts.yaml")).data
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "mlops-dev" }
}

resource "aws_s3_bucket" "data" {
  bucket        = "mlops-data-dev-${var.account_id}"
  force_destroy = local.emptied
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/mlops/dev/inference"
  retention_in_days = 7
}

output "facts" {
  value = merge(
    { for name, value in local.facts : name => value if !contains(["repoURL", "targetRevision"], name) },
    { vpcId = aws_vpc.this.id },
  )
}
