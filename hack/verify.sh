#!/usr/bin/env bash
# Runs every static check and reports all failures together: hack/verify.sh [CHECK…]. Changes nothing.
source "$(dirname "$0")/lib.sh"
source hack/all.sh

run_all verify "$@"
