output "role_arns" {
  description = "ARN of each controller's role, by the controller."
  value = {
    external-secrets = module.external_secrets.role_arn
    load-balancer    = module.load_balancer.role_arn
  }
}

output "service_accounts" {
  description = "Whose pods get each controller's role, by the controller: namespace and service account."
  value = {
    external-secrets = module.external_secrets.service_account
    load-balancer    = module.load_balancer.service_account
  }
}
