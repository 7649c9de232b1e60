variable "secret_id" {
  description = "ARN of the secret to put the password into."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:", var.secret_id))
    error_message = "Give the ARN of a secret: by its name alone a secret of another region could be meant."
  }
}

variable "username" {
  description = "Whose password it is; kept beside it."
  type        = string

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_]{0,62}$", var.username))
    error_message = "A user of PostgreSQL has 1 to 63 lower-case letters, digits and underscores: it becomes a part of a URI."
  }
}
