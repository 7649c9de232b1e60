variable "hosts" {
  description = "Names to be served, by a short name. All are in the zone."
  type        = map(string)

  validation {
    condition     = length(var.hosts) > 0 && length(distinct(values(var.hosts))) == length(var.hosts)
    error_message = "A certificate has one name or more, each once."
  }

  validation {
    condition = alltrue([
      for host in values(var.hosts) :
      can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", host))
    ])
    error_message = "A host is written out in lower case, such as mlflow.example.com: a wildcard covers more."
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
