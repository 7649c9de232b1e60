variable "account_id" {
  description = "The account to work in. The provider refuses any other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "admin_role_arn" {
  description = "The IAM role whose holders administer the cluster."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.admin_role_arn))
    error_message = "Give the ARN of a role. Users and root have long-lived keys."
  }
}

variable "alarm_emails" {
  description = "Addresses that hear of alarms."
  type        = set(string)
}

variable "allow_public_endpoint_from" {
  description = "Address ranges that may reach the cluster's API over the internet. None: from the VPC only."
  type        = list(string)
  default     = []
}

variable "client_cidrs" {
  description = "Address ranges that may reach MLflow and the inference API through the load balancer."
  type        = list(string)
}

variable "domain" {
  description = "Domain of the environment. A hosted zone is made for it; its parent must delegate to that zone."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "A domain is names with dots between them, in lower case, such as mlops.example.com."
  }
}

variable "region" {
  description = "Region of everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is written as in eu-west-1."
  }
}
