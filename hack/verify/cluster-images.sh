#!/usr/bin/env bash
# Every image that the manifests of the local cluster name is one that hack/images.sh or hack/upstream.sh builds, and
# that of Argo CD has the Kustomize and the Helm of its release.
source "$(dirname "$0")/../lib.sh"
source hack/programs.sh

need_render
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$TOOLS/bin/render" build local --out "$scratch/local" >"$scratch/log" 2>&1 ||
	cannot "the manifests of the local cluster do not render: $(<"$scratch/log")"

# In text, because settings inside a ConfigMap name images too.
grep -rhoE '^ *(- )?"?image"?: [^ ]+$' "$scratch/local" | awk '{ print $NF }' | tr -d '"' | sort -u >"$scratch/named"
if [[ ! -s $scratch/named ]]; then cannot "the manifests of the local cluster name no image at all"; fi
{ hack/images.sh list && hack/upstream.sh list; } | sort -u >"$scratch/built"
missing=$(comm -23 "$scratch/named" "$scratch/built")
failed=0
if [[ -n $missing ]]; then
	say "the local cluster wants images that nothing builds (see tools/localcluster/images):"
	say "$missing"
	failed=$EXIT_FOUND
fi

# bundled NAME prints the version that Argo CD's release puts into its image.
release=$(release_of argo-cd) || exit "$?"
bundled() { sed -n "s/^$1_version=/v/p" "$release/hack/tool-versions.sh"; }
kustomize=$(awk '$1 == "sigs.k8s.io/kustomize/kustomize/v5" { print $2 }' go.mod)
if [[ $(bundled kustomize5) != "$kustomize" ]]; then
	say "go.mod has Kustomize $kustomize, Argo CD $(bundled kustomize5)"
	failed=$EXIT_FOUND
fi
if [[ $(bundled helm4) != "$(tag_of helm)" ]]; then
	say "tools/localcluster/modules/helm has $(tag_of helm), Argo CD $(bundled helm4)"
	failed=$EXIT_FOUND
fi
exit "$failed"
