variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "name" {
  description = "Name of the role."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "A role's name has 64 characters at most: letters, digits and +=,.@_-"
  }
}

variable "namespace" {
  description = "Namespace of the service account."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "A namespace has lower-case letters, digits and hyphens; a pattern would be more than one."
  }
}

variable "policy" {
  description = "What the role may do, as the JSON of a policy."
  type        = string

  validation {
    condition     = can(jsondecode(var.policy).Statement[0])
    error_message = "The policy must be the JSON of an IAM policy, with a list of statements."
  }

  validation {
    condition = alltrue([
      for statement in try(jsondecode(var.policy).Statement, []) : alltrue([
        for action in try(flatten([statement.Action]), ["*"]) : !strcontains(action, "*")
      ])
    ])
    error_message = "A controller's actions are written out: no wildcard in Action, and no NotAction."
  }
}

variable "service_account" {
  description = "Name of the service account whose pods get the role."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.service_account))
    error_message = "A service account has lower-case letters, digits, hyphens and dots; a pattern would be more than one."
  }
}
