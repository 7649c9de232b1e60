#!/usr/bin/env bash
# Removes what make left in this folder: pinned tools, the built render, reports. Go's own caches stay.
source "$(dirname "$0")/lib.sh"

rm -rf "$TOOLS" "$ROOT/out"
