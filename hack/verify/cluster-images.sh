#!/usr/bin/env bash
# Every image that the manifests of the local cluster name is one that hack/images.sh or hack/upstream.sh builds.
source "$(dirname "$0")/../lib.sh"

command -v go >/dev/null || cannot "go is not on PATH"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
hack/pins.sh || cannot "the releases that the manifests build on cannot be had"
go build -o "$TOOLS/bin/render" ./tools/render || cannot "tools/render did not build"
GOMODCACHE=$(go env GOMODCACHE) "$TOOLS/bin/render" build local --out "$scratch/local" >"$scratch/log" 2>&1 ||
	cannot "the manifests of the local cluster do not render: $(<"$scratch/log")"

# In text, because settings inside a ConfigMap name images too.
grep -rhoE '^ *(- )?"?image"?: [^ ]+$' "$scratch/local" | awk '{ print $NF }' | tr -d '"' | sort -u >"$scratch/named"
if [[ ! -s $scratch/named ]]; then cannot "the manifests of the local cluster name no image at all"; fi
{ hack/images.sh list && hack/upstream.sh list; } | sort -u >"$scratch/built"
missing=$(comm -23 "$scratch/named" "$scratch/built")
if [[ -n $missing ]]; then
	say "the local cluster wants images that nothing builds (see tools/localcluster/images):"
	say "$missing"
	exit "$EXIT_FOUND"
fi
