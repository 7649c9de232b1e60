# shellcheck shell=bash
# Servers that tests start, built once from the Go modules pinned under hack/servers/. Source it after lib.sh.

# need_server NAME builds each `tool` of hack/servers/NAME as .tools/bin/TOOL.
need_server() {
	local module=hack/servers/$1 stamp=$TOOLS/$1.stamp key
	command -v go >/dev/null || cannot "go is not on PATH"
	key="$(go version) $(cksum <"$module/go.sum") ${*:2}"
	if stamp_matches "$stamp" "$key"; then return; fi
	say "building $1 (once, a few minutes)"
	mkdir -p "$TOOLS/bin"
	CGO_ENABLED=0 go build -C "$module" -trimpath "${@:2}" -o "$TOOLS/bin/" tool || cannot "$1 did not build"
	printf '%s' "$key" >"$stamp"
}

# need_versitygw builds an S3-compatible server that keeps its objects in a folder.
need_versitygw() {
	local version
	version=$(awk '$1 == "github.com/versity/versitygw" { print $2 }' hack/servers/versitygw/go.mod)
	need_server versitygw "-ldflags=-s -w -X main.Version=$version"
}
