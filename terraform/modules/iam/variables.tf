variable "buckets" {
  description = "ARNs of the buckets: data (raw), feat (features, and what workflows pass on), artifacts (models)."
  type = object({
    data      = string
    feat      = string
    artifacts = string
  })

  validation {
    condition     = alltrue([for arn in values(var.buckets) : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}$", arn))])
    error_message = "Give the ARN of each bucket, without a path and without a pattern."
  }

  validation {
    condition     = length(distinct(values(var.buckets))) == 3
    error_message = "The three are different buckets: what may read raw data must not reach models by it."
  }
}

variable "kms_key_arn" {
  description = "Key that the buckets are encrypted with."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "Give the ARN of one key, not a pattern."
  }
}

variable "name" {
  description = "First part of the names of the roles."
  type        = string
}

variable "oidc_issuer" {
  description = "Issuer of the pods' tokens, without https://."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+(/[A-Za-z0-9._-]+)*$", var.oidc_issuer))
    error_message = "Give the issuer without https://: that is how the condition keys of a trust policy are named."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the identity provider that trusts the issuer."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[^*?]+$", var.oidc_provider_arn))
    error_message = "Roles trust one OIDC provider of this account: give its ARN."
  }
}

variable "region" {
  description = "Region of the buckets."
  type        = string
}
