variable "account_id" {
  description = "Account of the buckets; a part of their names, which are unique in the world."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits."
  }
}

variable "buckets" {
  description = <<-EOT
    The buckets by their short names. `expire_prefixes` gives for each prefix the days after which its objects are
    deleted; what is elsewhere is kept. `noncurrent_days` is how long an overwritten or deleted object can be brought
    back.
  EOT
  type = map(object({
    expire_prefixes = optional(map(number), {})
    noncurrent_days = optional(number, 90)
  }))

  validation {
    condition     = alltrue([for name, _ in var.buckets : can(regex("^[a-z][a-z0-9-]{1,20}$", name))])
    error_message = "A bucket's short name has 2 to 21 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for _, bucket in var.buckets : bucket.noncurrent_days >= 7])
    error_message = "Old versions are the way back from a mistake: keep them for 7 days or more (noncurrent_days)."
  }

  validation {
    condition = alltrue(flatten([
      for _, bucket in var.buckets :
      [for prefix, _ in bucket.expire_prefixes : can(regex("^[^/].*/$", prefix))]
    ]))
    error_message = "A prefix that expires is a folder, such as workflows/: without one the rule would empty the bucket."
  }

  validation {
    condition = alltrue(flatten([
      for _, bucket in var.buckets :
      [for _, days in bucket.expire_prefixes : days >= 1]
    ]))
    error_message = "Objects expire after a day or more."
  }
}

variable "environment" {
  description = "Environment of the buckets; a part of their names."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,13}$", var.environment))
    error_message = "An environment has 2 to 14 lower-case letters, digits and hyphens: the name of a bucket has room for 63."
  }
}

variable "force_destroy" {
  description = "Delete a bucket with everything in it on `terraform destroy`. Only where the data is worth nothing."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Key that the objects are encrypted with."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "Give the ARN of a key of your own: without one S3 takes a key that every role of the account may use."
  }
}

variable "prefix" {
  description = "First part of the names of the buckets."
  type        = string
  default     = "mlops"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}$", var.prefix))
    error_message = "A prefix has 2 to 13 lower-case letters, digits and hyphens: the name of a bucket has room for 63."
  }
}
