#!/usr/bin/env bash
# Builds render and runs it: the tree of every cluster, then the check. Its exit code is that of the check.
source "$(dirname "$0")/lib.sh"

need_render
"$TOOLS/bin/render" tree
"$TOOLS/bin/render" check
