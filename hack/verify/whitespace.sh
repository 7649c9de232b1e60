#!/usr/bin/env bash
# What .editorconfig says holds: LF, no space at a line's end, one newline at the file's end: whitespace.sh [FILE…]
source "$(dirname "$0")/../lib.sh"

choose . "${NOT_TESTDATA[@]}" -- "$@"
failed=0

# lines TITLE PATTERN FILE… reports each line that matches.
lines() {
	local title=$1 pattern=$2 hits
	shift 2
	hits=$(search "$pattern" "$@" | awk -F: -v title="$title" '{ print $1 ":" $2 ": " title }')
	if [[ -n $hits ]]; then
		echo "$hits"
		failed=$EXIT_FOUND
	fi
}

if ((!${#FILES[@]})); then exit 0; fi
lines 'carriage return' $'\r' "${FILES[@]}"
lines 'space at the end of the line' '[[:blank:]]$' "${FILES[@]}"

for file in "${FILES[@]}"; do
	if [[ ! -s $file ]] || ! grep -qI . "$file"; then continue; fi # empty, or not text
	if [[ $(head -c 3 "$file") == $'\xef\xbb\xbf' ]]; then
		echo "$file:1: byte order mark"
		failed=$EXIT_FOUND
	fi
	case $(tail -c 2 "$file" | od -An -tx1 | tr -d ' ') in
	*0a0a | 0a) echo "$file: blank line at the end" && failed=$EXIT_FOUND ;;
	*0a) ;;
	*) echo "$file: no newline at the end" && failed=$EXIT_FOUND ;;
	esac
done
exit "$failed"
