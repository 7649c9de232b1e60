variable "alarm_emails" {
  description = "Addresses that hear of alarms and of the budget. Each must confirm once, by mail."
  type        = set(string)
  default     = []
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
  description = "Key that notifications are encrypted with; CloudWatch and Budgets must be allowed to use it."
  type        = string
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
