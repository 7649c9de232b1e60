#!/usr/bin/env bash
# One Kubernetes node on this machine: hack/localcluster.sh up|down|status|load|images|logs|kubeconfig [FLAG…] [FILE…]
# Builds what it needs first. hack/localcluster.sh test [go test FLAG…] starts nodes of its own and breaks them.
source "$(dirname "$0")/lib.sh"
source hack/servers.sh
source hack/kubernetes.sh

command -v go >/dev/null || cannot "go is not on PATH"
verb=${1:-}

# build MODULE PACKAGE… builds programs into .tools/bin, not stamped with the commit: the same program is the same image,
# and no pod is replaced for nothing.
build() {
	CGO_ENABLED=0 go build -C "$1" -trimpath -buildvcs=false -ldflags='-s -w' -o "$TOOLS/bin/" "${@:2}" ||
		cannot "${*:2} of $1 did not build"
}

# Who is not root is told all that is missing by up itself, and does not wait for programs that cannot be used. kind
# brings its own.
if [[ $EUID -eq 0 && ($verb == up || $verb == test) && $* != *--provider?kind* ]]; then
	need_system containerd iptables ipset ip containernetworking-plugins
	need_kubernetes
	need_server coredns '-ldflags=-s -w'
	need_server metrics-server '-ldflags=-s -w'
	build . ./tools/localcluster/pause ./tools/localcluster/provisioner
	build tools/localcluster/azure-npm .
fi
if [[ $verb == test ]]; then
	export LOCALCLUSTER_BIN=$TOOLS/bin
	mapfile -t packages < <(go list ./tools/localcluster/... | grep -v '/images$') # hack/upstream.sh tests those
	exec go test -count=1 -timeout 20m "${@:2}" "${packages[@]}"
fi
build . ./tools/localcluster
exec "$TOOLS/bin/localcluster" "${@:1:1}" --dir "$ROOT/out/localcluster" --bin "$TOOLS/bin" "${@:2}"
