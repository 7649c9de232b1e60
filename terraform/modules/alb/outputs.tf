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

output "guards" {
  description = "What guards the load balancer: whether it can be deleted, and who reaches it."
  value = {
    deletion_protection = aws_lb.this.enable_deletion_protection
    internal            = aws_lb.this.internal
    clients             = sort(distinct([for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4]))
  }
}
