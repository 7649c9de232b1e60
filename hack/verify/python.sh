#!/usr/bin/env bash
# Python code is formatted, passes ruff's rules and mypy in strict mode, and each lock file answers its .in file.
source "$(dirname "$0")/../lib.sh"
source hack/python.sh

failed=0
for service in $(services); do
	need_service "$service"
	bin=$SERVICE_ENV/bin
	export RUFF_CACHE_DIR=$TOOLS/cache/ruff MYPY_CACHE_DIR=$TOOLS/cache/mypy-$service
	pushd "services/$service" >/dev/null
	"$bin/ruff" format --quiet --diff . || failed=$EXIT_FOUND
	"$bin/ruff" check --quiet --output-format concise . || failed=$EXIT_FOUND
	"$bin/mypy" --config-file ../mypy.ini --no-error-summary . || failed=$EXIT_FOUND
	popd >/dev/null
	# Both install the module onnxruntime, and the one that comes last wins.
	for lock in services/"$service"/requirements*.txt; do
		if grep -q '^onnxruntime==' "$lock" && grep -q '^onnxruntime-gpu==' "$lock"; then
			echo "$lock: has onnxruntime and onnxruntime-gpu"
			failed=$EXIT_FOUND
		fi
	done
	for input in services/"$service"/requirements*.in; do
		while read -r wanted; do
			if ! grep -qx "$wanted \\\\" "${input%.in}.txt"; then
				echo "$input: $wanted is not in the lock file: hack/services.sh lock"
				failed=$EXIT_FOUND
			fi
		done < <(grep -oE '^[a-z0-9-]+==[^ ;]+' "$input")
	done
done
# These stand in no service; any environment's ruff will do.
"$bin/ruff" format --quiet --diff --config services/ruff.toml bench hack || failed=$EXIT_FOUND
"$bin/ruff" check --quiet --output-format concise --config services/ruff.toml bench hack || failed=$EXIT_FOUND
exit "$failed"
