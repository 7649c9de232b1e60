provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  cluster_name    = "mlops-test"
  name            = "mlops-test-controller"
  namespace       = "kube-system"
  service_account = "controller"
  policy          = <<-EOT
    {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:queue"}
    ]}
  EOT
}

# The ARN of a role is known only once it exists.
override_resource {
  target          = aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mlops-test-controller" }
}

run "only_pods_of_the_one_service_account_get_the_role" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:TagSession", "sts:AssumeRole"]
      Condition = { StringEquals = {
        "aws:RequestTag/eks-cluster-name"           = "mlops-test"
        "aws:RequestTag/kubernetes-namespace"       = "kube-system"
        "aws:RequestTag/kubernetes-service-account" = "controller"
      } }
    }]
    error_message = "The role trusts EKS, for the cluster, the namespace and the service account, and nobody else."
  }
}

run "the_cluster_gives_the_role_to_that_service_account" {
  command = plan

  assert {
    condition = (
      aws_eks_pod_identity_association.this.cluster_name == "mlops-test"
      && aws_eks_pod_identity_association.this.namespace == "kube-system"
      && aws_eks_pod_identity_association.this.service_account == "controller"
      && aws_eks_pod_identity_association.this.role_arn == aws_iam_role.this.arn
    )
    error_message = "The association is not of this role, service account and cluster."
  }

  assert {
    condition     = output.service_account == "kube-system/controller"
    error_message = "The output names another service account."
  }

  assert {
    condition     = output.role_arn == aws_iam_role.this.arn
    error_message = "The output is another role."
  }
}

run "the_role_may_do_what_it_was_given_and_no_more" {
  command = plan

  assert {
    condition = (
      aws_iam_role_policy.this.role == "mlops-test-controller"
      && jsondecode(aws_iam_role_policy.this.policy) == jsondecode(var.policy)
    )
    error_message = "The role's policy is not the one given."
  }
}

run "a_policy_that_is_no_json_is_refused" {
  command = plan

  variables {
    policy = "everything"
  }

  expect_failures = [var.policy]
}

run "a_policy_without_statements_is_refused" {
  command = plan

  variables {
    policy = "{\"Version\": \"2012-10-17\", \"Statement\": []}"
  }

  expect_failures = [var.policy]
}

run "every_action_of_aws_is_refused" {
  command = plan

  variables {
    policy = "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"arn:aws:s3:::one\"}]}"
  }

  expect_failures = [var.policy]
}

run "every_action_of_a_service_is_refused" {
  command = plan

  variables {
    policy = "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"s3:GetObject\", \"ec2:*\"], \"Resource\": \"arn:aws:s3:::one\"}]}"
  }

  expect_failures = [var.policy]
}

run "every_action_but_some_is_refused" {
  command = plan

  variables {
    policy = "{\"Statement\": [{\"Effect\": \"Allow\", \"NotAction\": \"iam:CreateUser\", \"Resource\": \"arn:aws:s3:::one\"}]}"
  }

  expect_failures = [var.policy]
}

run "a_pattern_of_namespaces_is_refused" {
  command = plan

  variables {
    namespace = "*"
  }

  expect_failures = [var.namespace]
}

run "a_pattern_of_service_accounts_is_refused" {
  command = plan

  variables {
    service_account = "controller-*"
  }

  expect_failures = [var.service_account]
}

run "a_name_too_long_for_a_role_is_refused" {
  command = plan

  variables {
    name = "mlops-test-controller-with-a-name-that-is-longer-than-64-characters"
  }

  expect_failures = [var.name]
}
