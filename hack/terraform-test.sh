#!/usr/bin/env bash
# Runs the offline tests of the Terraform code, two folders at a time: hack/terraform-test.sh [FOLDER…]
# A FOLDER is a module or a root by its own name (vpc, dev, bootstrap); without one, all that have tests/*.tftest.hcl.
source "$(dirname "$0")/lib.sh"
source hack/terraform.sh

readonly AT_ONCE=2

# The tests bring dummy keys; nothing of the caller's may turn them into calls to an account.
unset "${!AWS_@}" "${!TF_VAR_@}" "${!TF_CLI_ARGS@}" TF_WORKSPACE
export AWS_EC2_METADATA_DISABLED=true
# The provider starts anew for each run and is gone within a second: a quarter of its time went into collecting garbage.
export GOGC=400
need_terraform

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/log" "$TOOLS/terraform"

list=$(our_files 'terraform/*/tests/*.tftest.hcl') || exit "$?"
if [[ -z $list ]]; then cannot "there is no tests/*.tftest.hcl under terraform/"; fi
mapfile -t all < <(sed -n 's,/tests/[^/]*$,,p' <<<"$list" | sort -u)

# choose_folders NAME… puts the folders with these names into FOLDERS.
choose_folders() {
	local name folder found
	FOLDERS=()
	for name in "$@"; do
		found=
		for folder in "${all[@]}"; do
			if [[ ${folder##*/} == "${name##*/}" ]]; then found=$folder; fi
		done
		if [[ -z $found ]]; then cannot "no tests for $name (there are: $(basename -a "${all[@]}" | paste -sd ' '))"; fi
		FOLDERS+=("$found")
	done
}

# test_folder FOLDER tests it in the copy, where init may write. What init fetches is kept for the next time.
test_folder() {
	local data=$TOOLS/terraform/${1##*/} code=0 started=$SECONDS
	exec 9>"$data.lock"
	flock 9
	export TF_DATA_DIR=$data
	cd "$work/$1" || exit
	# A module is tested with the provider that the environments lock.
	if [[ ! -f .terraform.lock.hcl ]]; then cp "$work/terraform/envs/dev/.terraform.lock.hcl" .; fi
	if "$TERRAFORM" init -no-color "${TERRAFORM_INIT[@]}" >"$data.init" 2>&1; then
		"$TERRAFORM" test -no-color || code=$?
	else
		code=$?
		cat "$data.init"
	fi
	printf '%d %d\n' "$code" $((SECONDS - started)) >"$work/log/${1##*/}.result"
}

# report FOLDER prints its output, adds its row to the table and its numbers to the sums.
report() {
	local name=${1##*/} code=1 seconds=0 counts=0 broken=1
	printf '\n--- %s\n' "$1"
	cat "$work/log/$name"
	read -r code seconds <"$work/log/$name.result" || true
	counts=$(sed -nE 's/^(Success!|Failure!) ([0-9]+) passed, ([0-9]+) failed.*/\2 \3/p' "$work/log/$name" | tail -n 1)
	read -r counts broken <<<"${counts:-0 1}" # no count: it did not get as far as a test
	if ((!counts && !broken)) || ((code && !broken)); then broken=1; fi
	passed=$((passed + counts)) failed=$((failed + broken))
	rows+=("$(printf '%-30s %6d %6d %7d' "$1" "$counts" "$broken" "$seconds")")
}

if (($#)); then choose_folders "$@"; else FOLDERS=("${all[@]}"); fi
our_files terraform 'clusters/*/facts/facts.yaml' | tar -cf - -T - | tar -xf - -C "$work"
for folder in "${FOLDERS[@]}"; do
	while (($(jobs -rp | wc -l) >= AT_ONCE)); do wait -n || true; done
	test_folder "$folder" >"$work/log/${folder##*/}" 2>&1 </dev/null &
done
wait

passed=0 failed=0 rows=()
for folder in "${FOLDERS[@]}"; do report "$folder"; done
printf '\n%-30s %6s %6s %7s\n' folder passed failed seconds
printf '%s\n' "${rows[@]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
if ((failed)); then exit "$EXIT_FOUND"; fi
