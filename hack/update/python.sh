#!/usr/bin/env bash
# Formats Python code and applies the fixes that ruff is sure of.
source "$(dirname "$0")/../lib.sh"
source hack/python.sh

for service in $(services); do
	need_service "$service"
	export RUFF_CACHE_DIR=$TOOLS/cache/ruff
	"$SERVICE_ENV/bin/ruff" check --quiet --fix --exit-zero "services/$service"
	"$SERVICE_ENV/bin/ruff" format --quiet "services/$service"
done
"$SERVICE_ENV/bin/ruff" check --quiet --fix --exit-zero --config services/ruff.toml bench hack
"$SERVICE_ENV/bin/ruff" format --quiet --config services/ruff.toml bench hack
