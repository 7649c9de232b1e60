# One table, one resource: what is measured, when it is too much, for how long, and what to look at first. No traffic
# and no GPU node are no fault, so their silence is none; a database that says nothing is down.

locals {
  gib = 1024 * 1024 * 1024

  alarms = {
    alb-5xx = {
      description = "The load balancer itself answers 5xx: no healthy pod, or it ran out of time."
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum"
      dimensions  = { LoadBalancer = var.load_balancer.arn_suffix }
      comparison  = "GreaterThanThreshold", threshold = 10, period = 60, periods = 5, points = 3
      missing     = "notBreaching"
    }
    target-5xx = {
      description = "Pods behind the load balancer answer 5xx."
      namespace   = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum"
      dimensions  = { LoadBalancer = var.load_balancer.arn_suffix }
      comparison  = "GreaterThanThreshold", threshold = 10, period = 60, periods = 5, points = 3
      missing     = "notBreaching"
    }
    gpu-node-cpu = {
      description = "GPU nodes are short of CPU: the GPU waits for its data."
      namespace   = "AWS/EC2", metric = "CPUUtilization", statistic = "Average"
      dimensions  = { AutoScalingGroupName = var.gpu_autoscaling_group_name }
      comparison  = "GreaterThanThreshold", threshold = 85, period = 300, periods = 3, points = 3
      missing     = "notBreaching"
    }
    gpu-idle = {
      description = "GPUs run and do nothing, for two hours: they cost the same. Scale the group down, or look for a stuck pod."
      namespace   = "ContainerInsights", metric = "node_gpu_utilization", statistic = "Maximum"
      dimensions  = { ClusterName = var.cluster_name }
      comparison  = "LessThanThreshold", threshold = 1, period = 900, periods = 8, points = 8
      missing     = "notBreaching"
    }
    database-storage = {
      description = "Less than a fifth of the database's disk is free. It grows by itself, but not without an end."
      namespace   = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum"
      dimensions  = { DBInstanceIdentifier = var.database.identifier }
      comparison  = "LessThanThreshold", threshold = var.database.storage_gib * local.gib / 5, period = 300, periods = 2, points = 2
      missing     = "breaching"
    }
    database-connections = {
      description = "Too many connections to the database; MLflow has 20 per replica."
      namespace   = "AWS/RDS", metric = "DatabaseConnections", statistic = "Maximum"
      dimensions  = { DBInstanceIdentifier = var.database.identifier }
      comparison  = "GreaterThanThreshold", threshold = var.database.max_connections, period = 300, periods = 2, points = 2
      missing     = "breaching"
    }
    database-cpu = {
      description = "The database is busy all the time."
      namespace   = "AWS/RDS", metric = "CPUUtilization", statistic = "Average"
      dimensions  = { DBInstanceIdentifier = var.database.identifier }
      comparison  = "GreaterThanThreshold", threshold = 80, period = 300, periods = 3, points = 3
      missing     = "breaching"
    }
  }

  unhealthy = {
    for name, suffix in var.load_balancer.target_groups : "${name}-unhealthy" => {
      description = "A pod of ${name} is registered with the load balancer and does not answer its health check."
      namespace   = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum"
      dimensions  = { LoadBalancer = var.load_balancer.arn_suffix, TargetGroup = suffix }
      comparison  = "GreaterThanThreshold", threshold = 0, period = 60, periods = 10, points = 10
      missing     = "notBreaching"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = merge(local.alarms, local.unhealthy)

  alarm_name          = "${var.cluster_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  dimensions          = each.value.dimensions
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.points
  treat_missing_data  = each.value.missing

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
