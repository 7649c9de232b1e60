#!/usr/bin/env bash
# Sorts imports, and applies the fixes that a linter offers.
source "$(dirname "$0")/../lib.sh"

mapfile -t packages < <(go_packages)
if ((!${#packages[@]})); then exit 0; fi
need_golangci_lint
"$GOLANGCI_LINT" run --fix --issues-exit-code 0 --allow-parallel-runners "${packages[@]}" >/dev/null
