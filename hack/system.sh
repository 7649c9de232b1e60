# shellcheck shell=bash
# Programs that come from the distribution. lib.sh sources it.

# has_system NAME tells whether a program is here. PostgreSQL's servers are not on PATH in Debian.
has_system() {
	case $1 in
	containernetworking-plugins) [[ -x /usr/lib/cni/bridge ]] ;;
	postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
	python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# packages_of NAME prints the Debian packages to install for it.
packages_of() {
	case $1 in
	chromium) echo chromium fonts-liberation ;; # without a font a page has no text to measure or to look at
	ip) echo iproute2 ;;
	*) echo "$1" ;;
	esac
}

# need_system NAME… installs what is not here, where that takes no question: as root on Debian. Anybody else is told how.
need_system() {
	local name to_install=()
	for name in "$@"; do
		if ! has_system "$name"; then read -ra to_install <<<"${to_install[*]} $(packages_of "$name")"; fi
	done
	if ((!${#to_install[@]})); then return; fi
	local remedy="apt-get install --no-install-recommends ${to_install[*]}"
	if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then cannot "not installed: ${to_install[*]}; as root: $remedy"; fi
	say "installing ${to_install[*]}"
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${to_install[@]}"; } \
		>&2 </dev/null || cannot "failed: $remedy"
}
