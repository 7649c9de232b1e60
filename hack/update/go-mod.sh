#!/usr/bin/env bash
# Tidies each Go module, and writes go.sum of each pin afresh from the release it names.
source "$(dirname "$0")/../lib.sh"

for dir in $(our_modules); do go -C "$dir" mod tidy; done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for dir in $(pin_modules); do
	cp "$dir/go.mod" "$scratch/go.mod"
	rm -f "$scratch/go.sum"
	GOFLAGS=-mod=mod go -C "$scratch" mod download "$(pin_of "$dir")"
	cp "$scratch/go.sum" "$dir/go.sum"
done
