variable "allowed_cidrs" {
  description = "IPv4 ranges that may reach the load balancer."
  type        = list(string)

  validation {
    condition = (
      length(var.allowed_cidrs) > 0
      && alltrue([for cidr in var.allowed_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr && can(cidrnetmask(cidr)), false)])
    )
    error_message = "Name one IPv4 range or more by its first address, such as 10.0.0.0/8."
  }

  # Two halves of the internet are the internet too.
  validation {
    condition     = alltrue([for cidr in var.allowed_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "MLflow asks nobody for a password: name the ranges that use it, /8 or smaller, not everybody."
  }
}

variable "certificate_arn" {
  description = "Certificate of the names, once it is valid."
  type        = string
}

variable "deletion_protection" {
  description = "Refuse to delete the load balancer."
  type        = bool
  default     = true
}

variable "internet_facing" {
  description = "Give the load balancer public addresses. MLflow then answers there too, to allowed_cidrs."
  type        = bool
  default     = false
}

variable "name" {
  description = "Name of the load balancer and first part of the names of its target groups."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "A name has 20 lower-case letters, digits and hyphens at most, a target group's, made of it, 32."
  }
}

variable "pod_security_group_id" {
  description = "Security group of the pods, which is that of the nodes."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the load balancer, in two zones or more: public if it faces the internet, else private."
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "A load balancer wants subnets in two zones or more."
  }
}

variable "targets" {
  description = "What stands behind the load balancer, by a short name: its host name, port, and the path that says it is ready."
  type = map(object({
    host        = string
    port        = number
    health_path = string
  }))

  validation {
    condition = (
      length(var.targets) > 0
      && alltrue([for name, _ in var.targets : can(regex("^[a-z]([a-z0-9-]{0,9}[a-z0-9])?$", name))])
    )
    error_message = "Name one target or more, each with 11 lower-case letters, digits and hyphens at most."
  }

  validation {
    condition = (
      alltrue([for _, target in var.targets : can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", target.host))])
      && length(distinct([for _, target in var.targets : target.host])) == length(var.targets)
    )
    error_message = "Each target has a host name of its own, written out: a wildcard would take another's requests."
  }

  validation {
    condition = alltrue([
      for _, target in var.targets :
      startswith(target.health_path, "/") && target.port >= 1 && target.port <= 65535
    ])
    error_message = "A target's health_path begins with a slash, and its port is between 1 and 65535."
  }
}

variable "vpc_id" {
  description = "VPC of the target groups."
  type        = string
}
