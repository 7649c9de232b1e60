# shellcheck shell=bash
# Servers that tests start, built once from the Go modules pinned under hack/servers/. Source it after lib.sh.

# need_server NAME [FLAG…] builds each `tool` of hack/servers/NAME as .tools/bin/TOOL.
need_server() { need_go_tools "hack/servers/$1" "${@:2}"; }

# need_versitygw builds an S3-compatible server that keeps its objects in a folder.
need_versitygw() {
	local version
	version=$(awk '$1 == "github.com/versity/versitygw" { print $2 }' hack/servers/versitygw/go.mod)
	need_server versitygw "-ldflags=-s -w -X main.Version=$version"
}
