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
  cluster_name = "mlops-test"
  addons = {
    coredns = { version = "v1.12.4-eksbuild.1", configuration = "{\"replicaCount\": 3}" }
    vpc-cni = { configuration = "{\"enableNetworkPolicy\": \"true\"}" }
    aws-ebs-csi-driver = {
      service_account = "ebs-csi-controller-sa"
      policy_arns     = ["arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]
    }
  }
}

# The ARN of a role is known only once it exists.
override_resource {
  target          = aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/ebs" }
}

run "an_add_on_gets_its_version_and_its_configuration" {
  command = plan

  assert {
    condition = {
      for name, addon in aws_eks_addon.this :
      name => [addon.cluster_name, addon.addon_name]
    } == { for name in ["aws-ebs-csi-driver", "coredns", "vpc-cni"] : name => ["mlops-test", name] }
    error_message = "Want each add-on in the cluster given."
  }

  assert {
    condition = (
      aws_eks_addon.this["coredns"].addon_version == "v1.12.4-eksbuild.1"
      && jsondecode(aws_eks_addon.this["coredns"].configuration_values) == { replicaCount = 3 }
    )
    error_message = "Want the version and the configuration given."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.this["vpc-cni"].configuration_values) == { enableNetworkPolicy = "true" }
    error_message = "Without this the cluster takes NetworkPolicies and enforces none."
  }

  assert {
    condition     = sort(output.names) == tolist(["aws-ebs-csi-driver", "coredns", "vpc-cni"])
    error_message = "The output must name what runs."
  }
}

run "what_somebody_changed_by_hand_is_put_right" {
  command = plan

  assert {
    condition = alltrue([
      for name in keys(var.addons) :
      aws_eks_addon.this[name].resolve_conflicts_on_create == "OVERWRITE" && aws_eks_addon.this[name].resolve_conflicts_on_update == "OVERWRITE"
    ])
    error_message = "The code says what an add-on is like, not whoever changed it last."
  }
}

run "only_an_add_on_that_asks_aws_for_something_has_a_role" {
  command = plan

  assert {
    condition = {
      for name, role in aws_iam_role.this :
      name => role.name
    } == { aws-ebs-csi-driver = "mlops-test-aws-ebs-csi-driver" }
    error_message = "Want a role for the add-on with a service account and for no other."
  }

  assert {
    condition = {
      for name, attachment in aws_iam_role_policy_attachment.this :
      name => [attachment.role, attachment.policy_arn]
      } == {
      "aws-ebs-csi-driver/AmazonEBSCSIDriverPolicy" = ["mlops-test-aws-ebs-csi-driver", "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]
    }
    error_message = "Want the policy given and no other."
  }

  assert {
    condition = {
      for name, addon in aws_eks_addon.this :
      name => [for association in addon.pod_identity_association : [association.service_account, association.role_arn]]
      } == {
      aws-ebs-csi-driver = [["ebs-csi-controller-sa", "arn:aws:iam::111122223333:role/ebs"]]
      coredns            = []
      vpc-cni            = []
    }
    error_message = "The role must go to the service account of its add-on."
  }
}

run "only_the_add_ons_own_service_account_gets_the_role" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this["aws-ebs-csi-driver"].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:TagSession", "sts:AssumeRole"]
      Condition = { StringEquals = {
        "aws:RequestTag/eks-cluster-name"           = "mlops-test"
        "aws:RequestTag/kubernetes-service-account" = "ebs-csi-controller-sa"
      } }
    }]
    error_message = "The role trusts EKS, for this cluster and service account, and nobody else."
  }
}

run "a_role_for_nobody_is_refused" {
  command = plan

  variables {
    addons = { coredns = { policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"] } }
  }

  expect_failures = [var.addons]
}

run "a_role_that_may_do_nothing_is_refused" {
  command = plan

  variables {
    addons = { coredns = { service_account = "coredns" } }
  }

  expect_failures = [var.addons]
}

run "an_administrator_is_refused" {
  command = plan

  variables {
    addons = { coredns = { service_account = "coredns", policy_arns = ["arn:aws:iam::aws:policy/AdministratorAccess"] } }
  }

  expect_failures = [var.addons]
}

run "a_policy_by_name_is_refused" {
  command = plan

  variables {
    addons = { coredns = { service_account = "coredns", policy_arns = ["AmazonEBSCSIDriverPolicy"] } }
  }

  expect_failures = [var.addons]
}

run "a_configuration_that_is_no_object_is_refused" {
  command = plan

  variables {
    addons = { coredns = { configuration = "replicaCount: 3" } }
  }

  expect_failures = [var.addons]
}
