variable "addons" {
  description = <<-EOT
    Add-ons by name. `version` pins a build; without one EKS takes its default for the cluster's version.
    `configuration` becomes the add-on's JSON. `service_account` and `policy_arns` give the add-on a role of its own
    through Pod Identity.
  EOT
  type = map(object({
    version         = optional(string)
    configuration   = optional(any, {})
    service_account = optional(string)
    policy_arns     = optional(set(string), [])
  }))
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}
