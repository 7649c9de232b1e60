#!/usr/bin/env bash
# Repairs what can be repaired without a decision: hack/update.sh [NAME…]. What is left, `make verify` tells.
source "$(dirname "$0")/lib.sh"
source hack/all.sh

run_all update "$@"
