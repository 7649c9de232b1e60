// Package e2e proves the platform's promises on a real cluster: one that `hack/platform.sh up` made, with Argo CD that
// syncs from the cluster's Git server, and workflows, MLflow and the service as pods. `make e2e` runs it.
package e2e
