#!/usr/bin/env bash
# Shows what a change does in every cluster, in the page of the run and as one comment on the pull request. BASE is the
# commit to compare with: of a pull request's merge, its first parent. COMMENT=false leaves the comment out.
source "$(dirname "$0")/../lib.sh"
source hack/ci/tools.sh

need_render
need_delivery
mkdir -p out/ci
rendered_diff "${BASE:-HEAD^1}" markdown >out/ci/diff.md
"$TOOLS/bin/delivery" summary <out/ci/diff.md
if [[ ${COMMENT:-true} == true && -n ${GITHUB_EVENT_PATH:-} ]]; then
	"$TOOLS/bin/delivery" comment render-diff <out/ci/diff.md
fi
