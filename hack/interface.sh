#!/usr/bin/env bash
# Builds the web interface of a pinned release from the sources in its module: hack/interface.sh PIN FOLDER
# It needs Node.js 18.12 or newer, and one commit of argo-ui, which no package registry carries: from the Git repository
# that the release names, or from $ARGO_UI_ARCHIVES/argo-ui-<first 12 digits of it>.tar.gz as `git archive` writes it.
source "$(dirname "$0")/lib.sh"
source hack/programs.sh

readonly PNPM=pnpm@10.28.1 YARN=yarn@1.22.22

# get_argo_ui COMMIT brings its files to $WORK/argo-ui.
get_argo_ui() {
	local archive=${ARGO_UI_ARCHIVES:-}/argo-ui-${1:0:12}.tar.gz
	if [[ -n ${ARGO_UI_ARCHIVES:-} && -f $archive ]]; then
		if [[ $(gzip -dc "$archive" | git get-tar-commit-id) != "$1" ]]; then cannot "$archive is not an archive of commit $1"; fi
		tar -xzf "$archive" -C "$WORK"
	else
		git init -q "$WORK/argo-ui"
		timeout 120 git -C "$WORK/argo-ui" fetch -q --depth 1 "$2" "$1" ||
			cannot "commit $1 of $2 cannot be fetched, and ARGO_UI_ARCHIVES names no folder that has it"
		git -C "$WORK/argo-ui" checkout -q FETCH_HEAD
	fi
	[[ -f $WORK/argo-ui/package.json ]] || cannot "argo-ui at $1 has no package.json"
}

# package_manager NAME@VERSION puts a command of that name into $WORK/bin.
package_manager() {
	npm install --silent --no-fund --no-audit --global --prefix "$WORK" "$1" || cannot "$1 cannot be had"
	PATH=$WORK/bin:$PATH
}

build_interface() {
	local pin=$1 wanted
	wanted=$(sed -nE 's/.*"argo-ui": "git\+([^#]+)#([0-9a-f]{40})".*/\1 \2/p' "$WORK/ui/package.json")
	if [[ -z $wanted ]]; then cannot "the package.json of $pin names no commit of argo-ui"; fi
	get_argo_ui "${wanted#* }" "${wanted% *}"
	cd "$WORK/ui"
	# The lock files stay: all else is installed at the versions and hashes in them.
	sed -i -E "s|git\+[^\" #]+argo-ui[^\" #]*#${wanted#* }|file:../argo-ui|" package.json
	if [[ -f pnpm-lock.yaml ]]; then
		package_manager "$PNPM"
		pnpm install --no-frozen-lockfile --ignore-scripts --reporter append-only --store-dir "$WORK/cache"
		NODE_ENV=production NODE_OPTIONS=--max-old-space-size=6000 pnpm run build
	else
		package_manager "$YARN"
		# It forbids any change of the lock file, the place of argo-ui included.
		rm -f .yarnrc
		yarn install --ignore-scripts --ignore-engines --non-interactive --no-progress --cache-folder "$WORK/cache"
		NODE_ENV=production NODE_OPTIONS=--max-old-space-size=6000 yarn build
	fi
	find dist/app -name '*.map' -delete # 20 MB that only a debugger asks for
	[[ -f dist/app/index.html ]] || cannot "the build of $pin left no dist/app/index.html"
}

if (($# != 2)); then cannot "usage: hack/interface.sh PIN FOLDER"; fi
need_system npm git
release=$(release_of "$1")
mkdir -p "$TOOLS/upstream"
WORK=$(mktemp -d "$TOOLS/upstream/interface.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
# A gigabyte that nobody asks for again.
export npm_config_cache=$WORK/npm
# The interface of Argo Workflows reads schemas beside it.
for part in ui api; do
	if [[ -d $release/$part ]]; then cp -r --no-preserve=mode "$release/$part" "$WORK/"; fi
done
(build_interface "$1")
rm -rf "$2"
mkdir -p "$(dirname "$2")"
mv "$WORK/ui/dist/app" "$2"
