#!/usr/bin/env bash
# Makes the plans beside it anew, with Terraform and the emulator of AWS. From the root of the repository:
#   go run ./test/aws/emulate tools/cost/estimate/testdata/plans.sh
set -euo pipefail
here=$PWD/tools/cost/estimate/testdata
source hack/lib.sh
source hack/terraform.sh
need_terraform
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r terraform "$scratch/"
for environment in dev prod; do
	root=$scratch/terraform/envs/$environment
	printf 'terraform {\n  backend "local" {}\n}\n' >"$root/backend_override.tf"
	"$TERRAFORM" -chdir="$root" init -input=false ${PLUGIN_DIR:+"-plugin-dir=$PLUGIN_DIR"} >&2
	"$TERRAFORM" -chdir="$root" plan -input=false -out="$scratch/plan" >&2
	"$TERRAFORM" -chdir="$root" show -json "$scratch/plan" |
		jq --indent 1 '{format_version, terraform_version, variables, planned_values}' >"$here/$environment.json"
done
