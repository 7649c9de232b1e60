variable "allocated_storage" {
  description = "Size of the disk in GiB. It grows by itself up to four times that."
  type        = number
  default     = 20

  validation {
    condition     = var.allocated_storage >= 20
    error_message = "A gp3 disk of RDS has 20 GiB or more."
  }
}

variable "allowed_security_group_ids" {
  description = "Security groups whose members may connect, by a name for the rule."
  type        = map(string)

  validation {
    condition     = alltrue([for _, id in var.allowed_security_group_ids : startswith(id, "sg-")])
    error_message = "Name the security groups, sg-…, of what may connect: an address range could be anybody."
  }
}

variable "backup_retention_days" {
  description = "Days that the database can be restored to any second of."
  type        = number
  default     = 35

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "Backups are kept for 7 to 35 days."
  }
}

variable "database_name" {
  description = "The database that MLflow's bootstrap creates and owns."
  type        = string
  default     = "mlflow"

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_]{0,62}$", var.database_name))
    error_message = "A database has 1 to 63 lower-case letters, digits and underscores: it becomes a part of a URI."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the database."
  type        = bool
  default     = true
}

variable "engine_version" {
  description = "Version of PostgreSQL; a major version takes the newest minor."
  type        = string
  default     = "16"

  validation {
    condition     = can(regex("^(1[5-9]|[2-9][0-9])(\\.[0-9]+)?$", var.engine_version))
    error_message = "Want PostgreSQL 15 or newer, such as 16 or 16.9."
  }
}

variable "instance_class" {
  description = "Size of the instance."
  type        = string

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "A class of RDS begins with db., such as db.t4g.small."
  }
}

variable "kms_key_arn" {
  description = "Key that the disk, the backups and the secrets are encrypted with."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "Give the ARN of a key of your own: without one RDS takes a key that every role of the account may use."
  }
}

variable "log_retention_days" {
  description = "Days that the logs of the database are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "Logs are kept for 30 days or more, in steps that CloudWatch has: 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "multi_az" {
  description = "A second instance in another zone that takes over by itself."
  type        = bool
  default     = true
}

variable "name" {
  description = "Name of the instance and first part of the names of what belongs to it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,50}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "An instance's name has 3 to 52 lower-case letters, digits and single hyphens: others are made from it."
  }
}

variable "skip_final_snapshot" {
  description = "Delete the database without a last snapshot, and its backups with it. Only where the data is worth nothing."
  type        = bool
  default     = false
}

variable "subnet_ids" {
  description = "Private subnets in two zones or more."
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "RDS wants subnets in two zones or more."
  }
}

variable "user_secret_name" {
  description = "Name of the secret that holds MLflow's own user."
  type        = string

  validation {
    condition = (
      can(regex("^[A-Za-z0-9/_+=.@-]+$", var.user_secret_name))
      && !can(regex("-[A-Za-z0-9]{6}$", var.user_secret_name))
    )
    error_message = "A secret's name has letters, digits and /_+=.@-; it does not end like the six characters that Secrets Manager adds."
  }
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string
}
