#!/usr/bin/env bash
# Proposes that prod runs what dev runs of an app: hack/promote.sh APP. Copies the digest on a branch of its own, commits
# it, and shows what changes in the cluster. Nothing is pushed.
source "$(dirname "$0")/lib.sh"
source hack/ci/tools.sh

if (($# != 1)) || [[ -z $1 ]]; then
	say "usage: make promote APP=inference-api"
	exit 64
fi
if [[ -n $(git status --porcelain) ]]; then
	say "the working copy has changes: commit or stash them first, so that the branch holds the promotion alone"
	exit "$EXIT_FOUND"
fi
need_render
need_delivery
table=$("$TOOLS/bin/delivery" promote "$1") || exit "$EXIT_FOUND"
mapfile -t files < <(git diff --name-only)
# One promotion is one branch, named for what it brings.
branch=promote/$1-$(git diff -U0 -- "${files[@]}" | sed -nE 's/^\+ +newTag: +//p' | head -n 1)
if ! git switch --quiet --create "$branch"; then
	git restore -- "${files[@]}"
	say "the branch $branch is there already: push it, or remove it with: git branch -D $branch"
	exit "$EXIT_FOUND"
fi
git commit --quiet --message "$1: promote ${branch#promote/"$1"-} to prod" --message "$table" -- "${files[@]}"
say "$table"
rendered_diff HEAD^ text prod
say ""
say "on branch $branch; next: git push --set-upstream origin $branch, and open a pull request"
