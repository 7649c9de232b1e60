# Nodes that EKS manages: encrypted disks, no way to the node's role from a pod, repaired by themselves.

locals {
  full_name = "${var.cluster_name}-${var.name}"

  # The scheduler's name of the effect, which autoscalers read in the tag.
  effects = { NO_SCHEDULE = "NoSchedule", NO_EXECUTE = "NoExecute", PREFER_NO_SCHEDULE = "PreferNoSchedule" }

  # What a node would be like, for an autoscaler that has none to look at.
  scale_from_zero = merge(
    { "k8s.io/cluster-autoscaler/node-template/label/mlops/pool" = var.name },
    var.taint == null ? {} : {
      "k8s.io/cluster-autoscaler/node-template/taint/${var.taint.key}" = "${var.taint.value}:${local.effects[var.taint.effect]}"
    },
    var.ami_type == "AL2023_x86_64_NVIDIA" ? { "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu" = "1" } : {},
  )
}

resource "aws_launch_template" "this" {
  name                   = local.full_name
  update_default_version = true

  # Tokens only, and one hop: a pod cannot take the node's role.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.disk_gib
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])

    content {
      resource_type = tag_specifications.key
      tags          = { Name = local.full_name }
    }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = var.cluster_name
  node_group_name = var.name
  node_role_arn   = aws_iam_role.this.arn
  subnet_ids      = var.subnet_ids
  version         = var.kubernetes_version

  ami_type       = var.ami_type
  capacity_type  = var.capacity_type
  instance_types = var.instance_types

  labels = { "mlops/pool" = var.name }

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  node_repair_config {
    enabled = true
  }

  scaling_config {
    min_size     = var.size.min
    max_size     = var.size.max
    desired_size = var.size.desired
  }

  dynamic "taint" {
    for_each = var.taint == null ? [] : [var.taint]

    content {
      key    = taint.value.key
      value  = taint.value.value
      effect = taint.value.effect
    }
  }

  update_config {
    max_unavailable = 1
  }

  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  # Without these a node does not join, and on the way out does not leave.
  depends_on = [aws_iam_role_policy_attachment.this]
}

resource "aws_autoscaling_group_tag" "this" {
  for_each = local.scale_from_zero

  autoscaling_group_name = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name

  tag {
    key                 = each.key
    value               = each.value
    propagate_at_launch = false
  }
}
