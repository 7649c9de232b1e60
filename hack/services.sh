#!/usr/bin/env bash
# The Python services, each in an environment of its own under .tools/services:
#   hack/services.sh env NAME           makes the environment of its tests if need be, prints its folder
#   hack/services.sh test NAME [ARG…]   sets up the servers that its tests start and runs them; ARGs go to pytest
#   hack/services.sh unit NAME [ARG…]   runs those not marked slow, without servers
#   hack/services.sh lock               writes every lock file afresh from its .in file
source "$(dirname "$0")/lib.sh"
source hack/python.sh
source hack/servers.sh
source hack/kubernetes.sh

usage() {
	sed -n '3,6s/^# *//p' hack/services.sh >&2
	exit 64
}

# run_pytest NAME [ARG…]: pytest's exit codes are its own (2 is a test file that does not load), ours mean other things.
run_pytest() {
	local code=0
	need_service "$1"
	cd "services/$1"
	"$SERVICE_ENV/bin/python" -m pytest "${@:2}" || code=$?
	if ((code)); then
		say "pytest ended with exit code $code"
		exit "$EXIT_FOUND"
	fi
}

case ${1:-} in
env)
	(($# == 2)) || usage
	need_service "$2"
	echo "$SERVICE_ENV"
	;;
test)
	(($# >= 2)) || usage
	need_system postgresql chromium
	need_versitygw
	if [[ $2 == mlflow ]]; then need_kubernetes; fi
	run_pytest "${@:2}"
	;;
unit)
	(($# >= 2)) || usage
	run_pytest "$2" -m 'not slow' "${@:3}"
	;;
lock)
	for service in $(services); do lock_service "$service"; done
	;;
*) usage ;;
esac
