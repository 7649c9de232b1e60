variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that the secrets are encrypted with."
  type        = string
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "secret_arns" {
  description = "ARNs of the secrets that External Secrets may read."
  type        = list(string)
}

variable "target_group_arns" {
  description = "ARNs of the target groups that pods may join."
  type        = list(string)
}
