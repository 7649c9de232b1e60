#!/usr/bin/env bash
# Go code is formatted and simplified: gofmt.sh [FILE…]
source "$(dirname "$0")/../lib.sh"

choose '*.go' "${NOT_TESTDATA[@]}" -- "$@"
if ((!${#FILES[@]})); then exit 0; fi
command -v gofmt >/dev/null || cannot "gofmt is not on PATH"
faults=$(gofmt -s -l "${FILES[@]}")
if [[ -n $faults ]]; then
	say "not formatted:" && say "$faults"
	exit "$EXIT_FOUND"
fi
