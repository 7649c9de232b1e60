# The bucket is made by terraform/bootstrap and its name comes from there:
#   terraform init -backend-config="bucket=$(terraform -chdir=../../bootstrap output -raw state_bucket)" \
#     -backend-config="region=REGION"
terraform {
  backend "s3" {
    key          = "mlops/prod/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
