#!/usr/bin/env bash
# Tells the next jobs whether a push or a pull request touches an area: hack/ci/changed.sh terraform
source "$(dirname "$0")/../lib.sh"

# The base on AWS, what tests it, and what plans and applies it.
readonly TERRAFORM=(
	.github/workflows/infra-ci.yml hack/aws.sh hack/ci hack/infra.sh hack/lib.sh hack/python.sh hack/system.sh
	hack/terraform-test.sh hack/terraform.sh hack/tools/checkov hack/tools/terraform-docs terraform test/aws tools/cost
	tools/delivery tools/infra
)

command -v go >/dev/null || cannot "go is not on PATH"
case ${1:-} in
terraform) exec go run ./tools/delivery changed terraform "${TERRAFORM[@]}" ;;
*)
	say "usage: hack/ci/changed.sh terraform"
	exit 64
	;;
esac
