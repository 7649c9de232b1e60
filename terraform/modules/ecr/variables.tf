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
}

variable "repositories" {
  description = "Names of the repositories, one per service."
  type        = set(string)
}
