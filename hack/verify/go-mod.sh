#!/usr/bin/env bash
# Each go.mod and go.sum says exactly what the code needs, and the module cache holds what they say.
source "$(dirname "$0")/../lib.sh"

command -v go >/dev/null || cannot "go is not on PATH"
failed=0

fault() {
	say "$*"
	failed=$EXIT_FOUND
}

# A pin requires one release and nothing else. The download checks it against go.sum; what go.sum lacks or has too
# much shows as a difference to one written afresh.
check_pin() {
	local dir=$1 pin scratch
	pin=$(pin_of "$dir")
	if [[ $(wc -w <<<"$pin") -ne 1 || $(grep -cE '^(require|replace|exclude|tool)' "$dir/go.mod") -ne 1 ]]; then
		fault "$dir/go.mod: a pin requires exactly one module on one line, and has nothing else"
		return
	fi
	scratch=$(mktemp -d)
	cp "$dir/go.mod" "$dir/go.sum" "$scratch/"
	if ! (cd "$scratch" && GOFLAGS=-mod=mod go mod download "$pin"); then
		fault "$dir: $pin is not what go.sum says, or cannot be had"
	elif (rm "$scratch/go.sum" && cd "$scratch" && GOFLAGS=-mod=mod go mod download "$pin") &&
		! diff -u "$dir/go.sum" "$scratch/go.sum"; then
		fault "$dir/go.sum: holds more or less than $pin"
	fi
	rm -rf "$scratch"
	check_same_version "$dir" "${pin%@*}" "${pin#*@}"
}

# Where the library and the cluster use the same module, they use the same release.
check_same_version() {
	local dir=$1 module=$2 version=$3 linked
	linked=$(awk -v module="$module" '$1 == module { print $2; exit }' go.mod)
	if [[ -n $linked && $linked != "$version" ]]; then
		fault "$dir/go.mod: pins $module $version, go.mod links $linked"
	fi
}

for dir in $(our_modules); do
	go -C "$dir" mod tidy -diff || fault "$dir/go.mod: not tidy"
	go -C "$dir" mod verify >/dev/null || fault "$dir: the module cache does not hold what go.sum says"
done
for dir in $(pin_modules); do check_pin "$dir"; done
exit "$failed"
