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
  cluster_name       = "mlops-test"
  name               = "general"
  instance_types     = ["m7i.large", "m6i.large"]
  kubernetes_version = "1.35"
  size               = { min = 2, max = 4, desired = 3 }
  subnet_ids         = ["subnet-a", "subnet-b"]
}

# Known only once they exist; here they tell who refers to what.
override_resource {
  target          = aws_launch_template.this
  override_during = plan
  values          = { id = "lt-this", latest_version = 7 }
}

override_resource {
  target          = aws_iam_role.this
  override_during = plan
  values          = { arn = "arn:aws:iam::111122223333:role/node" }
}

run "a_pod_cannot_take_the_nodes_role" {
  command = plan

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required"
    error_message = "Want IMDSv2: without a token the metadata service must not answer."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Want one hop: from a pod's own network it is two."
  }

  assert {
    condition = (
      aws_launch_template.this.metadata_options[0].http_endpoint == "enabled"
      && aws_launch_template.this.metadata_options[0].instance_metadata_tags == "disabled"
    )
    error_message = "The node needs the metadata service; nobody needs the tags there."
  }

  assert {
    condition = (
      aws_eks_node_group.this.launch_template[0].id == "lt-this"
      && aws_eks_node_group.this.launch_template[0].version == "7"
    )
    error_message = "The nodes must come from the newest version of this template, or none of it holds."
  }
}

run "the_disk_is_encrypted_and_goes_with_the_node" {
  command = plan

  assert {
    condition = [for mapping in aws_launch_template.this.block_device_mappings : [
      mapping.device_name, mapping.ebs[0].encrypted, mapping.ebs[0].delete_on_termination, mapping.ebs[0].volume_type, mapping.ebs[0].volume_size,
    ]] == [["/dev/xvda", "true", "true", "gp3", 100]]
    error_message = "Want one encrypted disk of 100 GiB: ${jsonencode(aws_launch_template.this.block_device_mappings)}"
  }
}

run "nobody_logs_in_and_no_node_has_a_public_address" {
  command = plan

  assert {
    condition     = length(aws_eks_node_group.this.remote_access) == 0 && aws_launch_template.this.key_name == null
    error_message = "Want no SSH: Session Manager needs neither a key nor an open port."
  }

  assert {
    condition = (
      length(aws_launch_template.this.network_interfaces) == 0
      && aws_launch_template.this.user_data == null
    )
    error_message = "The nodes' network is that of the private subnets and of the cluster's security group."
  }

  assert {
    condition     = aws_eks_node_group.this.subnet_ids == toset(["subnet-a", "subnet-b"])
    error_message = "Want the subnets given."
  }
}

