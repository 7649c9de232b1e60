#!/usr/bin/env bash
# Says whether the jobs before it let a change in: hack/ci/gate.sh JOB…, with the context `needs` of GitHub in NEEDS.
# Each JOB must have succeeded; of the others none may have failed or been cut off, but any may have been left out.
source "$(dirname "$0")/../lib.sh"

command -v jq >/dev/null || cannot "jq is not on PATH"
# Slurped: of nothing at all jq says nothing, and ends well.
if ! jq -es 'length == 1 and (.[0] | type == "object" and length > 0 and all(.[]; has("result")))' <<<"${NEEDS:-}" >/dev/null 2>&1; then
	cannot "NEEDS is not what toJSON(needs) gives"
fi
jq -r 'to_entries[] | "\(.key): \(.value.result)"' <<<"$NEEDS"
refused=$(jq -r '
	. as $needs
	| [($ARGS.positional[] | select($needs[.].result != "success")),
	   (to_entries[] | select(.value.result | IN("success", "skipped") | not) | .key)]
	| unique[] | "\(.): \($needs[.].result // "is no job that this one needs")"
' --args "$@" <<<"$NEEDS")
if [[ -n $refused ]]; then
	say "not let in:"
	say "$refused"
	exit "$EXIT_FOUND"
fi
