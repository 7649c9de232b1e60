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
}

variable "instance_class" {
  description = "Size of the instance."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that the disk, the backups and the secrets are encrypted with."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the logs of the database are kept."
  type        = number
  default     = 90
}

variable "multi_az" {
  description = "A second instance in another zone that takes over by itself."
  type        = bool
  default     = true
}

variable "name" {
  description = "Name of the instance and first part of the names of what belongs to it."
  type        = string
}

variable "skip_final_snapshot" {
  description = "Delete the database without a last snapshot. Only where the data is worth nothing."
  type        = bool
  default     = false
}

variable "subnet_ids" {
  description = "Private subnets in two zones or more."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS wants subnets in two zones or more."
  }
}

variable "user_secret_name" {
  description = "Name of the secret that holds MLflow's own user."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the database."
  type        = string
}
