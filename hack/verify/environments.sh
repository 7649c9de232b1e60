#!/usr/bin/env bash
# The environments of Terraform differ in their sizes (main.tf, terraform.tfvars) and in nothing else, and the settings
# that `terraform test` cannot see, those of the state and of the provider, are the safe ones.
source "$(dirname "$0")/../lib.sh"

failed=0
readonly FIRST=dev # what the others are compared with

fault() {
	echo "$*"
	failed=$EXIT_FOUND
}

choose 'terraform/envs/*/main.tf' --
for main in "${FILES[@]}"; do
	folder=${main%/*} name=$(basename "${main%/*}")
	for file in .terraform.lock.hcl outputs.tf variables.tf versions.tf; do
		if ! cmp -s "terraform/envs/$FIRST/$file" "$folder/$file"; then
			fault "$folder/$file: want that of $FIRST; what differs belongs in main.tf"
		fi
	done
	if ! diff -q <(sed "s,mlops/$FIRST/,mlops/$name/," "terraform/envs/$FIRST/backend.tf") "$folder/backend.tf" >/dev/null; then
		fault "$folder/backend.tf: want that of $FIRST, with the key mlops/$name/terraform.tfstate"
	fi
	for setting in 'encrypt += true' 'use_lockfile += true' "key += \"mlops/$name/terraform.tfstate\""; do
		if ! grep -qE "^ +$setting$" "$folder/backend.tf"; then fault "$folder/backend.tf: want ${setting// +/ }"; fi
	done
	if ! grep -qE "^  environment += \"$name\"$" "$main"; then fault "$main: want environment = \"$name\""; fi
done

# Without it, whoever holds keys of another account applies there.
choose 'terraform/bootstrap/versions.tf' 'terraform/envs/*/versions.tf' --
for file in "${FILES[@]}"; do
	if ! grep -qE '^  allowed_account_ids = \[var\.account_id\]$' "$file"; then
		fault "$file: want allowed_account_ids = [var.account_id]"
	fi
done
exit "$failed"
