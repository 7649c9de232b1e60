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
  domain         = "mlops.example.com"
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

# The whole environment: what guards it and what it may cost is all here.
run "prod_survives_a_zone_and_a_mistake" {
  command = plan

  assert {
    condition = jsonencode(output.guards) == jsonencode({
      nat_gateways = 3
      cluster = {
        public_endpoint = false
        access          = { admin = "AmazonEKSClusterAdminPolicy to arn:aws:iam::111122223333:role/platform-admin" }
      }
      addons = { vpc-cni = { enableNetworkPolicy = "true" } }
      general_nodes = {
        min            = 3
        max            = 6
        instance_types = ["m7i.xlarge", "m6i.xlarge"]
        ami_type       = "AL2023_x86_64_STANDARD"
        capacity_type  = "ON_DEMAND"
        taints         = []
      }
      gpu_nodes = {
        min            = 1
        max            = 2
        instance_types = ["g5.xlarge", "g6.xlarge"]
        ami_type       = "AL2023_x86_64_NVIDIA"
        capacity_type  = "ON_DEMAND"
        taints         = ["nvidia.com/gpu=true:NO_SCHEDULE"]
      }
      buckets       = { stays_unless_empty = true, expires = { feat = { "workflows/" = 30 } } }
      database      = { multi_az = true, deletion_protection = true, final_snapshot = true, backup_retention_days = 35 }
      load_balancer = { deletion_protection = true, internal = true, clients = ["10.0.0.0/8"] }
      monitoring    = { budget_usd = 6000, log_retention_days = 90 }
    })
    error_message = "prod is guarded otherwise, or may cost more: ${jsonencode(output.guards)}"
  }
}

run "the_facts_are_those_that_the_manifests_want" {
  command = plan

  # Where Git is, is decided in that file.
  assert {
    condition = toset(keys(output.facts)) == setsubtract(
      keys(yamldecode(file("../../../clusters/prod/facts/facts.yaml")).data), ["repoURL", "targetRevision"],
    )
    error_message = "The output facts has a key too many or too few for clusters/prod/facts/facts.yaml."
  }
}

run "an_account_id_of_another_length_is_refused" {
  command = plan

  variables {
    account_id = "11112222333"
  }

  expect_failures = [var.account_id]
}

run "a_user_is_no_administrator" {
  command = plan

  variables {
    admin_role_arn = "arn:aws:iam::111122223333:user/somebody"
  }

  expect_failures = [var.admin_role_arn]
}

run "a_domain_that_is_none_is_refused" {
  command = plan

  variables {
    domain = "*.example.com"
  }

  expect_failures = [var.domain]
}

run "a_region_that_is_none_is_refused" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
