#!/usr/bin/env bash
# checkov finds no insecure setting in Terraform code but those that terraform/checkov-waivers.yml gives a reason for.
# `checkov.sh lock` writes its lock file afresh.
source "$(dirname "$0")/../lib.sh"
source hack/python.sh

readonly HOME_OF_IT=hack/tools/checkov
if [[ ${1:-} == lock ]]; then
	need_uv
	"$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "hack/verify/checkov.sh lock" $HOME_OF_IT/requirements.in \
		--output-file $HOME_OF_IT/requirements.txt || cannot "$HOME_OF_IT/requirements.in has no solution"
	exit
fi

need_locked "$TOOLS/checkov" $HOME_OF_IT/requirements.txt
report=$(mktemp)
trap 'rm -f "$report"' EXIT
# --skip-download: what it knows comes with it, and nothing is sent anywhere. It exits 1 on any finding; the report is
# what counts.
LOG_LEVEL=ERROR "$TOOLS/checkov/bin/checkov" --directory terraform --framework terraform --skip-download --quiet \
	--compact --output json >"$report" || true
code=0
"$TOOLS/checkov/bin/python" $HOME_OF_IT/judge.py terraform/checkov-waivers.yml <"$report" || code=$?
exit "$code"
