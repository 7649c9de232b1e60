variable "allowed_cidrs" {
  description = "Address ranges that may reach the load balancer."
  type        = list(string)

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for cidr in var.allowed_cidrs : can(cidrhost(cidr, 0))])
    error_message = "Name one address range or more, such as 10.0.0.0/8."
  }

  validation {
    condition     = var.internet_facing || !contains(var.allowed_cidrs, "0.0.0.0/0")
    error_message = "An internal load balancer need not be open to everybody: name the ranges that use it."
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
    condition     = length(var.name) <= 20
    error_message = "A target group's name has 32 characters at most, the name's part of it 20."
  }
}

variable "pod_security_group_id" {
  description = "Security group of the pods, which is that of the nodes."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the load balancer, in two zones or more: public if it faces the internet, else private."
  type        = list(string)
}

variable "targets" {
  description = "What stands behind the load balancer, by a short name: its host name, port, and the path that says it is ready."
  type = map(object({
    host        = string
    port        = number
    health_path = string
  }))
}

variable "vpc_id" {
  description = "VPC of the target groups."
  type        = string
}
