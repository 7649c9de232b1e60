#!/usr/bin/env bash
# The promises that CI holds on a real cluster: pushed is live, rendered is what runs, submitted is served. Without root
# there can be no node to hold them on, which is said and is no failure.
source "$(dirname "$0")/lib.sh"

if ((EUID)); then
	say "not root: the promises on a real cluster are not tested here"
	exit 0
fi
promises=(
	TestAPushedCommitIsLive
	TestWhatIsChangedByHandIsChangedBack
	TestWhatLeavesGitIsRemovedUnlessItHoldsData
	TestABadManifestLeavesTheLastGoodRunning
	TestWhatRenderShowsIsWhatArgoCDGenerates
	TestAServerSideDryRunOfWhatRenderShowsChangesNothing
	TestASubmittedTrainingIsServedAndRolledBackWithoutALostRequest
)
exec hack/e2e.sh -short -run "$(printf '^%s$|' "${promises[@]}" | sed 's/|$//')"
