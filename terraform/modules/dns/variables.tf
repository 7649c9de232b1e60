variable "hosts" {
  description = "Names to be served, by a short name. All are in the zone."
  type        = map(string)

  validation {
    condition     = length(var.hosts) > 0
    error_message = "A certificate has one name or more."
  }
}

variable "load_balancer" {
  description = "Where the names lead."
  type = object({
    dns_name = string
    zone_id  = string
  })
}

variable "zone_id" {
  description = "Hosted zone of the names."
  type        = string
}
