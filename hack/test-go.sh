#!/usr/bin/env bash
# Runs the Go tests of every room that has some, after setting up what they read: hack/test-go.sh [go test FLAG…]
# What needs more is left to the scripts that set it up, and fails without them: test/images to hack/images.sh,
# test/delivery to hack/delivery.sh, test/e2e to hack/e2e.sh, tools/localcluster to hack/localcluster.sh, its images to
# hack/upstream.sh, and test/aws, unless it is run with -short, to hack/aws.sh.
source "$(dirname "$0")/lib.sh"
source hack/servers.sh
source hack/kubernetes.sh

hack/pins.sh
mapfile -t patterns < <(go_packages)
left_out='/test/(images|delivery|e2e)$|/tools/localcluster(/images)?$'
if [[ " $* " != *' -short '* ]]; then
	left_out+='|/test/aws(/|$)'
	need_kubernetes # tools/infra empties a cluster
fi
mapfile -t packages < <(go list "${patterns[@]}" | grep -vE "$left_out")
GOMODCACHE=$(go env GOMODCACHE)
export GOMODCACHE
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
go test -timeout 30m "$@" "${packages[@]}" | tee "$log" || code=$?

# A run that executed nothing proves nothing.
passed=$(awk '/^ok / && !/\[no tests to run\]/ { n++ } END { print n + 0 }' "$log")
if ((!code && !passed)); then
	say "no test was run"
	exit "$EXIT_FOUND"
fi
echo "$passed packages passed"
if ((code)); then exit "$EXIT_FOUND"; fi
