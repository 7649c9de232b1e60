#!/usr/bin/env bash
# Shell scripts pass shellcheck, and those that are run are executable: shell.sh [FILE…]
source "$(dirname "$0")/../lib.sh"

choose '*.sh' .ci/run "${NOT_TESTDATA[@]}" -- "$@"
if ((!${#FILES[@]})); then exit 0; fi
need_python_tools
failed=0
for file in "${FILES[@]}"; do
	if [[ $(head -c 2 "$file") == '#!' && ! -x $file ]]; then
		say "$file: has a #! line but is not executable"
		failed=$EXIT_FOUND
	fi
done
"$SHELLCHECK" --external-sources --source-path=SCRIPTDIR --source-path="$ROOT" "${FILES[@]}" || failed=$EXIT_FOUND
exit "$failed"
