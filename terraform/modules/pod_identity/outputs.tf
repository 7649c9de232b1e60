output "role_arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "service_account" {
  description = "Whose pods get the role: the namespace and the name of their service account, with a slash between."
  value       = "${aws_eks_pod_identity_association.this.namespace}/${aws_eks_pod_identity_association.this.service_account}"
}
