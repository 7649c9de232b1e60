variable "ami_type" {
  description = "Kind of machine image: AL2023_x86_64_STANDARD, or AL2023_x86_64_NVIDIA, which brings the GPU driver."
  type        = string
  default     = "AL2023_x86_64_STANDARD"

  validation {
    condition     = contains(["AL2023_x86_64_STANDARD", "AL2023_x86_64_NVIDIA"], var.ami_type)
    error_message = "The images of this platform are for x86-64 and Amazon Linux 2023: AL2023_x86_64_STANDARD or AL2023_x86_64_NVIDIA."
  }
}

variable "capacity_type" {
  description = "ON_DEMAND, or SPOT, which AWS can take back at two minutes' notice."
  type        = string
  default     = "ON_DEMAND"

  validation {
    condition     = contains(["ON_DEMAND", "SPOT"], var.capacity_type)
    error_message = "The capacity type is ON_DEMAND or SPOT."
  }
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "disk_gib" {
  description = "Size of each node's disk in GiB: images, and the files of the pods."
  type        = number
  default     = 100

  validation {
    condition     = var.disk_gib >= 50
    error_message = "The images with CUDA alone take tens of GiB: 50 GiB or more."
  }
}

variable "instance_types" {
  description = "Instance types, in the order of preference."
  type        = list(string)

  validation {
    condition     = length(var.instance_types) > 0
    error_message = "Name one instance type or more."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes, that of the cluster."
  type        = string
}

variable "name" {
  description = "Name of the group, and the value of the label mlops/pool on its nodes."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "A group's name has 2 to 21 lower-case letters, digits and hyphens: it is part of the name of the nodes' role."
  }
}

variable "size" {
  description = "How many nodes: at least, at most, and at the start. After that the number belongs to whoever scales."
  type = object({
    min     = number
    max     = number
    desired = number
  })

  validation {
    condition = (
      var.size.min >= 0
      && var.size.max >= 1
      && var.size.min <= var.size.desired
      && var.size.desired <= var.size.max
    )
    error_message = "Want 0 <= min <= desired <= max and max >= 1."
  }
}

variable "subnet_ids" {
  description = "Private subnets of the nodes."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "Name one subnet or more."
  }
}

variable "taint" {
  description = "A taint that keeps away what does not ask for these nodes, or null."
  type = object({
    key    = string
    value  = string
    effect = string
  })
  default = null

  validation {
    condition     = var.taint == null || contains(["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"], try(var.taint.effect, ""))
    error_message = "A taint's effect is NO_SCHEDULE, NO_EXECUTE or PREFER_NO_SCHEDULE, as EKS spells them."
  }

  validation {
    condition     = var.ami_type != "AL2023_x86_64_NVIDIA" || contains(["NO_SCHEDULE", "NO_EXECUTE"], try(var.taint.effect, ""))
    error_message = "Nodes with a GPU need a taint that keeps away what does not use it: without one any pod fills the dearest nodes."
  }
}
