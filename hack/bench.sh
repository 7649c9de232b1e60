#!/usr/bin/env bash
# Compares inference-api with other model servers on this machine: hack/bench.sh [--quick] [FLAG…]
# Each server is installed once in an environment of its own, the load generators too; FLAGs go to bench/serving.
#   hack/bench.sh lock   writes every peer's lock file afresh from its .in file
source "$(dirname "$0")/lib.sh"
source hack/python.sh

peers() { our_files 'bench/serving/peers/*/requirements.in' | xargs -rn1 dirname | xargs -rn1 basename; }

lock() {
	local peer
	need_uv
	for peer in $(peers); do
		pushd "bench/serving/peers/$peer" >/dev/null
		"$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command "hack/bench.sh lock" requirements.in --output-file requirements.txt ||
			cannot "bench/serving/peers/$peer/requirements.in has no solution"
		popd >/dev/null
	done
}

# need_wrk: the closed-loop generator is Debian's.
need_wrk() {
	if command -v wrk >/dev/null; then return; fi
	if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then cannot "wrk is not on PATH: apt-get install wrk"; fi
	say "installing wrk"
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq wrk; } >&2 || cannot "wrk did not install"
}

# need_vegeta builds the open-loop generator from its pinned module.
need_vegeta() {
	command -v go >/dev/null || cannot "go is not on PATH"
	go build -C bench/serving/vegeta -trimpath -o "$TOOLS/bench/vegeta" github.com/tsenart/vegeta/v12 ||
		cannot "vegeta did not build"
}

if [[ ${1:-} == lock ]]; then
	lock
	exit
fi
for peer in $(peers); do need_locked "$TOOLS/bench/$peer" "bench/serving/peers/$peer/requirements.txt"; done
need_locked "$TOOLS/bench/inference-api" services/inference-api/requirements.txt
need_wrk
need_vegeta
go build -o "$TOOLS/bench/serving" ./bench/serving
exec "$TOOLS/bench/serving" -environments "$TOOLS/bench" "$@"
