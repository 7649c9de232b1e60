#!/usr/bin/env bash
# Brings the releases that the manifests build on into the module cache, checked against go.sum, without what those
# would need to be compiled.
source "$(dirname "$0")/lib.sh"

command -v go >/dev/null || cannot "go is not on PATH"
for dir in $(pin_modules); do
	go -C "$dir" mod download "$(pin_of "$dir")"
done
