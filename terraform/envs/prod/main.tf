# The base of one environment: network, cluster, nodes, database, buckets, roles, load balancer, alarms. What runs in
# the cluster is Argo CD's (clusters/); it learns of this through `render facts` and nothing else.

locals {
  environment = "prod"
  name        = "mlops-${local.environment}"
  hosts = {
    mlflow    = "mlflow.${var.domain}"
    inference = "inference.${var.domain}"
  }
}

data "aws_availability_zones" "available" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

module "vpc" {
  source = "../../modules/vpc"

  name               = local.name
  cluster_name       = local.name
  region             = var.region
  kms_key_arn        = module.data_key.arn
  cidr               = "10.1.0.0/16"
  availability_zones = slice(sort(data.aws_availability_zones.available.names), 0, 3)
}

module "eks" {
  source = "../../modules/eks"

  name                       = local.name
  subnet_ids                 = module.vpc.private_subnet_ids
  log_kms_key_arn            = module.data_key.arn
  allow_public_endpoint_from = var.allow_public_endpoint_from
  access = {
    admin = { role_arn = var.admin_role_arn, policy = "AmazonEKSClusterAdminPolicy" }
  }
}

# What a node needs before it is ready.
module "addons_before_nodes" {
  source = "../../modules/addons"

  cluster_name = module.eks.name
  addons = {
    eks-pod-identity-agent = {}
    kube-proxy             = {}
    vpc-cni                = { configuration = jsonencode({ enableNetworkPolicy = "true" }) }
  }
}

module "general" {
  source = "../../modules/node_group"

  name               = "general"
  cluster_name       = module.eks.name
  kubernetes_version = module.eks.version
  subnet_ids         = module.vpc.private_subnet_ids
  instance_types     = ["m7i.xlarge", "m6i.xlarge"]
  size               = { min = 3, max = 6, desired = 3 }

  depends_on = [module.addons_before_nodes]
}

# One GPU node is always there and warm; Karpenter adds more.
module "gpu" {
  source = "../../modules/node_group"

  name               = "gpu"
  cluster_name       = module.eks.name
  kubernetes_version = module.eks.version
  subnet_ids         = module.vpc.private_subnet_ids
  ami_type           = "AL2023_x86_64_NVIDIA"
  instance_types     = ["g5.xlarge", "g6.xlarge"]
  size               = { min = 1, max = 2, desired = 1 }
  taint              = { key = "nvidia.com/gpu", value = "true", effect = "NO_SCHEDULE" }

  depends_on = [module.addons_before_nodes]
}

# What runs on nodes.
module "addons" {
  source = "../../modules/addons"

  cluster_name = module.eks.name
  addons = {
    coredns = {}
    aws-ebs-csi-driver = {
      service_account = "ebs-csi-controller-sa"
      policy_arns     = ["arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]
    }
    amazon-cloudwatch-observability = {
      service_account = "cloudwatch-agent"
      policy_arns     = ["arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"]
    }
  }

  depends_on = [module.general, module.cloudwatch]
}

module "data_key" {
  source = "../../modules/kms"

  name       = local.name
  account_id = var.account_id
  region     = var.region
}

module "s3" {
  source = "../../modules/s3"

  account_id  = var.account_id
  environment = local.environment
  kms_key_arn = module.data_key.arn
  buckets = {
    data      = {}
    feat      = { expire_prefixes = { "workflows/" = 30 }, noncurrent_days = 30 }
    artifacts = {}
  }
}

module "rds" {
  source = "../../modules/rds"

  name                       = local.name
  vpc_id                     = module.vpc.id
  subnet_ids                 = module.vpc.private_subnet_ids
  allowed_security_group_ids = { cluster = module.eks.security_group_id }
  instance_class             = "db.m7g.large"
  allocated_storage          = 100
  kms_key_arn                = module.data_key.arn
  user_secret_name           = "mlops/${local.environment}/mlflow-database"
}

module "iam" {
  source = "../../modules/iam"

  name              = local.name
  oidc_provider_arn = module.eks.oidc_provider_arn
  oidc_issuer       = module.eks.oidc_issuer
  buckets           = module.s3.arns
  kms_key_arn       = module.data_key.arn
  region            = var.region
}

module "karpenter" {
  source = "../../modules/karpenter"

  cluster_name = module.eks.name
  account_id   = var.account_id
  region       = var.region
}

module "controllers" {
  source = "../../modules/controllers"

  cluster_name      = module.eks.name
  target_group_arns = values(module.alb.target_group_arns)
  secret_arns       = [module.rds.master_secret_arn, module.rds.user_secret_arn]
  kms_key_arn       = module.data_key.arn
  region            = var.region
}

resource "aws_route53_zone" "this" {
  name = var.domain
}

module "dns" {
  source = "../../modules/dns"

  zone_id       = aws_route53_zone.this.zone_id
  hosts         = local.hosts
  load_balancer = { dns_name = module.alb.dns_name, zone_id = module.alb.zone_id }
}

module "alb" {
  source = "../../modules/alb"

  name                  = local.name
  vpc_id                = module.vpc.id
  subnet_ids            = module.vpc.private_subnet_ids
  allowed_cidrs         = var.client_cidrs
  certificate_arn       = module.dns.certificate_arn
  pod_security_group_id = module.eks.security_group_id
  targets = {
    mlflow    = { host = local.hosts.mlflow, port = 5000, health_path = "/health" }
    inference = { host = local.hosts.inference, port = 8080, health_path = "/readyz" }
  }
}

module "cloudwatch" {
  source = "../../modules/cloudwatch"

  environment                = local.environment
  region                     = var.region
  cluster_name               = module.eks.name
  kms_key_arn                = module.data_key.arn
  alarm_emails               = var.alarm_emails
  budget_usd                 = 6000
  log_retention_days         = 90
  gpu_autoscaling_group_name = module.gpu.autoscaling_group_name
  database                   = { identifier = module.rds.identifier, storage_gib = 100, max_connections = 80 }
  load_balancer = {
    arn_suffix    = module.alb.arn_suffix
    target_groups = module.alb.target_group_arn_suffixes
  }
}
