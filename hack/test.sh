#!/usr/bin/env bash
# Runs the Go tests of every room that has some, after setting up what they read: hack/test.sh [go test FLAG…]
source "$(dirname "$0")/lib.sh"

hack/pins.sh
mapfile -t packages < <(go_packages)
GOMODCACHE=$(go env GOMODCACHE)
export GOMODCACHE
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
go test -timeout 30m "$@" "${packages[@]}" | tee "$log" || code=$?

# A run that executed nothing proves nothing.
passed=$(grep '^ok ' "$log" | grep -vc '\[no tests to run\]') || true
if ((!code && !passed)); then
	say "no test was run"
	exit 1
fi
exit "$code"
