variable "account_id" {
  description = "Account of the key."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "name" {
  description = "Name of the environment; the key's alias."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "A name has 3 to 31 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the key, and of the logs that it encrypts."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is written as in eu-west-1."
  }
}
