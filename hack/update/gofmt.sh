#!/usr/bin/env bash
# Formats and simplifies Go code: gofmt.sh [FILE…]
source "$(dirname "$0")/../lib.sh"

choose '*.go' "${NOT_TESTDATA[@]}" -- "$@"
if ((${#FILES[@]})); then gofmt -s -w "${FILES[@]}"; fi
