#!/usr/bin/env bash
# Removes carriage returns, spaces at a line's end and blank lines at a file's end; adds the last newline.
source "$(dirname "$0")/../lib.sh"

choose . "${NOT_TESTDATA[@]}" -- "$@"
for file in "${FILES[@]}"; do
	if [[ ! -s $file ]] || ! grep -qI . "$file"; then continue; fi # empty, or not text
	repaired=$(sed -e '1s/^\xef\xbb\xbf//' -e 's/[[:blank:]\r]*$//' "$file")
	if ! cmp -s "$file" <(printf '%s\n' "$repaired"); then printf '%s\n' "$repaired" >"$file"; fi
done
