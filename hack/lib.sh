# shellcheck shell=bash
# Shared by every script under hack/: where things are, which files are ours, where the pinned tools come from.
# Source it; it sets strict mode and moves to the root of the repository.
# shellcheck disable=SC2034 # what is set here is used by the scripts that source it

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
TOOLS=$ROOT/.tools
export LC_ALL=C
cd "$ROOT"

# What the exit code of a check means; all.sh keeps the two apart.
readonly EXIT_FOUND=1 EXIT_CANNOT_RUN=2

say() { printf '%s\n' "$*" >&2; }

# cannot ends a check that has no answer: a tool is missing, not a fault found.
cannot() {
	say "cannot run: $*"
	exit "$EXIT_CANNOT_RUN"
}

# our_files lists files that git tracks or would track and that exist, matching the pathspecs given.
our_files() {
	local list
	list=$(git ls-files --cached --others --exclude-standard --deduplicate -- "$@") ||
		cannot "git does not list the files of $ROOT"
	local file
	while IFS= read -r file; do
		if [[ -f $file && ! -L $file ]]; then printf '%s\n' "$file"; fi
	done <<<"$list"
}

# search is grep over text files, with names and line numbers. To find nothing is no error; to fail is.
search() {
	local code=0
	grep -IHnE "$@" || code=$?
	if ((code > 1)); then cannot "grep failed with exit code $code"; fi
}

# choose puts the files of a check into FILES: those named on the command line, or else all of ours that match. This
# is how one script serves `make verify` (everything) and a commit hook (what is staged).
# Usage: choose PATHSPEC… -- [FILE…]
choose() {
	local specs=() list
	while [[ $1 != -- ]]; do
		specs+=("$1")
		shift
	done
	shift
	if (($#)); then specs=("$@"); fi
	list=$(our_files "${specs[@]}") || exit "$?"
	FILES=()
	if [[ -n $list ]]; then mapfile -t FILES <<<"$list"; fi
}

# Test data is kept byte for byte, faults included.
readonly NOT_TESTDATA=(':!*/testdata/*' ':!*.txtar')

# our_modules lists the folders of the Go modules whose code is ours.
our_modules() { our_files go.mod '*/go.mod' ':!tools/localcluster/modules/*' "${NOT_TESTDATA[@]}" | xargs -r dirname; }

# pin_modules lists the folders of the modules that only pin a release.
pin_modules() { our_files 'tools/localcluster/modules/*/go.mod' | xargs -r dirname; }

# pin_of prints MODULE@VERSION of the one requirement in a pin.
pin_of() { awk '$1 == "require" && NF >= 3 { print $2 "@" $3 }' "$1/go.mod"; }

# go_packages lists the package patterns of the rooms that hold Go code now.
go_packages() {
	local room
	for room in internal tools test bench; do
		if [[ -n $(our_files "$room/*.go") ]]; then echo "./$room/..."; fi
	done
}

# stamp_matches FILE KEY tells whether what FILE stands for was made from KEY.
stamp_matches() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# need_go_tools MODULE [FLAG…] builds each `tool` of the Go module in that folder as .tools/bin/TOOL, once.
need_go_tools() {
	local name=${1##*/} stamp key
	stamp=$TOOLS/$name.stamp
	command -v go >/dev/null || cannot "go is not on PATH"
	key="$(go version) $(cksum <"$1/go.sum") ${*:2}"
	if stamp_matches "$stamp" "$key"; then return; fi
	say "building $name (once, a few minutes)"
	mkdir -p "$TOOLS/bin"
	CGO_ENABLED=0 go build -C "$1" -trimpath "${@:2}" -o "$TOOLS/bin/" tool || cannot "$name did not build"
	printf '%s' "$key" >"$stamp"
}

# need_render builds tools/render as it is now, and brings what it reads.
need_render() {
	command -v go >/dev/null || cannot "go is not on PATH"
	hack/pins.sh || cannot "the releases that the manifests build on cannot be had"
	go build -o "$TOOLS/bin/" ./tools/render || cannot "tools/render did not build"
	# render runs no command, so it cannot ask Go where the module cache is.
	GOMODCACHE=$(go env GOMODCACHE)
	export GOMODCACHE
}

# need_golangci_lint builds the pinned golangci-lint once, with the Go that is here.
need_golangci_lint() {
	local stamp=$TOOLS/golangci-lint.stamp key
	command -v go >/dev/null || cannot "go is not on PATH"
	key="$(go version) $(cksum <hack/tools/go.sum)"
	GOLANGCI_LINT=$TOOLS/bin/golangci-lint
	export GOLANGCI_LINT_CACHE=$TOOLS/cache/golangci-lint
	if [[ -x $GOLANGCI_LINT ]] && stamp_matches "$stamp" "$key"; then return; fi
	say "building golangci-lint (once, about two minutes)"
	mkdir -p "$TOOLS/bin"
	CGO_ENABLED=0 go build -C hack/tools -trimpath -ldflags='-s -w' -o "$GOLANGCI_LINT" \
		github.com/golangci/golangci-lint/v2/cmd/golangci-lint || cannot "golangci-lint did not build"
	printf '%s' "$key" >"$stamp"
}

# need_python_tools makes the environment of yamllint and shellcheck once, from pinned hashes.
need_python_tools() {
	local venv=$TOOLS/python stamp=$TOOLS/python.stamp key
	command -v python3 >/dev/null || cannot "python3 is not on PATH"
	key="$(python3 --version) $(cksum <hack/tools/requirements.txt)"
	YAMLLINT=$venv/bin/yamllint SHELLCHECK=$venv/bin/shellcheck
	export YAMLLINT SHELLCHECK
	if [[ -x $YAMLLINT && -x $SHELLCHECK ]] && stamp_matches "$stamp" "$key"; then return; fi
	say "installing yamllint and shellcheck (once)"
	need_system python3-venv
	rm -rf "$venv"
	python3 -m venv "$venv" || cannot "python3 -m venv failed"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes -r hack/tools/requirements.txt >&2 || cannot "yamllint and shellcheck did not install"
	printf '%s' "$key" >"$stamp"
}

source hack/system.sh
