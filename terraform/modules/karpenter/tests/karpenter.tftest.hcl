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
  account_id   = "111122223333"
  cluster_name = "mlops-test"
  region       = "eu-west-1"
}

# Known only once they exist; here they tell who refers to what.
override_resource {
  target          = aws_sqs_queue.this
  override_during = plan
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:mlops-test-karpenter"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/mlops-test-karpenter"
  }
}

override_resource {
  target          = aws_iam_role.node
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/mlops-test-karpenter-node" }
}

run "the_queue_is_encrypted_and_takes_events_of_this_account_over_tls_only" {
  command = plan

  assert {
    condition     = aws_sqs_queue.this.name == "mlops-test-karpenter" && aws_sqs_queue.this.sqs_managed_sse_enabled
    error_message = "Want a queue that SQS encrypts."
  }

  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds == 300
    error_message = "A warning is about two minutes: an old one would end a node that is well."
  }

  # The whole policy: a principal, an action or a condition more or less is another policy.
  assert {
    condition = jsondecode(aws_sqs_queue_policy.this.policy).Statement == [
      {
        Sid       = "Events"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:aws:sqs:eu-west-1:111122223333:mlops-test-karpenter"
        Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = "arn:aws:sqs:eu-west-1:111122223333:mlops-test-karpenter"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
    error_message = "Want events of this account and nobody's else, over TLS: ${aws_sqs_queue_policy.this.policy}"
  }

  assert {
    condition = (
      aws_sqs_queue_policy.this.queue_url == aws_sqs_queue.this.url
      && output.queue_name == aws_sqs_queue.this.name
    )
    error_message = "The policy and the output must be of this queue."
  }
}

run "every_warning_that_karpenter_heeds_reaches_the_queue" {
  command = plan

  assert {
    condition = { for _, rule in aws_cloudwatch_event_rule.this : rule.name => jsondecode(rule.event_pattern) } == {
      mlops-test-karpenter-health    = { source = ["aws.health"], detail-type = ["AWS Health Event"] }
      mlops-test-karpenter-spot      = { source = ["aws.ec2"], detail-type = ["EC2 Spot Instance Interruption Warning"] }
      mlops-test-karpenter-rebalance = { source = ["aws.ec2"], detail-type = ["EC2 Instance Rebalance Recommendation"] }
      mlops-test-karpenter-state     = { source = ["aws.ec2"], detail-type = ["EC2 Instance State-change Notification"] }
    }
    error_message = "Want the four events of Karpenter's reference."
  }

  assert {
    condition = { for _, target in aws_cloudwatch_event_target.this : target.rule => target.arn } == {
      for name in ["health", "spot", "rebalance", "state"] : "mlops-test-karpenter-${name}" => aws_sqs_queue.this.arn
    }
    error_message = "Each rule must send to the queue."
  }
}

run "the_nodes_role_has_what_a_node_needs_and_no_more" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.node.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Only EC2 may take the role."
  }

  assert {
    condition = toset([
      for attachment in aws_iam_role_policy_attachment.node :
      "${attachment.role} ${attachment.policy_arn}"
      ]) == toset([
      "mlops-test-karpenter-node arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
      "mlops-test-karpenter-node arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
      "mlops-test-karpenter-node arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
      "mlops-test-karpenter-node arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    ])
    error_message = "Want four policies: join, pull, give pods addresses, Session Manager."
  }

  assert {
    condition = (
      aws_eks_access_entry.node.cluster_name == "mlops-test"
      && aws_eks_access_entry.node.principal_arn == aws_iam_role.node.arn
      && aws_eks_access_entry.node.type == "EC2_LINUX"
    )
    error_message = "The cluster must let nodes with this role join, as nodes and nothing more."
  }

  assert {
    condition     = output.node_role_name == "mlops-test-karpenter-node"
    error_message = "The output names another role."
  }
}

run "only_karpenters_own_pods_get_its_role" {
  command = plan

  assert {
    condition     = module.controller.service_account == "kube-system/karpenter"
    error_message = "The role must go to Karpenter's service account."
  }
}

# --- the controller's policy, whole: a statement, an action, a resource or a condition more or less is another policy.

run "karpenter_may_do_what_is_listed_below_and_no_more" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(data.aws_iam_policy_document.controller.json).Statement :
      [statement.Sid, statement.Effect]
      ] == [
      for sid in [
        "StartFrom", "StartFromOwnTemplate", "StartTagged", "TagAtStart", "TagOwn", "EndOwn", "PassNodeRole", "MakeProfile",
        "TagOwnProfile", "ChangeOwnProfile", "ReadProfile", "Queue", "Cluster", "Images", "Look", "LookElsewhere",
      ] : [sid, "Allow"]
    ]
    error_message = "There are other statements than those that the tests below are about."
  }
}

