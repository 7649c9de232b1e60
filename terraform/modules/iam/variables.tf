variable "buckets" {
  description = "ARNs of the buckets: data (raw), feat (features, and what workflows pass on), artifacts (models)."
  type = object({
    data      = string
    feat      = string
    artifacts = string
  })
}

variable "kms_key_arn" {
  description = "Key that the buckets are encrypted with."
  type        = string
}

variable "name" {
  description = "First part of the names of the roles."
  type        = string
}

variable "oidc_issuer" {
  description = "Issuer of the pods' tokens, without https://."
  type        = string

  validation {
    condition     = !startswith(var.oidc_issuer, "https://")
    error_message = "Give the issuer without https://: that is how the condition keys of a trust policy are named."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the identity provider that trusts the issuer."
  type        = string
}
