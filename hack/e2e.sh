#!/usr/bin/env bash
# The platform under test: hack/e2e.sh [--keep] [go test FLAG…]. Makes a platform of its own, called e2e, from this
# working copy's commit, tests the images that it runs and then all of it (test/e2e), and removes it, also when a test
# fails. --keep leaves it, to look at and to run again on. Without -run the node itself is tested first.
source "$(dirname "$0")/lib.sh"

name=e2e keep=false code=0
if [[ ${1:-} == --keep ]]; then
	keep=true
	shift
fi
need_system chromium
remove() {
	if ! $keep; then hack/platform.sh down --name $name || say "hack/platform.sh down --name $name failed"; fi
}
trap remove EXIT

if [[ " $* " != *" -run "* ]]; then hack/localcluster.sh test || code=$?; fi
# Earlier tests on a platform that was kept have left commits there.
if git config "remote.$name.url" >/dev/null; then git push --quiet --force $name; fi
hack/platform.sh up --name $name
port=$("$TOOLS/bin/platform" port --root "$ROOT" --name $name)
results=$ROOT/out/e2e
mkdir -p "$results"
hack/upstream.sh test || code=$?
go test -count=1 -timeout 3h -v "$@" ./test/e2e -args \
	-kubeconfig "$ROOT/out/localcluster/$name/kubeconfig" -tools "$TOOLS/bin" -port "$port" -root "$ROOT" \
	-results "$results" || code=$?
if ((code)); then exit "$EXIT_FOUND"; fi
