output "role_arns" {
  description = "ARN of each controller's role, by the controller."
  value = {
    external-secrets = module.external_secrets.role_arn
    load-balancer    = module.load_balancer.role_arn
  }
}
