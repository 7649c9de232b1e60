#!/usr/bin/env bash
# The steps of app-ci that bring images to dev:
#   hack/ci/images.sh list                      lists those that dev does not run as the sources are now
#   hack/ci/images.sh release SERVICE VARIANT   builds one, scans it, pushes it by digest, signs it and what is known of it
#   hack/ci/images.sh propose                   opens a pull request that makes dev run what was released
# REGISTRY is where to push, by default that of dev's facts. SIGNING_KEY signs with a key, by default cosign asks GitHub
# who runs it. BASE=local builds on the stand-in of hack/images.sh, and not on the published base.
source "$(dirname "$0")/../lib.sh"
source hack/python.sh
source hack/ci/tools.sh

readonly KEPT=out/ci/images
# What a fix exists for and is this bad is not released.
readonly REFUSED_SEVERITY=high

usage() {
	sed -n '3,5s/^# *//p' hack/ci/images.sh >&2
	exit 64
}

registry() { echo "${REGISTRY:-$(sed -n 's/^  registry: //p' clusters/dev/facts/facts.yaml)}"; }

# log_in lets buildah and cosign push to ECR, where the registry is one.
log_in() {
	local host=${1%%/*} region
	if [[ $host != *.dkr.ecr.*.amazonaws.com ]]; then return; fi
	region=${host#*.dkr.ecr.}
	DOCKER_CONFIG=$SCRATCH
	REGISTRY_AUTH_FILE=$DOCKER_CONFIG/config.json
	export DOCKER_CONFIG REGISTRY_AUTH_FILE
	aws ecr get-login-password --region "${region%.amazonaws.com}" |
		buildah login --username AWS --password-stdin "$host" >&2 || cannot "$host does not let us in"
}

# build SERVICE VARIANT leaves the image as localhost/…, or what an earlier run pushed under the same tag: a tag never
# moves.
build() {
	local options=(--variant "$2") there
	there=$("$TOOLS/bin/delivery" digest "$REFERENCE") || exit "$?"
	if [[ -n $there ]]; then
		say "$REFERENCE is there already: ${there}"
		IMAGE=$REPOSITORY@$there
		buildah pull --quiet "${PLAIN[@]}" "$IMAGE" >&2
		return
	fi
	if [[ ${BASE:-} != local ]]; then options+=(--published); fi
	hack/images.sh build "${options[@]}" "$1"
	IMAGE=localhost/$1:$(sed -n 's/^version = "\(.*\)"$/\1/p' "services/$1/pyproject.toml")
	if [[ $2 != cpu ]]; then IMAGE+=-$2; fi
}

# scan writes the bill of materials and refuses what is known to be bad.
scan() {
	local archive=$SCRATCH/image.tar code=0
	buildah push --quiet "$IMAGE" "oci-archive:$archive" >&2
	"$TOOLS/bin/syft" scan "oci-archive:$archive" --source-name "$REPOSITORY" --quiet --output "cyclonedx-json=$STEM.cdx.json"
	rm "$archive"
	GRYPE_CHECK_FOR_APP_UPDATE=false "$TOOLS/bin/grype" "sbom:$STEM.cdx.json" --quiet --only-fixed \
		--fail-on "$REFUSED_SEVERITY" --output "json=$STEM.scan.json" --output table >&2 || code=$?
	case $code in
	0) ;;
	2)
		say "$REPOSITORY $TAG is not released: the fix of a vulnerability of severity $REFUSED_SEVERITY or above is missing"
		exit "$EXIT_FOUND"
		;;
	*) cannot "grype ended with exit code $code: whether $REPOSITORY $TAG is vulnerable is not known, and it is not released" ;;
	esac
}

# attest signs the digest, and says of it what it is made of and how.
attest() {
	local how=(--yes) image=$REPOSITORY@$1
	if [[ -n ${SIGNING_KEY:-} ]]; then
		# Of a key nobody needs a public log.
		"$TOOLS/bin/cosign" signing-config create --out "$SCRATCH/signing.json" >&2
		how+=(--key "$SIGNING_KEY" --signing-config "$SCRATCH/signing.json")
	fi
	if ((${#PLAIN[@]})); then how+=(--allow-insecure-registry --allow-http-registry); fi
	"$TOOLS/bin/cosign" sign "${how[@]}" "$image" >&2
	"$TOOLS/bin/cosign" attest "${how[@]}" --type cyclonedx --predicate "$STEM.cdx.json" "$image" >&2
	"$TOOLS/bin/cosign" attest "${how[@]}" --type slsaprovenance1 --predicate "$STEM.provenance.json" "$image" >&2
}

# base prints what the image was built on, with its digest.
base() {
	local name digest
	name=$(buildah inspect --type image \
		--format '{{ index .ImageAnnotations "org.opencontainers.image.base.name" }}' "$IMAGE")
	digest=$(buildah inspect --type image \
		--format '{{ index .ImageAnnotations "org.opencontainers.image.base.digest" }}' "$IMAGE")
	echo "$name@$digest"
}

release() {
	local service=$1 variant=$2 digest
	need_delivery
	need_tool cosign
	need_tool scan
	need_system buildah
	TAG=$("$TOOLS/bin/delivery" tag "$service" "$variant")
	REPOSITORY=$(registry)/$service REFERENCE=$(registry)/$service:$TAG STEM=$KEPT/$service-$variant
	PLAIN=()
	if [[ $REPOSITORY == 127.0.0.1:* ]]; then PLAIN=(--tls-verify=false); fi
	SCRATCH=$(mktemp -d)
	trap 'rm -rf "$SCRATCH"' EXIT
	mkdir -p "$KEPT"
	log_in "$REPOSITORY"
	build "$service" "$variant"
	scan
	"$TOOLS/bin/delivery" provenance "$(base)" >"$STEM.provenance.json"
	if [[ $IMAGE == localhost/* ]]; then buildah push --quiet "${PLAIN[@]}" "$IMAGE" "docker://$REFERENCE" >&2; fi
	# Asked back, not taken from the push: what is signed is what the registry has.
	digest=$("$TOOLS/bin/delivery" digest "$REFERENCE")
	attest "$digest"
	jq -n --arg service "$service" --arg variant "$variant" --arg tag "$TAG" --arg digest "$digest" '$ARGS.named' \
		>"$STEM.image.json"
	say "released: $REFERENCE@$digest"
}

propose() {
	need_delivery
	"$TOOLS/bin/delivery" move dev $KEPT/*.image.json >out/ci/moved.md
	printf '\nScanned, signed, with a bill of materials and a provenance. Merged, Argo CD brings them to dev.\n' >>out/ci/moved.md
	"$TOOLS/bin/delivery" propose -branch images/dev -title "apps: new images in dev" -body out/ci/moved.md \
		'apps/*/overlays/dev/*' 'workflows/overlays/dev/*'
}

mkdir -p out/ci
case ${1:-} in
list)
	need_delivery
	"$TOOLS/bin/delivery" missing dev
	;;
release)
	(($# == 3)) || usage
	release "$2" "$3"
	;;
propose) propose ;;
*) usage ;;
esac
