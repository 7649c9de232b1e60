#!/usr/bin/env bash
# Removes what make left in this folder: pinned tools, the built render, reports. Go's own caches stay.
source "$(dirname "$0")/lib.sh"

for cluster in "$ROOT"/out/localcluster/*/; do
	if [[ -d $cluster ]]; then cannot "a node is here: hack/platform.sh down --name $(basename "$cluster")"; fi
done
rm -rf "$TOOLS" "$ROOT/out"
