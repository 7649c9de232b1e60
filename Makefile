# The menu. Each entry is one line; what it does is in hack/ or in a tool of its own.

SHELL := /bin/bash
.DEFAULT_GOAL := help

FUZZTIME ?= 30s

##@ See

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: render
render: ## render and check every cluster; print the tree and the summary
	@hack/render.sh

.PHONY: doctor
doctor: ## what this machine has and what is wanted; FOR="test demo" asks for some targets only
	@hack/doctor.sh $(FOR)

##@ Run

.PHONY: up
up: ## the whole platform on this machine, from this working copy to a served prediction; needs root
	@hack/platform.sh up $(FLAGS)

.PHONY: status
status: ## the platform of make up on one page; fails when something is wrong
	@hack/platform.sh status

.PHONY: push
push: ## push this working copy's commit to the platform of make up, and show what changes
	@hack/platform.sh push $(FLAGS)

.PHONY: down
down: ## remove what make up made
	@hack/platform.sh down

.PHONY: demo
demo: ## train, serve, retrain and roll back on this machine, in a few minutes; no root needed
	@hack/demo.sh up

.PHONY: demo-down
demo-down: ## end what make demo left running
	@hack/demo.sh down

.PHONY: images
images: ## build the services' images with buildah and without a registry; ONLY="mlflow" builds some; needs root
	@hack/images.sh build $(ONLY)

##@ Prove

.PHONY: test
test: ## every test that needs neither a cluster nor an account; ONLY="go images" runs some parts
	@hack/test.sh $(ONLY)

.PHONY: e2e
e2e: ## the promises of the platform, on one of their own; FLAGS="--keep -run Push" leaves it and runs some; needs root
	@hack/e2e.sh $(FLAGS)

.PHONY: unit
unit: ## the quick tests only: no servers, no images
	@hack/test.sh --quick $(ONLY)

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## compare the service with other model servers, half an hour; FLAGS="-quick -only S1"
	@hack/bench.sh $(FLAGS)

.PHONY: bench-diff
bench-diff: ## compare render diff with building both revisions by kustomize, half an hour
	@go run ./bench/diff

##@ On AWS

.PHONY: plan
plan: ## what an apply would do and cost; saves the plan; ENV=dev
	@hack/infra.sh plan "$(ENV)"

.PHONY: apply
apply: ## do what the saved plan says, and write the facts of the cluster; ENV=dev
	@hack/infra.sh apply "$(ENV)"

.PHONY: destroy
destroy: ## empty the cluster, destroy everything, look for what is left; ENV=dev, FLAGS=-cluster-gone without a cluster
	@hack/infra.sh destroy $(FLAGS) "$(ENV)"

.PHONY: promote
promote: ## propose that prod runs what dev runs of an app, on a branch, with what changes; APP=inference-api
	@hack/promote.sh "$(APP)"

##@ Keep in order

.PHONY: verify
verify: ## all static checks, reported together; ONLY="yaml docs" runs some
	@hack/verify.sh $(ONLY)

.PHONY: update
update: ## repair what verify finds and can be repaired; ONLY="gofmt" runs some
	@hack/update.sh $(ONLY)

.PHONY: clean
clean: ## remove what make left in this folder
	@hack/clean.sh
