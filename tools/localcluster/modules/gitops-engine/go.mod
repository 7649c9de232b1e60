module example.com/mlops-platform/tools/localcluster/modules/gitops-engine

go 1.26.1

require github.com/argoproj/argo-cd/gitops-engine v0.0.0-20260827090335-e258ee23c3e5
