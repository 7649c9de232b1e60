#!/usr/bin/env bash
# The whole platform on this machine: hack/platform.sh up|status|push|down [FLAG…]. Builds what it needs first.
source "$(dirname "$0")/lib.sh"

command -v go >/dev/null || cannot "go is not on PATH"
if ((EUID)); then cannot "the node needs root: sudo make up. Without root: make demo"; fi
if [[ ! -x $TOOLS/bin/platform ]]; then say "building tools/platform (once; from cold caches some minutes)"; fi
go build -o "$TOOLS/bin/" ./tools/platform || cannot "tools/platform did not build"
if [[ ${1:-} == up ]]; then need_render; fi
exec "$TOOLS/bin/platform" "${@:1:1}" --root "$ROOT" "${@:2}"
