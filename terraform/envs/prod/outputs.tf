# What the manifests need to know, under the names they know it by: terraform output -json | render facts ENV
output "facts" {
  description = "The facts of the cluster, all of them strings, none of them secret."
  value = {
    environment              = local.environment
    region                   = var.region
    clusterName              = module.eks.name
    registry                 = "${var.account_id}.dkr.ecr.${var.region}.amazonaws.com/mlops"
    vpcId                    = module.vpc.id
    vpcCidr                  = module.vpc.cidr
    mlflowHost               = local.hosts.mlflow
    inferenceHost            = local.hosts.inference
    mlflowRoleArn            = module.iam.role_arns["mlflow"]
    inferenceRoleArn         = module.iam.role_arns["inference"]
    trainingRoleArn          = module.iam.role_arns["training"]
    featuresRoleArn          = module.iam.role_arns["features"]
    workflowArtifactsRoleArn = module.iam.role_arns["workflow-artifacts"]
    dataBucket               = module.s3.names["data"]
    featBucket               = module.s3.names["feat"]
    artifactsBucket          = module.s3.names["artifacts"]
    databaseHost             = module.rds.host
    databasePort             = tostring(module.rds.port)
    databaseName             = module.rds.database_name
    databaseMasterSecret     = module.rds.master_secret_name
    databaseUserSecret       = module.rds.user_secret_name
    mlflowTargetGroupArn     = module.alb.target_group_arns["mlflow"]
    inferenceTargetGroupArn  = module.alb.target_group_arns["inference"]
    karpenterQueue           = module.karpenter.queue_name
    karpenterNodeRole        = module.karpenter.node_role_name
  }
}

output "dashboard" {
  description = "The first page to open when an alarm rings."
  value       = module.cloudwatch.dashboard_url
}

output "guards" {
  description = "What guards the environment's data and its bill: to be looked at before an apply."
  value = {
    nat_gateways  = length(module.vpc.nat_addresses)
    cluster       = module.eks.guards
    addons        = module.addons_before_nodes.configurations
    general_nodes = module.general.nodes
    gpu_nodes     = module.gpu.nodes
    buckets       = module.s3.guards
    database      = module.rds.guards
    load_balancer = module.alb.guards
    monitoring    = module.cloudwatch.guards
  }
}

output "kubeconfig" {
  description = "The command that lets kubectl reach the cluster."
  value       = "aws eks update-kubeconfig --region ${var.region} --name ${module.eks.name} --role-arn ${var.admin_role_arn}"
}

output "name_servers" {
  description = "Where the parent of the domain must delegate to, before the certificate can become valid."
  value       = aws_route53_zone.this.name_servers
}

output "restore" {
  description = "What a restore of the database must name."
  value       = module.rds.restore
}
