output "alarm_names" {
  description = "Names of the alarms."
  value       = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]
}

output "dashboard_url" {
  description = "Where the dashboard is."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}

output "topic_arn" {
  description = "ARN of the topic that alarms go to."
  value       = aws_sns_topic.alarms.arn
}

output "guards" {
  description = "What guards the bill and the memory: the budget of a month in US dollars, and the days that logs are kept."
  value = {
    budget_usd         = tonumber(aws_budgets_budget.this.limit_amount)
    log_retention_days = min([for group in aws_cloudwatch_log_group.this : group.retention_in_days]...)
  }
}
