variable "alarm_emails" {
  description = "Addresses that hear of alarms and of the budget. Each must confirm once, by mail."
  type        = set(string)

  validation {
    condition = (
      length(var.alarm_emails) > 0
      && alltrue([for address in var.alarm_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    )
    error_message = "An alarm that nobody hears is none: name one mail address or more."
  }
}

variable "budget_usd" {
  description = "What the environment may cost in a month, in US dollars. Warned of at 80 % spent and at 100 % foreseen."
  type        = number

  validation {
    condition     = var.budget_usd > 0
    error_message = "A budget is above 0."
  }
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "database" {
  description = "The database: its identifier, the size of its disk in GiB, and how many connections are too many."
  type = object({
    identifier      = string
    storage_gib     = number
    max_connections = number
  })

  validation {
    condition     = var.database.storage_gib >= 1 && var.database.max_connections >= 1
    error_message = "Give the database's storage_gib and max_connections, 1 or more each: the alarms' thresholds come from them."
  }
}

variable "environment" {
  description = "Name of the environment."
  type        = string
}

variable "gpu_autoscaling_group_name" {
  description = "Autoscaling group of the GPU nodes that EKS manages."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that logs and notifications are encrypted with. CloudWatch, its logs and Budgets must be allowed to use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "Give the ARN of a key of your own: alarms do not pass a topic that has the key of SNS."
  }
}

variable "load_balancer" {
  description = "The load balancer's dimension, and the target groups' by a short name."
  type = object({
    arn_suffix    = string
    target_groups = map(string)
  })
}

variable "log_retention_days" {
  description = "Days that the logs of pods and nodes are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "Logs are kept for 7 days or more, in steps that CloudWatch has: 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "region" {
  description = "Region of the environment."
  type        = string
}
