#!/usr/bin/env bash
# Runs every step of the workflows of GitHub here, with stand-ins for GitHub, the registry and the account:
#   hack/delivery.sh test [FLAG…]   sets up what the steps call, and runs the tests; FLAGs go to go test
source "$(dirname "$0")/lib.sh"
source hack/debian.sh
source hack/python.sh
source hack/terraform.sh
source hack/ci/tools.sh

if [[ ${1:-} != test ]]; then
	sed -n '3s/^# *//p' hack/delivery.sh >&2
	exit 64
fi
need_terraform
need_buildah
need_system jq
need_python_tools
need_locked "$TOOLS/aws" test/aws/requirements.txt
need_tool cosign
need_tool scan
CGO_ENABLED=0 go build -C hack/tools/scan -trimpath -ldflags='-s -w' -o "$TOOLS/bin/" ./database ||
	cannot "hack/tools/scan/database did not build"
need_renovate
export TERRAFORM RENOVATE TF_PLUGIN_DIR=$PLUGIN_DIR MOTO_SERVER=$TOOLS/aws/bin/moto_server
hack/pins.sh
code=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test -v -count=1 -timeout 15m "${@:2}" ./test/delivery | tee "$log" | awk '!/^ *(=== |--- (PASS|SKIP))/' || code=$?
echo "$(grep -c '^ *--- FAIL' "$log") tests failed, $(grep -c '^ *--- PASS' "$log") passed"
if ((code)); then exit "$EXIT_FOUND"; fi
