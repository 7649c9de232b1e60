#!/usr/bin/env bash
# Builds render and runs it: the tree of every cluster, then the check. Its exit code is that of the check.
source "$(dirname "$0")/lib.sh"

hack/pins.sh
go build -o "$TOOLS/bin/render" ./tools/render
# render runs no command, so it cannot ask Go where the module cache is.
GOMODCACHE=$(go env GOMODCACHE)
export GOMODCACHE
"$TOOLS/bin/render" tree
"$TOOLS/bin/render" check
