#!/usr/bin/env bash
# What the tests of the AWS base need:
#   hack/aws.sh test [ARG…]   sets it up and runs them; ARGs go to go test
#   hack/aws.sh env           sets it up and prints where it is, as NAME=VALUE lines
#   hack/aws.sh lock          writes the lock file of the emulator afresh
source "$(dirname "$0")/lib.sh"
source hack/python.sh
source hack/terraform.sh

usage() {
	sed -n '3,5s/^# *//p' hack/aws.sh >&2
	exit 64
}

set_up() {
	need_terraform
	need_locked "$TOOLS/aws" test/aws/requirements.txt
	export TERRAFORM TF_PLUGIN_DIR=$PLUGIN_DIR MOTO_SERVER=$TOOLS/aws/bin/moto_server
}

case ${1:-} in
test)
	set_up
	hack/pins.sh
	GOMODCACHE=$(go env GOMODCACHE)
	export GOMODCACHE
	code=0
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	go test -v -timeout 30m -parallel 6 "${@:2}" ./test/aws/... | tee "$log" | awk '!/^ *(=== |--- (PASS|SKIP))/' || code=$?
	passed=$(awk '/^ *--- PASS/ { n++ } END { print n + 0 }' "$log")
	echo "$passed tests passed"
	if ((code)); then exit "$EXIT_FOUND"; fi
	;;
env)
	set_up
	printf '%s\n' "TERRAFORM=$TERRAFORM" "TF_PLUGIN_DIR=$TF_PLUGIN_DIR" "MOTO_SERVER=$MOTO_SERVER"
	;;
lock)
	need_uv
	lock_requirements "hack/aws.sh lock" test/aws/requirements.in
	;;
*) usage ;;
esac
