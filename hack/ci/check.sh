#!/usr/bin/env bash
# Checks every cluster as `make render` does, and tells it to GitHub: an annotation at each line, and SARIF in
# out/ci/check.sarif. Its exit code is that of `render check`.
source "$(dirname "$0")/../lib.sh"
source hack/ci/tools.sh

need_render
need_delivery
mkdir -p out/ci
code=0
"$TOOLS/bin/render" check --format json >out/ci/check.json || code=$?
if ((code > 1)); then exit "$code"; fi
"$TOOLS/bin/delivery" findings -out out/ci/check.sarif <out/ci/check.json
jq -r '"`render check`: \(.summary | to_entries | map("\(.value) \(.key)") | join(", "))"' out/ci/check.json |
	"$TOOLS/bin/delivery" summary
exit "$code"