run "karpenter_starts_only_what_carries_its_tags" {
  command = plan

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[0] == {
      Sid    = "StartFrom"
      Effect = "Allow"
      Action = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource = [
        "arn:aws:ec2:eu-west-1::snapshot/*",
        "arn:aws:ec2:eu-west-1::image/*",
        "arn:aws:ec2:eu-west-1:111122223333:subnet/*",
        "arn:aws:ec2:eu-west-1:111122223333:security-group/*",
        "arn:aws:ec2:eu-west-1:111122223333:capacity-reservation/*",
      ]
    }
    error_message = "Without a tag Karpenter may use what instances are made of, and nothing that would be new."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[1] == {
      Sid      = "StartFromOwnTemplate"
      Effect   = "Allow"
      Action   = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource = "arn:aws:ec2:eu-west-1:111122223333:launch-template/*"
      Condition = {
        StringEquals = { "aws:ResourceTag/kubernetes.io/cluster/mlops-test" = "owned" }
        StringLike   = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
      }
    }
    error_message = "A launch template of others could say anything."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[2] == {
      Sid    = "StartTagged"
      Effect = "Allow"
      Action = ["ec2:RunInstances", "ec2:CreateLaunchTemplate", "ec2:CreateFleet"]
      Resource = [
        "arn:aws:ec2:eu-west-1:111122223333:volume/*",
        "arn:aws:ec2:eu-west-1:111122223333:spot-instances-request/*",
        "arn:aws:ec2:eu-west-1:111122223333:network-interface/*",
        "arn:aws:ec2:eu-west-1:111122223333:launch-template/*",
        "arn:aws:ec2:eu-west-1:111122223333:instance/*",
        "arn:aws:ec2:eu-west-1:111122223333:fleet/*",
      ]
      Condition = {
        StringEquals = {
          "aws:RequestTag/eks:eks-cluster-name"             = "mlops-test"
          "aws:RequestTag/kubernetes.io/cluster/mlops-test" = "owned"
        }
        StringLike = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
      }
    }
    error_message = "What Karpenter starts must carry the tags of the cluster and of a node pool."
  }
}

run "karpenter_tags_and_ends_only_what_it_started" {
  command = plan

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[3] == {
      Sid    = "TagAtStart"
      Effect = "Allow"
      Action = "ec2:CreateTags"
      Resource = [
        "arn:aws:ec2:eu-west-1:111122223333:volume/*",
        "arn:aws:ec2:eu-west-1:111122223333:spot-instances-request/*",
        "arn:aws:ec2:eu-west-1:111122223333:network-interface/*",
        "arn:aws:ec2:eu-west-1:111122223333:launch-template/*",
        "arn:aws:ec2:eu-west-1:111122223333:instance/*",
        "arn:aws:ec2:eu-west-1:111122223333:fleet/*",
      ]
      Condition = {
        StringEquals = {
          "aws:RequestTag/eks:eks-cluster-name"             = "mlops-test"
          "aws:RequestTag/kubernetes.io/cluster/mlops-test" = "owned"
          "ec2:CreateAction"                                = ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]
        }
        StringLike = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
      }
    }
    error_message = "The tags by which something is Karpenter's are given when it is made, never later."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[4] == {
      Sid      = "TagOwn"
      Effect   = "Allow"
      Action   = "ec2:CreateTags"
      Resource = "arn:aws:ec2:eu-west-1:111122223333:instance/*"
      Condition = {
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"] }
        StringEquals                = { "aws:ResourceTag/kubernetes.io/cluster/mlops-test" = "owned" }
        StringEqualsIfExists        = { "aws:RequestTag/eks:eks-cluster-name" = "mlops-test" }
        StringLike                  = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
      }
    }
    error_message = "Later Karpenter gives its own instances three tags, and none by which they are its own."
  }

  # Nodes of the managed groups carry the cluster's tag too: only the node pool's tells them apart.
  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[5] == {
      Sid    = "EndOwn"
      Effect = "Allow"
      Action = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
      Resource = [
        "arn:aws:ec2:eu-west-1:111122223333:launch-template/*",
        "arn:aws:ec2:eu-west-1:111122223333:instance/*",
      ]
      Condition = {
        StringEquals = { "aws:ResourceTag/kubernetes.io/cluster/mlops-test" = "owned" }
        StringLike   = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
      }
    }
    error_message = "Karpenter ends what a node pool of this cluster started."
  }
}

