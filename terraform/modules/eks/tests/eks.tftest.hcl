# Plans with the real provider and dummy keys: nothing is called.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name            = "mlops-test"
  subnet_ids      = ["subnet-a", "subnet-b"]
  log_kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  access = {
    admin = { role_arn = "arn:aws:iam::111122223333:role/admin", policy = "AmazonEKSClusterAdminPolicy" }
  }
}

# Known only once they exist; here they tell who refers to what.
override_resource {
  target          = aws_kms_key.this
  override_during = plan
  values = {
    arn    = "arn:aws:kms:eu-west-1:111122223333:key/cluster"
    key_id = "cluster"
  }
}

override_resource {
  target          = aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/cluster" }
}

run "the_api_is_reached_from_the_vpc_only" {
  command = plan

  assert {
    condition = (
      aws_eks_cluster.this.vpc_config[0].endpoint_private_access
      && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    )
    error_message = "Unless somebody is named, want the private endpoint and no public one."
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].subnet_ids == toset(["subnet-a", "subnet-b"])
    error_message = "The control plane must have its addresses in the subnets given."
  }
}

run "the_public_endpoint_answers_the_named_ranges_only" {
  command = plan

  variables {
    allow_public_endpoint_from = ["203.0.113.0/24", "198.51.100.7/32"]
  }

  assert {
    condition = (
      aws_eks_cluster.this.vpc_config[0].endpoint_public_access
      && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24", "198.51.100.7/32"])
    )
    error_message = "Want the named ranges and no other."
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access
    error_message = "Nodes must go on using the private endpoint."
  }
}

run "secrets_are_encrypted_with_a_key_of_the_clusters_own" {
  command = plan

  assert {
    condition = [
      for config in aws_eks_cluster.this.encryption_config :
      [config.resources, config.provider[0].key_arn]
    ] == [[toset(["secrets"]), aws_kms_key.this.arn]]
    error_message = "Want Secrets encrypted with the key of this module."
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "Want a key that is changed every year and can be brought back for 30 days."
  }

  assert {
    condition = (
      aws_kms_alias.this.name == "alias/mlops-test-eks"
      && aws_kms_alias.this.target_key_id == aws_kms_key.this.key_id
    )
    error_message = "The key must be found by its alias."
  }
}

run "all_that_the_control_plane_logs_is_kept_for_a_year" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "Want all five types, the audit log among them."
  }

  # The name is the one that EKS writes to: of another it would make its own, without an end.
  assert {
    condition = (
      aws_cloudwatch_log_group.this.name == "/aws/eks/mlops-test/cluster"
      && aws_cloudwatch_log_group.this.retention_in_days == 365
      && aws_cloudwatch_log_group.this.kms_key_id == var.log_kms_key_arn
    )
    error_message = "Want the log group of the cluster, and a year."
  }
}

run "access_is_by_entries_only_and_whoever_made_the_cluster_has_none" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API"
    error_message = "With the map aws-auth there would be a second, older way in."
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions == false
    error_message = "Whoever makes the cluster must not stay its administrator."
  }

  assert {
    condition = {
      for name, entry in aws_eks_access_entry.this :
      name => [entry.cluster_name, entry.principal_arn, entry.type]
      } == {
      admin = ["mlops-test", "arn:aws:iam::111122223333:role/admin", "STANDARD"]
    }
    error_message = "Want an entry for each role that was named and for no other."
  }

  assert {
    condition = {
      for name, association in aws_eks_access_policy_association.this :
      name => [association.principal_arn, association.policy_arn, association.access_scope[0].type]
      } == {
      admin = ["arn:aws:iam::111122223333:role/admin", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "cluster"]
    }
    error_message = "Want the policy that was named."
  }
}

run "access_can_end_at_a_namespace" {
  command = plan

  variables {
    access = {
      readers = {
        role_arn   = "arn:aws:iam::111122223333:role/readers"
        policy     = "AmazonEKSViewPolicy"
        namespaces = ["training"]
      }
    }
  }

  assert {
    condition = (
      aws_eks_access_policy_association.this["readers"].access_scope[0].type == "namespace"
      && aws_eks_access_policy_association.this["readers"].access_scope[0].namespaces == toset(["training"])
    )
    error_message = "With namespaces the policy must hold in these only."
  }
}

