variable "account_id" {
  description = "The account to work in. The provider refuses any other."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "environments" {
  description = "Environments that CI may apply, each guarded by a GitHub environment of the same name."
  type        = set(string)
  default     = ["dev", "prod"]

  validation {
    condition     = alltrue([for name in var.environments : can(regex("^[a-z][a-z0-9-]{1,30}$", name))])
    error_message = "An environment's name has 2 to 31 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the state and of the image repositories."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is written as in eu-west-1."
  }
}

variable "repository" {
  description = <<-EOT
    The GitHub repository whose workflows may assume the roles: owner and name, and their numeric ids, which
    GitHub puts into the subject of repositories made or renamed since July 2026. `gh api repos/OWNER/NAME --jq
    '.owner.id, .id'` prints them.
  EOT
  type = object({
    owner    = string
    owner_id = number
    name     = string
    id       = number
  })

  validation {
    condition = (
      can(regex("^[A-Za-z0-9-]+$", var.repository.owner))
      && can(regex("^[A-Za-z0-9._-]+$", var.repository.name))
    )
    error_message = "The owner and the name are written out: a wildcard would let in other repositories."
  }

  validation {
    condition     = alltrue([for id in [var.repository.owner_id, var.repository.id] : id > 0 && floor(id) == id])
    error_message = "The ids of the owner and of the repository are whole numbers above 0, those that GitHub gave them."
  }
}

variable "services" {
  description = "Services that have an image."
  type        = set(string)
  default     = ["inference-api", "mlflow", "pipelines"]
}
