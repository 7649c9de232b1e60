#!/usr/bin/env bash
# The demo as CI runs it: make demo, and make demo-down whatever came of it.
source "$(dirname "$0")/lib.sh"

trap 'make demo-down' EXIT
make demo
