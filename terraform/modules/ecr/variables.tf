variable "keep_images" {
  description = "How many tagged images of each repository are kept; older ones are deleted."
  type        = number
  default     = 50

  validation {
    condition     = var.keep_images >= 10
    error_message = "A rollback needs the images of the last releases: keep 10 or more."
  }
}

variable "prefix" {
  description = "First part of the names of the repositories, before the slash."
  type        = string
  default     = "mlops"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.prefix))
    error_message = "The prefix has 2 to 31 lower-case letters, digits and hyphens."
  }
}

variable "repositories" {
  description = "Names of the repositories, one per service."
  type        = set(string)

  validation {
    condition = (
      length(var.repositories) > 0
      && alltrue([for name in var.repositories : can(regex("^[a-z][a-z0-9-]{1,60}$", name))])
    )
    error_message = "Name one repository or more, each with 2 to 61 lower-case letters, digits and hyphens."
  }
}
