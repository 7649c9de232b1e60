variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that the secrets are encrypted with."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "Give the ARN of one key, not a pattern."
  }
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "secret_arns" {
  description = "ARNs of the secrets that External Secrets may read."
  type        = list(string)

  validation {
    condition = (
      length(var.secret_arns) > 0
      && alltrue([for arn in var.secret_arns : can(regex("^arn:aws[a-z-]*:secretsmanager:[^*?]+$", arn))])
    )
    error_message = "Give the ARNs of the secrets that pods need, one or more and each whole: a pattern matches more."
  }
}

variable "target_group_arns" {
  description = "ARNs of the target groups that pods may join."
  type        = list(string)

  validation {
    condition = (
      length(var.target_group_arns) > 0
      && alltrue([
        for arn in var.target_group_arns :
        can(regex("^arn:aws[a-z-]*:elasticloadbalancing:[^*?]+:targetgroup/[^*?]+$", arn))
      ])
    )
    error_message = "Give the ARNs of the target groups, one or more and each whole: a pattern matches more."
  }
}
