output "registry" {
  description = "What comes before the name of a service in the name of its image."
  value       = module.ecr.registry
}

output "role_arns" {
  description = "ARN of each role of CI, for the variables of the GitHub repository."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "state_bucket" {
  description = "Name of the bucket of Terraform's state."
  value       = module.state.names["terraform"]
}
