#!/usr/bin/env bash
# Images of what the local cluster runs and others wrote, without a registry, under the names in the manifests:
#   hack/upstream.sh build [NAME…]   builds those that are missing or out of date, of all or of these
#   hack/upstream.sh list            prints their references
#   hack/upstream.sh test [FLAG…]    builds all and runs each as its pod does, with these flags of go test
# Programs are built from the pins in tools/localcluster/modules, or are Debian's. Logs are in .tools/upstream.
source "$(dirname "$0")/lib.sh"
source hack/servers.sh
source hack/debian.sh
source hack/programs.sh

readonly BASE=localhost/debian:12 IMAGES=tools/localcluster/images STATE=$TOOLS/upstream

usage() {
	sed -n '3,5s/^# *//p' hack/upstream.sh >&2
	exit 64
}

# references prints NAME REFERENCE of every image. NAME is a folder of tools/localcluster/images.
references() {
	local workflows versitygw
	workflows=$(tag_of argo-workflows)
	versitygw=$(awk '$1 == "github.com/versity/versitygw" { print $2 }' hack/servers/versitygw/go.mod)
	cat <<-END
		argo-rollouts quay.io/argoproj/argo-rollouts:$(tag_of argo-rollouts)
		argocd quay.io/argoproj/argocd:$(tag_of argo-cd)
		argocli quay.io/argoproj/argocli:$workflows
		argoexec quay.io/argoproj/argoexec:$workflows-nonroot
		gitserver localhost/gitserver:0.1.0
		postgres localhost/postgres:15.18
		redis public.ecr.aws/docker/library/redis:8.2.3-alpine
		versitygw localhost/versitygw:${versitygw#v}
		workflow-controller quay.io/argoproj/workflow-controller:$workflows
	END
}

# need_programs_of IMAGE builds the programs that it copies, and leaves in KEY what tells one build of them from another.
need_programs_of() {
	local stamps=()
	KEY=
	case $1 in
	argocd)
		need_programs argo-cd argocd=./cmd
		need_programs helm helm=./cmd/helm
		need_kustomize
		stamps=(argo-cd helm kustomize)
		;;
	argocli | argoexec | workflow-controller)
		need_programs argo-workflows argo=./cmd/argo argoexec=./cmd/argoexec workflow-controller=./cmd/workflow-controller
		stamps=(argo-workflows)
		;;
	argo-rollouts)
		need_programs argo-rollouts rollouts-controller=./cmd/rollouts-controller
		stamps=(argo-rollouts)
		;;
	versitygw)
		need_versitygw
		stamps=(versitygw)
		;;
	gitserver)
		CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o "$TOOLS/bin/" ./tools/gitserver ||
			cannot "tools/gitserver did not build"
		KEY=$(cksum <"$TOOLS/bin/gitserver")
		;;
	esac
	if ((${#stamps[@]})); then KEY=$(cd "$TOOLS" && cat "${stamps[@]/%/.stamp}"); fi
}

# ids prints REFERENCE ID of every image that buildah has.
ids() { buildah images --no-trunc --format '{{.Name}}:{{.Tag}} {{.ID}}'; }

# build_one NAME REFERENCE builds an image unless the one that is there was built from the same.
build_one() {
	local name=$1 image=$2 stamp=$STATE/$1.stamp log=$STATE/$1.log key was source id
	key="$image $(declare -f build_one | cksum) $BASE_ID $(find "$IMAGES/$name" -type f -exec cksum {} + | sort) $KEY"
	was=$(awk -v image="$image" '$1 == image { print $2 }' <<<"$IDS")
	if [[ -n $was ]] && stamp_matches "$stamp" "$was $key"; then return; fi
	say "building $image"
	source=$IMAGES/$name
	if [[ $name == argocd ]]; then source=$(release_of argo-cd) || exit "$?"; fi
	if ! buildah bud --isolation chroot --layers --pull-never --build-arg "BASE=$BASE" \
		--build-context "programs=$TOOLS/bin" --build-context "source=$source" \
		--tag "$image" "$IMAGES/$name" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		say "$IMAGES/$name did not build; all it said is in ${log#"$ROOT/"}"
		exit "$EXIT_FOUND"
	fi
	id=$(ids | awk -v image="$image" '$1 == image { print $2 }')
	printf '%s' "$id $key" >"$stamp"
	# The programs are hundreds of megabytes; what no other image is built on goes.
	if [[ -n $was && $was != "$id" ]]; then buildah rmi "$was" >/dev/null 2>&1 || true; fi
}

build() {
	local name image all
	all=$(references)
	for name in "$@"; do
		if ! grep -q "^$name " <<<"$all"; then cannot "no such image: $name (there are: $(cut -d ' ' -f 1 <<<"$all" | paste -sd ' '))"; fi
	done
	need_buildah
	mkdir -p "$STATE"
	alone upstream
	need_debian "$BASE" ca-certificates
	IDS=$(ids)
	BASE_ID=$(awk -v image="$BASE" '$1 == image { print $2 }' <<<"$IDS")
	while read -r name image <&3; do
		if (($#)) && [[ " $* " != *" $name "* ]]; then continue; fi
		need_programs_of "$name"
		build_one "$name" "$image"
	done 3<<<"$all"
}

case ${1:-} in
build) build "${@:2}" ;;
list) references | cut -d ' ' -f 2 ;;
test)
	(build)
	UPSTREAM_IMAGES=$(references | cut -d ' ' -f 2)
	export UPSTREAM_IMAGES
	exec go test -count=1 -timeout 15m "${@:2}" ./tools/localcluster/images
	;;
*) usage ;;
esac
