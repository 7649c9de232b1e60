output "node_role_name" {
  description = "Name of the role of the nodes that Karpenter starts; it makes the instance profile itself."
  value       = aws_iam_role.node.name
}

output "queue_name" {
  description = "Name of the queue with the warnings."
  value       = aws_sqs_queue.this.name
}
