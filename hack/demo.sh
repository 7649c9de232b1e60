#!/usr/bin/env bash
# The machine-learning loop without Kubernetes: hack/demo.sh up|down|status [FLAG…]. Makes the environments it needs.
source "$(dirname "$0")/lib.sh"
source hack/python.sh

if [[ ${1:-} == up ]]; then
	need_service pipelines
	need_service inference-api
fi
command -v go >/dev/null || cannot "go is not on PATH"
go build -o "$TOOLS/bin/demo" ./tools/demo
exec "$TOOLS/bin/demo" "${@:1:1}" \
	--pipelines "$TOOLS/services/pipelines/bin/pipelines" \
	--mlflow "$TOOLS/services/pipelines/bin/mlflow" \
	--inference "$TOOLS/services/inference-api/bin/inference-api" \
	--dir "$ROOT/out/demo" "${@:2}"
