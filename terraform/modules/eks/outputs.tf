output "name" {
  description = "Name of the cluster, once it can be used."
  value       = aws_eks_cluster.this.name
}

output "oidc_issuer" {
  description = "Issuer of the pods' tokens, without https://."
  value       = replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")
}

output "oidc_provider_arn" {
  description = "ARN of the identity provider that trusts the issuer."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "security_group_id" {
  description = "Security group that EKS gives the control plane and every node."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "version" {
  description = "Minor version of Kubernetes."
  value       = aws_eks_cluster.this.version
}

output "guards" {
  description = "What guards the API of the cluster: whether the internet reaches it, and which roles may do what."
  value = {
    public_endpoint = aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    access          = { for name, entry in aws_eks_access_policy_association.this : name => "${basename(entry.policy_arn)} to ${entry.principal_arn}" }
  }
}
