module example.com/mlops-platform/tools/localcluster/modules/argo-rollouts

go 1.26.0

require github.com/argoproj/argo-rollouts v1.9.0
