# shellcheck shell=bash
# Kubernetes, for the API that tests start and for the node of localcluster. Source it after lib.sh and servers.sh.

# need_kubernetes builds etcd, kubectl and what runs on a node, from one release: six minutes on two cores, once.
need_kubernetes() {
	local module=hack/servers/kubernetes version
	version=$(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print $2 }' $module/go.mod)
	need_server kubernetes "-ldflags=-s -w -X k8s.io/component-base/version.gitVersion=$version"
	# etcd's main package is called server.
	if [[ -e $TOOLS/bin/server ]]; then mv "$TOOLS/bin/server" "$TOOLS/bin/etcd"; fi
}
