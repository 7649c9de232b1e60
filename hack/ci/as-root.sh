#!/usr/bin/env bash
# Runs a command as root with the environment of the caller: hack/ci/as-root.sh COMMAND [ARG…]. The tests install and
# start what only root can; a job of GitHub's is not root, but may become it.
set -euo pipefail

if ((!$#)); then
	echo 'usage: hack/ci/as-root.sh COMMAND [ARG…]' >&2
	exit 64
fi
if ((EUID == 0)); then exec "$@"; fi
# sudo sets a PATH of its own, which lacks what earlier steps installed.
exec sudo --non-interactive --preserve-env env "PATH=$PATH" "$@"
