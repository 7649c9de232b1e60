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
	argo-rollouts) echo "-s -w -X github.com/argoproj/argo-rollouts/utils/version.version=$tag" ;;
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
		interface "$1" "$2"
		mkdir -p "$2/ui/dist/app/assets/images/resources"
		touch "$2/ui/dist/app/assets/images/resources/keep"
		;;
	argo-workflows)
		# A symbolic link is not in the archive either.
		cp "$2/workflow/executor/osspecific/signal_darwin.go" "$2/workflow/executor/osspecific/signal_linux.go"
		interface "$1" "$2"
		;;
	esac
}

# interface PIN FOLDER puts the built web interface into ui/dist/app, or else a page that says it is not there.
interface() {
	mkdir -p "$2/ui/dist/app"
	echo '<!doctype html><title>Not built</title><p>The web interface is not built here; the API and the command are.' \
		>"$2/ui/dist/app/index.html"
}

# need_programs PIN NAME=PACKAGE… builds programs of a release as .tools/bin/NAME.
need_programs() {
	local pin=$1 stamp=$TOOLS/$1.stamp log=$TOOLS/upstream/$1.log scratch=$TOOLS/upstream/source key program source
	key="$(go version) $*
$(cat tools/localcluster/modules/{gitops-engine,"$pin"}/go.sum) $(declare -f need_programs ldflags_of complete interface | cksum)"
	if stamp_matches "$stamp" "$key"; then return; fi
	say "building $pin $(tag_of "$pin") (once, a few minutes)"
	source=$(release_of "$pin") || exit "$?"
	rm -rf "$scratch"
	mkdir -p "$scratch" "$TOOLS/bin"
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
