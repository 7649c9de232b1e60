module example.com/mlops-platform/tools/localcluster/modules/argo-workflows

go 1.26.0

require github.com/argoproj/argo-workflows/v3 v3.7.17
