# shellcheck shell=bash
# Behind verify.sh and update.sh: runs every script of a folder, stops at none, reports all together at the end.

# run_all DIR [NAME…] runs hack/DIR/NAME.sh, or all of hack/DIR.
run_all() {
	local dir=$1
	shift
	our_files hack/all.sh >/dev/null # no answer from git: nothing below would check anything
	local names=("$@") script
	if ((!$#)); then
		for script in "hack/$dir"/*.sh; do names+=("$(basename "$script" .sh)"); done
	fi

	local name started code result failed=0 log rows=()
	log=$(mktemp -d)
	# shellcheck disable=SC2064 # the folder is this one, whatever `log` is by then
	trap "rm -rf '$log'" EXIT
	for name in "${names[@]}"; do
		if [[ ! -f hack/$dir/$name.sh ]]; then cannot "no such check: $name (there are: $(names_in "$dir"))"; fi
		if [[ -t 1 ]]; then printf '%-12s …\r' "$name"; fi
		started=$SECONDS code=0
		"hack/$dir/$name.sh" >"$log/$name" 2>&1 </dev/null || code=$?
		result=$(result_of "$code" "$log/$name")
		if ((code)); then failed=$((failed + 1)); fi
		printf '%-12s %-14s %4d s\n' "$name" "$result" $((SECONDS - started))
		rows+=("$name|$result|$(repair_of "$dir" "$name" "$code")")
	done

	for name in "${names[@]}"; do
		if [[ -s $log/$name ]]; then printf '\n--- %s\n%s\n' "$name" "$(<"$log/$name")"; fi
	done
	print_table "$dir" "${rows[@]}"
	if ((failed)); then
		printf '\n%s: %d of %d failed\n' "$dir" "$failed" "${#names[@]}"
		return 1
	fi
	printf '\n%s: all %d passed\n' "$dir" "${#names[@]}"
}

names_in() { find "hack/$1" -name '*.sh' -printf '%f\n' | sed 's/\.sh$//' | sort | paste -sd ' '; }

# result_of CODE LOG names the outcome; a check that could not run is never called a fault found, or a pass.
result_of() {
	local warnings
	case $1 in
	0)
		warnings=$(grep -c '^warning: ' "$2") || true
		if ((warnings)); then echo "ok, $warnings warned"; else echo ok; fi
		;;
	"$EXIT_CANNOT_RUN") echo "CANNOT RUN" ;;
	*) echo FAIL ;;
	esac
}

# repair_of DIR NAME CODE says what helps against a fault that verify found.
repair_of() {
	if [[ $1 != verify || $3 -ne $EXIT_FOUND ]]; then return; fi
	if [[ -f hack/update/$2.sh ]]; then echo "try make update"; else echo "by hand"; fi
}

print_table() {
	local row name result repair
	if [[ $1 == verify ]]; then repair=repair; else repair=; fi
	printf '\n%-12s %-14s %s\n' "$1" result "$repair"
	shift
	for row in "$@"; do
		IFS='|' read -r name result repair <<<"$row"
		printf '%-12s %-14s %s\n' "$name" "$result" "$repair"
	done
}
