#!/usr/bin/env bash
# Plans, applies or destroys an environment on AWS: hack/infra.sh plan|apply|destroy|leftovers [FLAG…] ENV
source "$(dirname "$0")/lib.sh"
source hack/terraform.sh

need_terraform
command -v go >/dev/null || cannot "go is not on PATH"
go build -o "$TOOLS/bin/" ./tools/infra ./tools/render
export TERRAFORM TF_PLUGIN_DIR=$PLUGIN_DIR
exec "$TOOLS/bin/infra" "$1" -root "$ROOT" -render "$TOOLS/bin/render" "${@:2}"
