#!/usr/bin/env bash
# Go code passes the linters of .golangci.yml; which and why is said there.
source "$(dirname "$0")/../lib.sh"

mapfile -t packages < <(go_packages)
if ((!${#packages[@]})); then exit 0; fi
need_golangci_lint
"$GOLANGCI_LINT" run --allow-parallel-runners "${packages[@]}"
