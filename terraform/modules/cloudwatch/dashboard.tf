# The first page to open at night: what clients see, then what stands behind it, then what it costs in GPUs.

locals {
  lb  = ["LoadBalancer", var.load_balancer.arn_suffix]
  rds = ["DBInstanceIdentifier", var.database.identifier]

  graphs = [
    {
      title = "Requests", stat = "Sum"
      metrics = [
        concat(["AWS/ApplicationELB", "RequestCount"], local.lb),
        concat(["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count"], local.lb),
        concat(["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"], local.lb),
        concat(["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"], local.lb),
      ]
    },
    {
      title = "Latency of the pods, 95th percentile, seconds", stat = "p95"
      metrics = [
        for name, suffix in var.load_balancer.target_groups :
        concat(["AWS/ApplicationELB", "TargetResponseTime", "TargetGroup", suffix], local.lb, [{ label = name }])
      ]
    },
    {
      title = "GPUs, %", stat = "Average"
      metrics = [
        ["ContainerInsights", "node_gpu_utilization", "ClusterName", var.cluster_name],
        ["ContainerInsights", "node_gpu_memory_utilization", "ClusterName", var.cluster_name],
        ["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", var.gpu_autoscaling_group_name],
      ]
    },
    {
      title = "Pods and nodes", stat = "Average"
      metrics = [
        ["ContainerInsights", "cluster_node_count", "ClusterName", var.cluster_name],
        ["ContainerInsights", "cluster_failed_node_count", "ClusterName", var.cluster_name],
        ["ContainerInsights", "namespace_number_of_running_pods", "ClusterName", var.cluster_name, "Namespace", "inference"],
        ["ContainerInsights", "namespace_number_of_running_pods", "ClusterName", var.cluster_name, "Namespace", "training"],
      ]
    },
    {
      title   = "Database: connections", stat = "Maximum"
      metrics = [concat(["AWS/RDS", "DatabaseConnections"], local.rds)]
    },
    {
      title   = "Database: free disk, bytes", stat = "Minimum"
      metrics = [concat(["AWS/RDS", "FreeStorageSpace"], local.rds)]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.cluster_name
  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type       = "alarm", x = 0, y = 0, width = 24, height = 3
        properties = { title = "Alarms", alarms = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn] }
      }],
      [for i, graph in local.graphs : {
        type       = "metric", x = (i % 2) * 12, y = 3 + floor(i / 2) * 6, width = 12, height = 6
        properties = { title = graph.title, stat = graph.stat, period = 60, region = var.region, metrics = graph.metrics }
      }],
    )
  })
}
