output "names" {
  description = "Names of the add-ons, once they run."
  value       = [for addon in aws_eks_addon.this : addon.addon_name]
}

output "configurations" {
  description = "What each add-on is configured with, by its name; those with a configuration of their own only."
  value       = { for name, addon in var.addons : name => jsondecode(addon.configuration) if addon.configuration != null }
}
