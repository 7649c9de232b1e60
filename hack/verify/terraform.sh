#!/usr/bin/env bash
# Terraform code is formatted, every folder that is applied is valid, and so are the modules' examples, put together.
source "$(dirname "$0")/../lib.sh"
source hack/terraform.sh

need_terraform
readonly WORK=$TOOLS/terraform
failed=0

# valid FOLDER NAME [INIT-ARG…] validates a folder; what init fetches is kept below .tools, nothing is written beside
# the code.
valid() {
	local folder=$1 name=$2 said
	local -x TF_DATA_DIR=$WORK/$2
	if ! said=$("$TERRAFORM" -chdir="$folder" init -no-color "${TERRAFORM_INIT[@]}" "${@:3}" 2>&1) ||
		! said=$("$TERRAFORM" -chdir="$folder" validate -no-color 2>&1); then
		printf '%s: %s\n' "$name" "$said"
		failed=$EXIT_FOUND
	fi
}

"$TERRAFORM" fmt -check -recursive terraform | sed 's/$/: not formatted/' || failed=$EXIT_FOUND

# One download for all, where there is no mirror.
mkdir -p "$WORK/providers"
if [[ -z $PLUGIN_DIR ]]; then export TF_PLUGIN_CACHE_DIR=$WORK/providers; fi
for root in $(terraform_roots); do valid "$root" "$root" -lockfile=readonly; done

# The examples name their modules as an environment would, so they stand where one would.
examples=$WORK/tree/envs/examples
rm -rf "$WORK/tree"
mkdir -p "$examples"
ln -s "$ROOT/terraform/modules" "$WORK/tree/modules"
for readme in terraform/modules/*/README.md; do
	name=$(basename "$(dirname "$readme")")
	awk '/^```$/ { on = 0 } on; /^```hcl$/ { on = 1 }' "$readme" >"$examples/$name.tf"
	if [[ ! -s $examples/$name.tf ]]; then
		echo "$readme: has no example in hcl"
		failed=$EXIT_FOUND
	fi
done
valid "$examples" 'the examples of the modules'
exit "$failed"
