#!/usr/bin/env bash
# Each room has its one page, and what the pages point at exists.
source "$(dirname "$0")/../lib.sh"

failed=0
readonly PAGE=80 # lines that one reads without losing the thread

fault() {
	echo "$*"
	failed=$EXIT_FOUND
}

choose '*/*' ':!.*' --
for room in $(printf '%s\n' "${FILES[@]%%/*}" | sort -u); do
	if [[ ! -f $room/README.md ]]; then fault "$room/README.md: missing; what is here, what is not, the one command"; fi
done

choose '*README.md' CONTRIBUTING.md 'docs/decisions/*.md' 'docs/runbooks/*.md' "${NOT_TESTDATA[@]}" --
for file in "${FILES[@]}"; do
	lines=$(wc -l <"$file")
	if ((lines > PAGE)); then fault "$file: $lines lines, more than a page ($PAGE)"; fi
done

# Relative links: [text](path#anchor). Code is left out.
choose '*.md' "${NOT_TESTDATA[@]}" --
for file in "${FILES[@]}"; do
	while IFS= read -r link; do
		target=${link%%#*}
		if [[ -n $target && ! -e $(dirname "$file")/$target ]]; then fault "$file: links to $target, which is not there"; fi
	done < <(awk '/^ *```/ { fenced = !fenced } !fenced { gsub(/`[^`]*`/, ""); print }' "$file" |
		grep -oE '\]\([^)[:space:]]+\)' | sed -E 's/^\]\((.*)\)$/\1/' | grep -vE '^([a-z]+:|#)' || true)
done

choose 'docs/decisions/[0-9]*.md' --
for file in "${FILES[@]}"; do
	if ! grep -qF "($(basename "$file"))" docs/decisions/README.md; then fault "$file: not in docs/decisions/README.md"; fi
done
exit "$failed"
