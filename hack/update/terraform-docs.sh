#!/usr/bin/env bash
# Writes the tables in the READMEs below terraform/ from the code.
source "$(dirname "$0")/../lib.sh"
source hack/terraform.sh

need_terraform_docs
for folder in $(terraform_folders); do
	"$TERRAFORM_DOCS" --config terraform/.terraform-docs.yml "$folder" >/dev/null || cannot "terraform-docs failed in $folder"
done
