#!/usr/bin/env bash
# The Python services, each in an environment of its own under .tools/services:
#   hack/services.sh env NAME           makes the environment of its tests if need be, prints its folder
#   hack/services.sh test NAME [ARG…]   runs its tests; ARGs go to pytest
#   hack/services.sh lock               writes every lock file afresh from its .in file
source "$(dirname "$0")/lib.sh"
source hack/python.sh

usage() {
	sed -n '3,5s/^# *//p' hack/services.sh >&2
	exit 64
}

case ${1:-} in
env)
	(($# == 2)) || usage
	need_service "$2"
	echo "$SERVICE_ENV"
	;;
test)
	(($# >= 2)) || usage
	need_service "$2"
	cd "services/$2"
	exec "$SERVICE_ENV/bin/python" -m pytest "${@:3}"
	;;
lock)
	for service in $(services); do lock_service "$service"; done
	;;
*) usage ;;
esac
