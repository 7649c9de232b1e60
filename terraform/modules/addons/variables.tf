variable "addons" {
  description = <<-EOT
    Add-ons by name. `version` pins a build; without one EKS takes its default for the cluster's version.
    `configuration` is the add-on's JSON (`jsonencode`). `service_account` and `policy_arns` give the add-on a role of
    its own through Pod Identity.
  EOT
  type = map(object({
    version         = optional(string)
    configuration   = optional(string)
    service_account = optional(string)
    policy_arns     = optional(set(string), [])
  }))

  validation {
    condition = alltrue([
      for _, addon in var.addons :
      addon.configuration == null || can(keys(jsondecode(addon.configuration)))
    ])
    error_message = "An add-on's configuration is a JSON object: jsonencode({ … })."
  }

  validation {
    condition = alltrue([
      for _, addon in var.addons :
      (addon.service_account == null) == (length(addon.policy_arns) == 0)
    ])
    error_message = "A role needs both: service_account, which takes it, and policy_arns, which say what it may do."
  }

  validation {
    condition = alltrue(flatten([for _, addon in var.addons : [
      for arn in addon.policy_arns : can(regex("^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/", arn)) && !endswith(arn, "/AdministratorAccess")
    ]]))
    error_message = "Policies are given by ARN, and an add-on is no administrator."
  }
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}
