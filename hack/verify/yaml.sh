#!/usr/bin/env bash
# YAML that people write passes yamllint: yaml.sh [FILE…]
source "$(dirname "$0")/../lib.sh"

choose '*.yaml' '*.yml' "${NOT_TESTDATA[@]}" -- "$@"
if ((!${#FILES[@]})); then exit 0; fi
need_python_tools
"$YAMLLINT" --strict --format parsable "${FILES[@]}"
