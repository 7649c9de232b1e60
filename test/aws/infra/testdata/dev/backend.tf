terraform {
  backend "s3" {
    key          = "mlops/dev/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
