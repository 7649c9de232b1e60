#!/usr/bin/env bash
# Runs each fuzz target for a while: hack/fuzz.sh DURATION (as Go writes it: 30s, 10m). A crash leaves its input under
# testdata/fuzz beside the target; commit it with the repair, and it is a test from then on.
source "$(dirname "$0")/lib.sh"

duration=${1:?usage: hack/fuzz.sh DURATION}
hack/pins.sh
choose '*_test.go' "${NOT_TESTDATA[@]}" --
ran=0 failed=0
while IFS=: read -r file name; do
	if [[ -z $name ]]; then continue; fi
	say "fuzz: $name in $(dirname "$file"), $duration"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$duration" "./$(dirname "$file")" || failed=$((failed + 1))
	ran=$((ran + 1))
done < <(grep -HoE '^func Fuzz[A-Za-z0-9_]*' "${FILES[@]}" /dev/null | sed 's/func //')
say "fuzz: $ran targets, $failed with a crash"
((ran && !failed))
