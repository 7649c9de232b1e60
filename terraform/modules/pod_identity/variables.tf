variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "name" {
  description = "Name of the role."
  type        = string
}

variable "namespace" {
  description = "Namespace of the service account."
  type        = string
}

variable "policy" {
  description = "What the role may do, as the JSON of a policy."
  type        = string

  validation {
    condition     = can(jsondecode(var.policy).Statement)
    error_message = "The policy must be the JSON of an IAM policy."
  }
}

variable "service_account" {
  description = "Name of the service account whose pods get the role."
  type        = string
}
