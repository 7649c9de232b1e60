#!/usr/bin/env bash
# Go code compiles, tests included, and passes vet.
source "$(dirname "$0")/../lib.sh"

mapfile -t packages < <(go_packages)
if ((${#packages[@]})); then go vet "${packages[@]}"; fi
