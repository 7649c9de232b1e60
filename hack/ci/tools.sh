# shellcheck shell=bash
# Tools of delivery, each made once from its pin under hack/tools. Source it after lib.sh and python.sh.
# shellcheck disable=SC2034 # what is set here is used by the scripts that source it

# need_tool NAME builds each `tool` of hack/tools/NAME as .tools/bin/TOOL.
need_tool() { need_go_tools "hack/tools/$1" '-ldflags=-s -w'; }

# need_delivery builds tools/delivery as it is now.
need_delivery() {
	command -v go >/dev/null || cannot "go is not on PATH"
	go build -o "$TOOLS/bin/" ./tools/delivery || cannot "tools/delivery did not build"
}

# need_renovate installs the locked Renovate. Its scripts are not run: they would fetch and compile what it can do
# without.
need_renovate() {
	local home=$TOOLS/renovate lock=hack/tools/renovate/package-lock.json key
	RENOVATE=$home/node_modules/renovate/dist/renovate.js
	command -v npm >/dev/null || cannot "npm is not on PATH: install Node.js 20 or newer"
	key="$(node --version) $(cksum <"$lock")"
	if [[ -f $RENOVATE ]] && stamp_matches "$home.stamp" "$key"; then return; fi
	if (($(node -p 'process.versions.node.split(".")[0]') < 20)); then cannot "Node.js is $(node --version): 20 is needed"; fi
	say "installing Renovate (once, under a minute)"
	rm -rf "$home"
	mkdir -p "$home"
	cp hack/tools/renovate/package.json "$lock" "$home/"
	npm ci --prefix "$home" --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error >&2 ||
		cannot "Renovate did not install"
	printf '%s' "$key" >"$home.stamp"
}

# rendered_diff BASE FORMAT [CLUSTER…] shows what changed in the clusters since a commit, as text or markdown.
rendered_diff() {
	local base=$1 format=$2 code=0
	shift 2
	"$TOOLS/bin/render" diff --base "$base" --format "$format" "$@" || code=$?
	if ((code > 1)); then exit "$code"; fi # 1: there is a difference
}
