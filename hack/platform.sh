#!/usr/bin/env bash
# The whole platform on this machine: hack/platform.sh up|status|push|down [FLAG…]. Builds what it needs first.
source "$(dirname "$0")/lib.sh"

command -v go >/dev/null || cannot "go is not on PATH"
if ((EUID)); then cannot "the node needs root: sudo make up. Without root: make demo"; fi
need_tools=(./tools/platform)
if [[ ${1:-} == up ]]; then
	need_tools+=(./tools/render)
	hack/pins.sh # render reads what the manifests refer to from the module cache, and asks Go for nothing
fi
GOMODCACHE=$(go env GOMODCACHE)
export GOMODCACHE
if [[ ! -x $TOOLS/bin/platform ]]; then say "building ${need_tools[*]} (once; from cold caches some minutes)"; fi
go build -o "$TOOLS/bin/" "${need_tools[@]}" || cannot "${need_tools[*]} did not build"
exec "$TOOLS/bin/platform" "${@:1:1}" --root "$ROOT" "${@:2}"
