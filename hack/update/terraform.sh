#!/usr/bin/env bash
# Formats Terraform code.
source "$(dirname "$0")/../lib.sh"
source hack/terraform.sh

need_terraform
"$TERRAFORM" fmt -recursive terraform >/dev/null || cannot "terraform fmt failed"
