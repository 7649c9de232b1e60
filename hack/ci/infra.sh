#!/usr/bin/env bash
# The steps of infra-ci, around `make plan` and `make apply`:
#   hack/ci/infra.sh plan ENV    makes the plan as a role that only reads, and keeps it in out/ci/plan-ENV
#   hack/ci/infra.sh comment     shows the plans on the pull request, as one comment
#   hack/ci/infra.sh apply ENV   applies the plan in out/ci/plan-ENV, that one or none
#   hack/ci/infra.sh facts ENV   opens a pull request with the facts that the apply wrote
source "$(dirname "$0")/../lib.sh"
source hack/ci/tools.sh

usage() {
	sed -n '3,6s/^# *//p' hack/ci/infra.sh >&2
	exit 64
}

plan() {
	local env=$1 kept=out/ci/plan-$1 changes=false
	need_delivery
	rm -rf "$kept"
	mkdir -p "$kept"
	# The role may not write, so it takes no lock. What happens in between is noticed: the plan is stale then.
	TF_CLI_ARGS_plan=-lock=false hack/infra.sh plan "$env" | tee "$kept/said.txt"
	if [[ -f out/$env.tfplan ]]; then
		changes=true
		mv "out/$env.tfplan" "out/$env.tfplan.json" "$kept/"
	fi
	# What is there to read first is open; the rest, the cost and the attributes, is one click away.
	{
		printf '### %s\n\n' "$(sed -n '/./{p;q;}' "$kept/said.txt")"
		printf '<details><summary>the plan and what it costs</summary>\n\n```text\n'
		sed "s,$ROOT/,,g" "$kept/said.txt"
		printf '```\n\n</details>\n'
	} >"$kept/said.md"
	"$TOOLS/bin/delivery" summary <"$kept/said.md"
	if [[ -n ${GITHUB_OUTPUT:-} ]]; then echo "changes=$changes" >>"$GITHUB_OUTPUT"; fi
}

comment() {
	need_delivery
	{
		printf '## Terraform\n\n'
		cat out/ci/plan-*/said.md
		printf '\nMerged, it is planned again, and a reviewer of the environment says yes to that plan.\n'
	} | "$TOOLS/bin/delivery" comment terraform-plan
}

apply() {
	local env=$1 kept=out/ci/plan-$1
	if [[ ! -f $kept/$env.tfplan ]]; then
		say "there is no plan in $kept: nothing is applied"
		exit "$EXIT_FOUND"
	fi
	mkdir -p out
	cp "$kept/$env.tfplan" "$kept/$env.tfplan.json" out/
	# Whoever let this job start has confirmed what the plan takes away: it is in the summary of the run.
	CONFIRM=$env hack/infra.sh apply "$env"
}

facts() {
	need_delivery
	printf 'What Terraform knows of %s after its apply. Argo CD learns of it when this is merged.\n' "$1" >out/ci/facts.md
	"$TOOLS/bin/delivery" propose -branch "facts/$1" -title "clusters/$1: new facts" -body out/ci/facts.md \
		"clusters/$1/facts"
}

mkdir -p out/ci
case ${1:-} in
plan | apply | facts)
	if (($# != 2)) || [[ ! -d terraform/envs/$2 ]]; then usage; fi
	"$@"
	;;
comment) comment ;;
*) usage ;;
esac
