#!/usr/bin/env bash
# Nothing is in the repository that belongs to one machine, one person or one moment.
source "$(dirname "$0")/../lib.sh"

failed=0

# absent TITLE PATTERN PATHSPEC… reports each line that matches an extended regular expression.
absent() {
	local title=$1 pattern=$2 hits
	shift 2
	choose "$@" ':!hack/verify/content.sh' "${NOT_TESTDATA[@]}" --
	if ((!${#FILES[@]})); then return; fi
	hits=$(search -e "$pattern" "${FILES[@]}" | cut -c1-160)
	if [[ -n $hits ]]; then
		printf '%s:\n%s\n' "$title" "$hits"
		failed=$EXIT_FOUND
	fi
}

# literal TEXT quotes a path for use in a pattern.
literal() { printf '%s' "${1//./\\.}"; }

# The hosts are written in halves: this file must not hold what it looks for.
absent 'the address of a package index (each machine has its own)' \
	'--(extra-)?index-url|--find-links|GOPROXY=[a-z]|(proxy|sum)\.go''lang\.org|python''hosted\.org|py''pi\.org/simple|registry\.np''mjs\.org' \
	. ':!*go.sum'
if [[ $ROOT == /*/* ]]; then absent 'the folder of this checkout' "$(literal "$ROOT")([/\"' ]|\$)" .; fi
if [[ ${HOME:-} =~ ^/(root|home/.+|Users/.+)$ ]]; then absent 'the home folder of this machine' "$(literal "$HOME")/" .; fi

absent 'an image at a moving version' '^[^#]*(:latest([^a-zA-Z0-9_-]|$)|newTag: *"?latest"? *$)' \
	'*.yaml' '*.yml' '*Dockerfile*' '*.tf'
absent 'a key' 'AKIA[0-9A-Z]{12}[0-9A-DF-Z]|BEGIN [A-Z ]*PRIVATE KEY' .
absent 'an unfinished merge' '^(<<<<<<<|>>>>>>>) ' .

if ! grep -qs 'Apache License' LICENSE; then
	echo "LICENSE: is not the Apache License"
	failed=$EXIT_FOUND
fi

choose '*.go' '*.py' "${NOT_TESTDATA[@]}" --
for file in "${FILES[@]}"; do
	lines=$(wc -l <"$file")
	if ((lines > 400)); then echo "warning: $file: $lines lines; is it one thing?"; fi
done
exit "$failed"
