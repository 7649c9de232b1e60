#!/usr/bin/env bash
# The workflows of GitHub are valid (actionlint) and open no way in (zizmor, offline, pedantic, with nothing waived).
# `workflows.sh lock` writes zizmor's lock file afresh.
source "$(dirname "$0")/../lib.sh"
source hack/python.sh
source hack/ci/tools.sh

readonly ZIZMOR=hack/tools/zizmor
if [[ ${1:-} == lock ]]; then
	need_uv
	lock_requirements "hack/verify/workflows.sh lock" $ZIZMOR/requirements.in
	exit
fi

choose '.github/workflows/*.yml' --
need_python_tools
need_tool actionlint
need_locked "$TOOLS/zizmor" $ZIZMOR/requirements.txt
failed=0
"$TOOLS/bin/actionlint" -no-color -shellcheck "$SHELLCHECK" -pyflakes '' "${FILES[@]}" || failed=$EXIT_FOUND
code=0
"$TOOLS/zizmor/bin/zizmor" --offline --quiet --no-progress --persona pedantic --no-config "${FILES[@]}" || code=$?
# 11 to 14 count findings by severity; anything else is no answer.
case $code in
0) ;;
1[1-4]) failed=$EXIT_FOUND ;;
*) cannot "zizmor ended with exit code $code" ;;
esac
exit "$failed"