run "the_nodes_role_has_what_a_node_needs_and_no_more" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Only EC2 may take the role."
  }

  assert {
    condition = toset([
      for attachment in aws_iam_role_policy_attachment.this :
      "${attachment.role} ${attachment.policy_arn}"
      ]) == toset([
      "mlops-test-general-node arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
      "mlops-test-general-node arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
      "mlops-test-general-node arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
      "mlops-test-general-node arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    ])
    error_message = "Want four policies: join, pull, give pods addresses, Session Manager."
  }

  assert {
    condition = (
      aws_eks_node_group.this.node_role_arn == aws_iam_role.this.arn
      && output.role_arn == aws_iam_role.this.arn
    )
    error_message = "The nodes must have this role."
  }
}

run "the_group_is_what_was_asked_for" {
  command = plan

  assert {
    condition = (
      aws_eks_node_group.this.cluster_name == "mlops-test"
      && aws_eks_node_group.this.node_group_name == "general"
      && aws_eks_node_group.this.version == "1.35"
      && output.name == "general"
    )
    error_message = "Want the cluster, the name and the version given."
  }

  assert {
    condition = (
      aws_eks_node_group.this.ami_type == "AL2023_x86_64_STANDARD"
      && aws_eks_node_group.this.capacity_type == "ON_DEMAND"
      && aws_eks_node_group.this.instance_types == tolist(["m7i.large", "m6i.large"])
    )
    error_message = "Unless asked for, want Amazon Linux without a GPU driver, and nodes that nobody takes back."
  }

  assert {
    condition = one([
      for size in aws_eks_node_group.this.scaling_config :
      [size.min_size, size.desired_size, size.max_size]
    ]) == [2, 3, 4]
    error_message = "Want the sizes given."
  }

  assert {
    condition = (
      aws_eks_node_group.this.labels == tomap({ "mlops/pool" = "general" })
      && length(aws_eks_node_group.this.taint) == 0
    )
    error_message = "Want the pool's label, and no taint."
  }

  assert {
    condition = {
      for specification in aws_launch_template.this.tag_specifications :
      specification.resource_type => specification.tags["Name"]
    } == { instance = "mlops-test-general", volume = "mlops-test-general" }
    error_message = "Instances and disks must be found by name."
  }
}

run "a_broken_node_is_replaced_and_an_update_takes_one_at_a_time" {
  command = plan

  assert {
    condition = (
      aws_eks_node_group.this.node_repair_config[0].enabled
      && aws_eks_node_group.this.update_config[0].max_unavailable == 1
      && aws_eks_node_group.this.force_update_version != true
    )
    error_message = "Want repair on, and updates that go node by node and heed disruption budgets."
  }

  assert {
    condition     = aws_launch_template.this.monitoring[0].enabled && aws_launch_template.this.update_default_version
    error_message = "Want metrics by the minute: alarms read them."
  }
}

run "a_gpu_group_can_be_empty_and_says_what_its_nodes_would_be" {
  command = plan

  # The name of the autoscaling group is EKS's to choose.
  override_resource {
    target          = aws_eks_node_group.this
    override_during = plan
    values          = { resources = [{ autoscaling_groups = [{ name = "eks-gpu" }], remote_access_security_group_id = "" }] }
  }

  variables {
    name           = "gpu"
    ami_type       = "AL2023_x86_64_NVIDIA"
    instance_types = ["g5.xlarge"]
    size           = { min = 0, max = 1, desired = 0 }
    taint          = { key = "nvidia.com/gpu", value = "true", effect = "NO_SCHEDULE" }
  }

  assert {
    condition = one([
      for size in aws_eks_node_group.this.scaling_config :
      [size.min_size, size.desired_size, size.max_size]
    ]) == [0, 0, 1]
    error_message = "Want a group that costs nothing while nobody needs it."
  }

  assert {
    condition = (
      aws_eks_node_group.this.ami_type == "AL2023_x86_64_NVIDIA"
      && aws_eks_node_group.this.labels == tomap({ "mlops/pool" = "gpu" })
    )
    error_message = "Want the image with the driver, and the pool's label."
  }

  assert {
    condition = [
      for taint in aws_eks_node_group.this.taint :
      [taint.key, taint.value, taint.effect]
    ] == [["nvidia.com/gpu", "true", "NO_SCHEDULE"]]
    error_message = "Want the taint that keeps other pods away."
  }

  assert {
    condition = {
      for _, tag in aws_autoscaling_group_tag.this :
      tag.tag[0].key => [tag.autoscaling_group_name, tag.tag[0].value, tag.tag[0].propagate_at_launch]
      } == {
      "k8s.io/cluster-autoscaler/node-template/label/mlops/pool"         = ["eks-gpu", "gpu", false]
      "k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu"     = ["eks-gpu", "true:NoSchedule", false]
      "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu" = ["eks-gpu", "1", false]
    }
    error_message = "An autoscaler that sees no node must read label, taint and GPU in the tags: ${jsonencode(aws_autoscaling_group_tag.this)}"
  }

  assert {
    condition = (
      aws_launch_template.this.metadata_options[0].http_tokens == "required"
      && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    )
    error_message = "A GPU node guards its role like any other."
  }

  assert {
    condition     = output.autoscaling_group_name == "eks-gpu"
    error_message = "The output names another autoscaling group."
  }
}

run "spot_has_to_be_asked_for" {
  command = plan

  variables {
    capacity_type = "SPOT"
    disk_gib      = 200
    taint         = { key = "mlops/batch", value = "true", effect = "NO_EXECUTE" }
  }

  assert {
    condition = (
      aws_eks_node_group.this.capacity_type == "SPOT"
      && aws_launch_template.this.block_device_mappings[0].ebs[0].volume_size == 200
    )
    error_message = "Want what was asked for."
  }

  assert {
    condition = (
      keys(aws_autoscaling_group_tag.this) == ["k8s.io/cluster-autoscaler/node-template/label/mlops/pool", "k8s.io/cluster-autoscaler/node-template/taint/mlops/batch"]
      && aws_autoscaling_group_tag.this["k8s.io/cluster-autoscaler/node-template/taint/mlops/batch"].tag[0].value == "true:NoExecute"
    )
    error_message = "Without a GPU driver the tags must promise no GPU."
  }
}

run "gpu_nodes_open_to_every_pod_are_refused" {
  command = plan

  variables {
    ami_type = "AL2023_x86_64_NVIDIA"
  }

  expect_failures = [var.taint]
}

run "gpu_nodes_that_only_prefer_their_pods_are_refused" {
  command = plan

  variables {
    ami_type = "AL2023_x86_64_NVIDIA"
    taint    = { key = "nvidia.com/gpu", value = "true", effect = "PREFER_NO_SCHEDULE" }
  }

  expect_failures = [var.taint]
}

run "what_eks_does_not_know_is_refused" {
  command = plan

  variables {
    ami_type       = "AL2_x86_64"
    capacity_type  = "RESERVED"
    disk_gib       = 20
    instance_types = []
    name           = "General"
    size           = { min = 2, max = 4, desired = 1 }
    subnet_ids     = []
  }

  expect_failures = [
    var.ami_type, var.capacity_type, var.disk_gib, var.instance_types, var.name, var.size, var.subnet_ids,
  ]
}

run "an_effect_as_kubernetes_spells_it_is_refused" {
  command = plan

  variables {
    taint = { key = "nvidia.com/gpu", value = "true", effect = "NoSchedule" }
  }

  expect_failures = [var.taint]
}

run "more_nodes_than_the_most_are_refused" {
  command = plan

  variables {
    size = { min = 0, max = 2, desired = 3 }
  }

  expect_failures = [var.size]
}

run "a_group_that_can_have_no_node_is_refused" {
  command = plan

  variables {
    size = { min = 0, max = 0, desired = 0 }
  }

  expect_failures = [var.size]
}

run "less_than_none_is_refused" {
  command = plan

  variables {
    size = { min = -1, max = 2, desired = 0 }
  }

  expect_failures = [var.size]
}
