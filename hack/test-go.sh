#!/usr/bin/env bash
# Runs the Go tests of every room that has some, after setting up what they read: hack/test-go.sh [go test FLAG…]
# The tests of images and of the AWS base are left to hack/images.sh and hack/aws.sh, which set up what those need; with
# -short the latter need nothing.
source "$(dirname "$0")/lib.sh"
source hack/servers.sh
source hack/kubernetes.sh

hack/pins.sh
mapfile -t patterns < <(go_packages)
left_out='/test/(images|aws)(/|$)'
if [[ " $* " == *' -short '* ]]; then
	left_out='/test/images$'
else
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