run "karpenter_gives_instances_the_nodes_role_and_no_other" {
  command = plan

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[6] == {
      Sid       = "PassNodeRole"
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = "arn:aws:iam::111122223333:role/mlops-test-karpenter-node"
      Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
    }
    error_message = "With a stronger role a node would have more rights than Karpenter."
  }
}

run "karpenter_changes_only_its_own_instance_profiles" {
  command = plan

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[7] == {
      Sid      = "MakeProfile"
      Effect   = "Allow"
      Action   = "iam:CreateInstanceProfile"
      Resource = "arn:aws:iam::111122223333:instance-profile/*"
      Condition = {
        StringEquals = {
          "aws:RequestTag/eks:eks-cluster-name"             = "mlops-test"
          "aws:RequestTag/kubernetes.io/cluster/mlops-test" = "owned"
          "aws:RequestTag/topology.kubernetes.io/region"    = "eu-west-1"
        }
        StringLike = { "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass" = "*" }
      }
    }
    error_message = "A profile that Karpenter makes must say whose it is."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[8] == {
      Sid      = "TagOwnProfile"
      Effect   = "Allow"
      Action   = "iam:TagInstanceProfile"
      Resource = "arn:aws:iam::111122223333:instance-profile/*"
      Condition = {
        StringEquals = {
          "aws:RequestTag/eks:eks-cluster-name"              = "mlops-test"
          "aws:RequestTag/kubernetes.io/cluster/mlops-test"  = "owned"
          "aws:RequestTag/topology.kubernetes.io/region"     = "eu-west-1"
          "aws:ResourceTag/kubernetes.io/cluster/mlops-test" = "owned"
          "aws:ResourceTag/topology.kubernetes.io/region"    = "eu-west-1"
        }
        StringLike = {
          "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass"  = "*"
          "aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass" = "*"
        }
      }
    }
    error_message = "A profile of others must not become Karpenter's by a tag."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.controller.json).Statement[9] == {
      Sid      = "ChangeOwnProfile"
      Effect   = "Allow"
      Action   = ["iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile", "iam:AddRoleToInstanceProfile"]
      Resource = "arn:aws:iam::111122223333:instance-profile/*"
      Condition = {
        StringEquals = {
          "aws:ResourceTag/kubernetes.io/cluster/mlops-test" = "owned"
          "aws:ResourceTag/topology.kubernetes.io/region"    = "eu-west-1"
        }
        StringLike = { "aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass" = "*" }
      }
    }
    error_message = "A profile of others, or one without tags, is not Karpenter's to change."
  }
}

run "karpenter_reads_what_it_needs_and_no_more" {
  command = plan

  assert {
    condition = slice(jsondecode(data.aws_iam_policy_document.controller.json).Statement, 10, 14) == [
      {
        Sid      = "ReadProfile"
        Effect   = "Allow"
        Action   = "iam:GetInstanceProfile"
        Resource = "arn:aws:iam::111122223333:instance-profile/*"
      },
      {
        Sid      = "Queue"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:GetQueueUrl", "sqs:DeleteMessage"]
        Resource = "arn:aws:sqs:eu-west-1:111122223333:mlops-test-karpenter"
      },
      {
        Sid      = "Cluster"
        Effect   = "Allow"
        Action   = "eks:DescribeCluster"
        Resource = "arn:aws:eks:eu-west-1:111122223333:cluster/mlops-test"
      },
      {
        Sid      = "Images"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = "arn:aws:ssm:eu-west-1::parameter/aws/service/*"
      },
    ]
    error_message = "Want its queue, its cluster, AWS's public parameters, and instance profiles."
  }

  assert {
    condition = slice(jsondecode(data.aws_iam_policy_document.controller.json).Statement, 14, 16) == [
      {
        Sid    = "Look"
        Effect = "Allow"
        Action = [
          "ec2:DescribeSubnets", "ec2:DescribeSpotPriceHistory", "ec2:DescribeSecurityGroups", "ec2:DescribeLaunchTemplates",
          "ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeInstanceTypeOfferings",
          "ec2:DescribeInstanceStatus", "ec2:DescribeImages", "ec2:DescribeCapacityReservations",
        ]
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = "eu-west-1" } }
      },
      {
        Sid      = "LookElsewhere"
        Effect   = "Allow"
        Action   = ["pricing:GetProducts", "iam:ListInstanceProfiles"]
        Resource = "*"
      },
    ]
    error_message = "What names no resource in IAM only reads, and in this region where it can be said."
  }
}

run "patterns_are_refused_where_names_are_wanted" {
  command = plan

  variables {
    account_id   = "*"
    cluster_name = "mlops-*"
    region       = "*"
  }

  expect_failures = [var.account_id, var.cluster_name, var.region]
}
