#!/usr/bin/env bash
# Makes every script with a #! line executable: shell.sh [FILE…]
source "$(dirname "$0")/../lib.sh"

choose '*.sh' .ci/run "${NOT_TESTDATA[@]}" -- "$@"
for file in "${FILES[@]}"; do
	if [[ $(head -c 2 "$file") == '#!' ]]; then chmod +x "$file"; fi
done
