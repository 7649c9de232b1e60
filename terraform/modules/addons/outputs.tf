output "names" {
  description = "Names of the add-ons, once they run."
  value       = [for addon in aws_eks_addon.this : addon.addon_name]
}
