variable "access" {
  description = <<-EOT
    Who may use the cluster's API, by a name for the entry: an IAM role and one of EKS's own access policies, such as
    AmazonEKSClusterAdminPolicy or AmazonEKSViewPolicy. With `namespaces` the policy holds in these only.
  EOT
  type = map(object({
    role_arn   = string
    policy     = string
    namespaces = optional(list(string), [])
  }))

  validation {
    condition = alltrue([
      for _, entry in var.access :
      can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", entry.role_arn))
    ])
    error_message = "Access is given to IAM roles: role_arn must be the ARN of one. Users and root have long-lived keys."
  }

  validation {
    condition     = alltrue([for _, entry in var.access : can(regex("^AmazonEKS[A-Za-z]*Policy$", entry.policy))])
    error_message = "The policy is the name of one of EKS's access policies, such as AmazonEKSViewPolicy."
  }
}

variable "allow_public_endpoint_from" {
  description = "Address ranges that may reach the API over the internet. None: the endpoint is private."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.allow_public_endpoint_from : can(cidrnetmask(cidr))])
    error_message = "The public endpoint is opened to ranges of IPv4 addresses, such as 203.0.113.0/24."
  }

  validation {
    condition = alltrue([
      for cidr in var.allow_public_endpoint_from :
      try(tonumber(split("/", cidr)[1]) >= 16, false)
    ])
    error_message = "Name the address ranges that need the public endpoint, each /16 or smaller: 0.0.0.0/0 is everybody, and so are two halves of it."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
  default     = "1.35"

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "EKS takes a minor version, such as 1.35."
  }
}

variable "log_kms_key_arn" {
  description = "Key that the logs are encrypted with; CloudWatch Logs must be allowed to use it. Secrets have one of their own."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the control plane's logs, the audit log among them, are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "An incident is often found months later: keep the audit log for 90 days or more, in steps that CloudWatch has: 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "name" {
  description = "Name of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "A cluster's name has 3 to 31 lower-case letters, digits and hyphens: it is part of many other names."
  }
}

variable "subnet_ids" {
  description = "Private subnets in two zones or more."
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "EKS wants subnets in two zones or more."
  }
}
