#!/usr/bin/env bash
# Compares inference-api with other model servers on this machine. Each is installed once, in an environment of its own.
#   hack/bench.sh [FLAG…]   measures; FLAGs are those of bench/serving (-help lists them)
#   hack/bench.sh lock      writes every peer's lock file afresh from its .in file
source "$(dirname "$0")/lib.sh"
source hack/python.sh

peers() { our_files 'bench/serving/peers/*/requirements.in' | xargs -rn1 dirname | xargs -rn1 basename; }

lock() {
	local peer
	need_uv
	for peer in $(peers); do
		pushd "bench/serving/peers/$peer" >/dev/null || return
		lock_requirements "hack/bench.sh lock" requirements.in
		popd >/dev/null || return
	done
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
export UV_COMPILE_BYTECODE=1
for peer in $(peers); do need_locked "$TOOLS/bench/$peer" "bench/serving/peers/$peer/requirements.txt"; done
need_locked "$TOOLS/bench/inference-api" services/inference-api/requirements.txt
need_system wrk
need_vegeta
go build -o "$TOOLS/bench/serving" ./bench/serving
# The harness and its load have core 1, the server that is measured core 0.
if (($(nproc) < 2)); then cannot "two cores are needed, one for the server and one for the load"; fi
exec taskset -c 1 "$TOOLS/bench/serving" -environments "$TOOLS/bench" "$@"
