output "arn_suffix" {
  description = "The dimension LoadBalancer of its metrics."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "The name that AWS gave it."
  value       = aws_lb.this.dns_name
}

output "target_group_arn_suffixes" {
  description = "The dimension TargetGroup of the metrics of each target, by its short name."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn_suffix }
}

output "target_group_arns" {
  description = "ARN of the target group of each target, by its short name."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn }
}

output "zone_id" {
  description = "Hosted zone of that name, for an alias record."
  value       = aws_lb.this.zone_id
}
