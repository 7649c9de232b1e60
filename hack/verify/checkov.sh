#!/usr/bin/env bash
# checkov finds no insecure setting in Terraform code but those that terraform/checkov-waivers.yml gives a reason for.
# `checkov.sh lock` writes its lock file afresh.
source "$(dirname "$0")/../lib.sh"
source hack/python.sh
source hack/terraform.sh

readonly HOME_OF_IT=hack/tools/checkov
if [[ ${1:-} == lock ]]; then
	need_uv
	lock_requirements "hack/verify/checkov.sh lock" $HOME_OF_IT/requirements.in
	exit
fi

need_locked "$TOOLS/checkov" $HOME_OF_IT/requirements.txt
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
# Each root by itself: of a module that two of them call, checkov looks at one, and not always at the same.
# --skip-download: what it knows comes with it, and nothing is sent anywhere. --skip-path: it would read the tests, and
# cannot. It exits 1 on any finding; the reports are what counts.
judged=()
for root in $(terraform_roots); do
	report=$reports/$(basename "$root").json
	LOG_LEVEL=ERROR "$TOOLS/checkov/bin/checkov" --directory "$root" --framework terraform --skip-download --quiet \
		--skip-path '/tests/' --compact --output json >"$report" &
	judged+=("$root=$report")
done
wait
"$TOOLS/checkov/bin/python" $HOME_OF_IT/judge.py terraform/checkov-waivers.yml "${judged[@]}"
