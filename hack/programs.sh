# shellcheck shell=bash
# Programs of the releases pinned in tools/localcluster/modules, each built from its own module with its own go.sum.
# Source it after lib.sh.

# release_of PIN prints the folder in the module cache that holds the release, checked against go.sum.
release_of() {
	local dir=tools/localcluster/modules/$1 found
	found=$(go -C "$dir" mod download -json "$(pin_of "$dir")" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
	if [[ ! -d $found ]]; then cannot "$(pin_of "$dir") cannot be had"; fi
	echo "$found"
}

# tag_of PIN prints its version, as v1.2.3.
tag_of() {
	local pin
	pin=$(pin_of "tools/localcluster/modules/$1")
	echo "${pin#*@}"
}

# ldflags_of PIN prints what makes its programs say their version.
ldflags_of() {
	local tag
	tag=$(tag_of "$1")
	case $1 in
	argo-cd) echo "-s -w -X github.com/argoproj/argo-cd/v3/common.version=${tag#v}" ;;
	argo-workflows) echo "-s -w -X github.com/argoproj/argo-workflows/v3.version=$tag" ;;
	argo-rollouts) echo "-s -w -X github.com/argoproj/argo-rollouts/utils/version.version=${tag#v}" ;;
	helm) echo "-s -w -X helm.sh/helm/v4/internal/version.version=$tag" ;;
	esac
}

# complete PIN FOLDER puts what the archive of a module leaves out into a copy of it.
complete() {
	local engine=tools/localcluster/modules/gitops-engine pin
	case $1 in
	argo-cd)
		# A folder with a go.mod of its own is not in the archive; the release's go.mod looks for it beside itself.
		pin=$(pin_of "$engine")
		go -C "$2" mod edit -replace "${pin%@*}=$pin"
		cat "$engine/go.sum" >>"$2/go.sum"
		mkdir -p "$2/ui/dist/app/assets/images/resources"
		touch "$2/ui/dist/app/assets/images/resources/keep"
		;;
	argo-workflows)
		# A symbolic link is not in the archive either.
		cp "$2/workflow/executor/osspecific/signal_darwin.go" "$2/workflow/executor/osspecific/signal_linux.go"
		;;
	esac
	if has_interface "$1"; then
		mkdir -p "$2/ui/dist/app"
		cp -r "$TOOLS/upstream/$1-interface/." "$2/ui/dist/app"
	fi
}

# has_interface PIN tells whether a program of the release serves one.
has_interface() { [[ $1 == argo-cd || $1 == argo-workflows ]]; }

# need_interface PIN builds its web interface into .tools/upstream/PIN-interface. Without one the programs work all the
# same, so that it cannot be built here is said once and is no error.
need_interface() {
	local folder=$TOOLS/upstream/$1-interface key
	local stamp=$folder.stamp log=$folder.log
	key=$(cksum <"tools/localcluster/modules/$1/go.sum") # the release; how it is built changes nothing in it
	if stamp_matches "$stamp" "built $key" || stamp_matches "$stamp" "missing $key ${ARGO_UI_ARCHIVES:-}"; then return; fi
	say "building the web interface of $1 (once, a few minutes)"
	if hack/interface.sh "$1" "$folder" >"$log" 2>&1 </dev/null; then
		printf '%s' "built $key" >"$stamp"
		return
	fi
	say "no web interface of $1: $(tail -n 1 "$log"); ${log#"$ROOT/"} says more. To try again, remove ${stamp#"$ROOT/"}"
	rm -rf "$folder"
	mkdir -p "$folder"
	echo '<!doctype html><title>Not built</title><p>The web interface is not built here; the API and the command are.' \
		>"$folder/index.html"
	printf '%s' "missing $key ${ARGO_UI_ARCHIVES:-}" >"$stamp"
}

# need_programs PIN NAME=PACKAGE… builds programs of a release as .tools/bin/NAME.
need_programs() {
	local pin=$1 stamp=$TOOLS/$1.stamp log=$TOOLS/upstream/$1.log scratch=$TOOLS/upstream/source key program source
	mkdir -p "$TOOLS/bin" "$TOOLS/upstream"
	if has_interface "$pin"; then need_interface "$pin"; fi
	key="$(go version) $* $(cat "$TOOLS/upstream/$pin-interface.stamp" 2>/dev/null || true)
$(cat tools/localcluster/modules/{gitops-engine,"$pin"}/go.sum) $(declare -f need_programs ldflags_of complete | cksum)"
	if stamp_matches "$stamp" "$key"; then return; fi
	say "building $pin $(tag_of "$pin") (once, a few minutes)"
	source=$(release_of "$pin") || exit "$?"
	rm -rf "$scratch"
	mkdir -p "$scratch"
	cp -r --no-preserve=mode "$source/." "$scratch"
	complete "$pin" "$scratch"
	for program in "${@:2}"; do
		CGO_ENABLED=0 go build -C "$scratch" -mod=readonly -trimpath -ldflags="$(ldflags_of "$pin")" \
			-o "$TOOLS/bin/${program%%=*}" "${program#*=}" >"$log" 2>&1 || {
			grep -v '^go: downloading' "$log" | tail -n 20 >&2
			cannot "${program%%=*} of $pin did not build"
		}
	done
	rm -rf "$scratch"
	printf '%s' "$key" >"$stamp"
}

# need_kustomize builds the release that render links: docs/decisions/0004.
need_kustomize() {
	local stamp=$TOOLS/kustomize.stamp key version
	version=$(awk '$1 == "sigs.k8s.io/kustomize/kustomize/v5" { print $2 }' go.mod)
	key="$(go version) $(grep -F sigs.k8s.io/kustomize/ go.sum)"
	if stamp_matches "$stamp" "$key"; then return; fi
	say "building kustomize $version"
	mkdir -p "$TOOLS/bin"
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X sigs.k8s.io/kustomize/api/provenance.version=$version" \
		-o "$TOOLS/bin/kustomize" sigs.k8s.io/kustomize/kustomize/v5 || cannot "kustomize did not build"
	printf '%s' "$key" >"$stamp"
}
