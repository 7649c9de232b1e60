variable "availability_zones" {
  description = "Names of the zones to use, two or three."
  type        = list(string)

  validation {
    condition = (
      contains([2, 3], length(distinct(var.availability_zones)))
      && length(distinct(var.availability_zones)) == length(var.availability_zones)
    )
    error_message = "Give two or three different availability zones: RDS and the load balancer need two."
  }
}

variable "cidr" {
  description = "Addresses of the VPC: a /16 from a private range."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "The VPC's cidr must be a /16, such as 10.0.0.0/16: the subnets are cut out of it by position."
  }

  validation {
    condition     = can(regex("^(10\\.[0-9]+|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168)\\.0\\.0/", var.cidr))
    error_message = "The VPC's cidr must begin with the first address of a private range: 10.x.0.0, 172.16.0.0 to 172.31.0.0 or 192.168.0.0."
  }
}

variable "cluster_name" {
  description = "Name of the cluster that will use the subnets. Karpenter finds them by it."
  type        = string
}

variable "flow_log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.flow_log_retention_days)
    error_message = "Flow logs are kept for 30 days or more, in steps that CloudWatch has: 30, 60, 90, 120, 150, 180, 365, 400, 545, 731."
  }
}

variable "kms_key_arn" {
  description = "Key that the flow logs are encrypted with; CloudWatch Logs must be allowed to use it."
  type        = string
}

variable "name" {
  description = "Name of the VPC and first part of the names of what is in it."
  type        = string
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones: cheaper, and when its zone fails no private subnet reaches the internet."
  type        = bool
  default     = false
}

variable "region" {
  description = "Region of the provider, for the name of the S3 endpoint."
  type        = string
}
