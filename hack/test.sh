#!/usr/bin/env bash
# Runs the tests, one part after the other, stops at none and reports together: hack/test.sh [--quick] [PART…]
# The parts are go, each Python service, terraform, aws, images and delivery. --quick leaves out what needs servers or
# minutes.
source "$(dirname "$0")/lib.sh"
source hack/python.sh

verb='test'
if [[ ${1:-} == --quick ]]; then
	verb=unit
	shift
fi
mapfile -t all < <(echo go && services && if [[ $verb == test ]]; then printf '%s\n' terraform aws images delivery; fi)
parts=("$@")
if ((!$#)); then parts=("${all[@]}"); fi

# command_of PART puts what runs a part into COMMAND.
command_of() {
	case $1 in
	go) if [[ $verb == unit ]]; then COMMAND=(hack/test-go.sh -short); else COMMAND=(hack/test-go.sh); fi ;;
	terraform) COMMAND=(hack/terraform-test.sh) ;;
	aws) COMMAND=(hack/aws.sh test) ;;
	images) COMMAND=(hack/images.sh test) ;;
	delivery) COMMAND=(hack/delivery.sh test) ;;
	*) COMMAND=(hack/services.sh "$verb" "$1") ;;
	esac
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0 rows=()
for part in "${parts[@]}"; do
	if [[ " ${all[*]} " != *" $part "* ]]; then cannot "no such part: $part (there are: ${all[*]})"; fi
done
for part in "${parts[@]}"; do
	printf '\n--- %s\n' "$part"
	command_of "$part"
	started=$SECONDS code=0
	"${COMMAND[@]}" 2>&1 </dev/null | tee "$log" || code=$?
	case $code in
	0) result=ok ;;
	"$EXIT_CANNOT_RUN") result='CANNOT RUN' ;;
	*) result=FAIL ;;
	esac
	if ((code)); then failed=$((failed + 1)); fi
	# The last line that counts something: pytest's "=== 3 passed in 0.1s ===", or our own of the same form.
	counted=$(sed -nE '/[0-9]+ [a-z ]*(passed|failed|error)/ { s/^=+ | =+$//g; p }' "$log" | tail -n 1)
	rows+=("$(printf '%-14s %-10s %5d s  %s' "$part" "$result" $((SECONDS - started)) "$counted")")
done

printf '\n%-14s %-10s\n' tests result
printf '%s\n' "${rows[@]}"
if ((failed)); then
	printf '\ntest: %d of %d parts failed\n' "$failed" "${#parts[@]}"
	exit "$EXIT_FOUND"
fi
printf '\ntest: all %d parts passed\n' "${#parts[@]}"
