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

output "size" {
  description = "How many nodes of which types: what the group costs at least and at most."
  value = {
    min            = aws_eks_node_group.this.scaling_config[0].min_size
    max            = aws_eks_node_group.this.scaling_config[0].max_size
    instance_types = aws_eks_node_group.this.instance_types
  }
}
