output "autoscaling_group_name" {
  description = "The autoscaling group behind the node group, the dimension of its nodes' metrics."
  value       = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name
}

output "name" {
  description = "Name of the group, once its nodes are ready."
  value       = aws_eks_node_group.this.node_group_name
}

output "role_arn" {
  description = "ARN of the nodes' role."
  value       = aws_iam_role.this.arn
}

output "nodes" {
  description = "What nodes there are: how many at least and at most, of which types, and for which pods."
  value = {
    min            = aws_eks_node_group.this.scaling_config[0].min_size
    max            = aws_eks_node_group.this.scaling_config[0].max_size
    instance_types = aws_eks_node_group.this.instance_types
    ami_type       = aws_eks_node_group.this.ami_type
    capacity_type  = aws_eks_node_group.this.capacity_type
    taints         = [for taint in aws_eks_node_group.this.taint : "${taint.key}=${taint.value}:${taint.effect}"]
  }
}
