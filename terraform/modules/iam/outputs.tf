output "role_arns" {
  description = "ARN of each workload's role, by the workload."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}
