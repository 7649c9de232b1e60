variable "account_id" {
  description = "Account of the key."
  type        = string
}

variable "name" {
  description = "Name of the environment; the key's alias."
  type        = string
}
