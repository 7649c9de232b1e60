#!/usr/bin/env bash
# The tables in the READMEs below terraform/ say what the code says.
source "$(dirname "$0")/../lib.sh"
source hack/terraform.sh

need_terraform_docs
failed=0
for folder in $(terraform_folders); do
	if [[ ! -f $folder/README.md ]]; then
		echo "$folder/README.md: missing; what is here, what is not, one example"
		failed=$EXIT_FOUND
	elif ! said=$("$TERRAFORM_DOCS" --config terraform/.terraform-docs.yml --output-check "$folder" 2>&1); then
		echo "$folder/README.md: ${said:-the tables are not what the code says}"
		failed=$EXIT_FOUND
	fi
done
exit "$failed"