run "the_clusters_role_is_for_eks_only" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Only EKS may take the role."
  }

  assert {
    condition = (
      aws_iam_role_policy_attachment.this.policy_arn == "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
      && aws_iam_role_policy_attachment.this.role == aws_iam_role.this.name
    )
    error_message = "Want AWS's own policy for clusters."
  }

  assert {
    condition     = aws_eks_cluster.this.role_arn == aws_iam_role.this.arn
    error_message = "The cluster must have this role."
  }
}

run "a_version_is_used_while_its_support_is_included" {
  command = plan

  assert {
    condition = (
      aws_eks_cluster.this.version == "1.35"
      && aws_eks_cluster.this.upgrade_policy[0].support_type == "STANDARD"
    )
    error_message = "Extended support costs six times as much: want an upgrade instead."
  }

  assert {
    condition     = aws_eks_cluster.this.bootstrap_self_managed_addons == false
    error_message = "The add-ons that every node needs are those of the module addons."
  }
}

run "pods_are_known_to_iam_and_karpenter_finds_the_nodes_group" {
  command = plan

  # The issuer and the security group are EKS's to choose.
  override_resource {
    target          = aws_eks_cluster.this
    override_during = plan
    values = {
      identity   = [{ oidc = [{ issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF" }] }]
      vpc_config = { cluster_security_group_id = "sg-cluster" }
    }
  }

  assert {
    condition = (
      aws_iam_openid_connect_provider.this.url == "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
      && aws_iam_openid_connect_provider.this.client_id_list == toset(["sts.amazonaws.com"])
    )
    error_message = "Want the cluster's issuer, for tokens that are meant for STS only."
  }

  assert {
    condition = (
      output.oidc_issuer == "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
      && output.security_group_id == "sg-cluster"
      && output.name == "mlops-test"
      && output.version == "1.35"
    )
    error_message = "The outputs describe another cluster."
  }

  assert {
    condition = (
      aws_ec2_tag.discovery.resource_id == "sg-cluster"
      && aws_ec2_tag.discovery.key == "karpenter.sh/discovery"
      && aws_ec2_tag.discovery.value == "mlops-test"
    )
    error_message = "Karpenter finds the security group by the cluster's name in this tag."
  }
}

run "everybody_is_no_range" {
  command = plan

  variables {
    allow_public_endpoint_from = ["203.0.113.0/24", "0.0.0.0/0"]
  }

  expect_failures = [var.allow_public_endpoint_from]
}

run "everybody_in_two_halves_is_no_range" {
  command = plan

  variables {
    allow_public_endpoint_from = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.allow_public_endpoint_from]
}

run "a_user_gets_no_access_and_an_audit_log_no_short_life" {
  command = plan

  variables {
    access                     = { somebody = { role_arn = "arn:aws:iam::111122223333:user/somebody", policy = "AmazonEKSViewPolicy" } }
    allow_public_endpoint_from = ["203.0.113.0"]
    kubernetes_version         = "1.35.2"
    log_retention_days         = 30
    name                       = "MLOps"
    subnet_ids                 = ["subnet-a", "subnet-a"]
  }

  expect_failures = [
    var.access, var.allow_public_endpoint_from, var.kubernetes_version, var.log_retention_days, var.name, var.subnet_ids,
  ]
}

run "a_policy_of_iam_is_none_of_eks_and_no_log_is_kept_for_ever" {
  command = plan

  variables {
    access             = { somebody = { role_arn = "arn:aws:iam::111122223333:role/somebody", policy = "AdministratorAccess" } }
    kubernetes_version = "latest"
    log_retention_days = 0
    name               = "a-name-that-is-longer-than-31-characters"
  }

  expect_failures = [var.access, var.kubernetes_version, var.log_retention_days, var.name]
}
