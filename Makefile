# What people and CI run. Needed: make, Python 3.11 or later with venv, and the registries of Python and Go.
# Go itself is used where there is one, and installed from the Python registry where there is none.
# Variables reach the programs: make test KUBERNETES_VERSION=1.35.2, make demo KEEP=1, make test PYTEST_ARGS="-k queue".

PYTHON ?= python3
PYTEST_ARGS ?=
STEPS ?= 50000
ENGINE ?= docker
BUILD_ARGS ?=
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGE ?= localhost/caas-operator:$(VERSION)
# The time of all that is built, so that building it again gives the same: the commit's.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --pretty=%ct 2> /dev/null)
EPOCH = $(if $(SOURCE_DATE_EPOCH),SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH))
STAMPED = $(if $(SOURCE_DATE_EPOCH),--timestamp=$(SOURCE_DATE_EPOCH))
SBOM_ARGS ?=

BIN := .venv/bin
VENV := .venv/.from-lock
INSTALLED := .venv/.from-pyproject
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: .venv
.venv: $(INSTALLED) ## the environment, exactly as locked

$(VENV): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2> /dev/null || \
	  { echo "$(PYTHON) has no venv with pip; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "making .venv from requirements/dev.txt (a minute)"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(INSTALLED): $(VENV) pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: control-plane
control-plane: $(INSTALLED) ## build the API server and etcd for tests and demo (once a machine, minutes)
	@$(BIN)/python -m tests.cluster.build

.PHONY: helm
helm: $(INSTALLED) ## build helm for the chart's tests and for the manifests (once a machine, two minutes)
	@$(BIN)/python -m tests.cluster.build --with helm

.PHONY: demo
demo: control-plane ## three clouds, simulated, and the operator at work; KEEP=1 leaves it running
	@$(BIN)/python -m tests.demo

.PHONY: demo-stop
demo-stop: $(INSTALLED) ## end what KEEP=1 left running
	@$(BIN)/python -m tests.demo stop

.PHONY: test
test: check control-plane helm ## check, and all tests; cluster tests count and may not be skipped
	REQUIRE_CLUSTER=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

.PHONY: image
image: ## build the operator's image, IMAGE, with ENGINE: docker, podman or buildah
	$(if $(filter docker,$(ENGINE)),$(EPOCH) docker build,$(ENGINE) build $(STAMPED)) --tag $(IMAGE) \
	  --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) $(BUILD_ARGS) .

.PHONY: wheel
wheel: $(INSTALLED) ## build the wheel into dist/
	$(EPOCH) $(BIN)/python -m hatchling build --target=wheel --directory=dist

.PHONY: sbom
sbom: $(INSTALLED) ## write what is in the image, CycloneDX, to build/sbom.cdx.json; SBOM_ARGS="--debian FILE"
	@$(EPOCH) $(BIN)/python -m tests.supply.sbom $(SBOM_ARGS)

.PHONY: e2e
e2e: $(INSTALLED) ## image and chart on a real kind cluster (root, podman; minutes); KEEP=1 leaves it running
	@$(BIN)/python -m tests.e2e test $(PYTEST_ARGS)

.PHONY: e2e-down
e2e-down: $(INSTALLED) ## end what KEEP=1 left running
	@$(BIN)/python -m tests.e2e down

.PHONY: soak
soak: $(INSTALLED) ## the property test of whole histories, at length: STEPS=50000 (minutes), other ones each time
	PROPERTY_STEPS=$(STEPS) $(BIN)/python -m pytest tests/core/test_histories_property.py

.PHONY: check
check: $(INSTALLED) ## lint, format, types, layers, generated files, fields without a test, vulnerabilities
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/caas-operator crds --check crds/
	$(BIN)/caas-operator crds --check deploy/helm/caas-operator/files/crds/
	$(BIN)/python -m tests.fields
	$(BIN)/python -m tests.supply.audit

.PHONY: audit
audit: $(INSTALLED) ## ask whether vulnerabilities of the locked packages are known; part of check
	@$(BIN)/python -m tests.supply.audit

.PHONY: fmt
fmt: $(INSTALLED) ## format, and mend what the linter can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: crds
crds: $(INSTALLED) ## write crds/ anew from the models
	$(BIN)/caas-operator crds --output crds/
	$(BIN)/caas-operator crds --output deploy/helm/caas-operator/files/crds/

.PHONY: manifests
manifests: crds helm ## write deploy/install.yaml, deploy/kustomize and argocd-cm.yaml anew
	$(BIN)/python -m tests.deploy.manifests

.PHONY: states
states: control-plane ## write tests/e2e/states anew: an object of each kind in each state, as the operator leaves it
	@$(BIN)/python -m tests.states

.PHONY: bench
bench: control-plane ## measure the operator beside a plain one (docs/performance.md)
	@$(BIN)/python -m tests.bench

.PHONY: lock
lock: $(INSTALLED) ## resolve the requirements anew, within pyproject's bounds; UPGRADE=1 takes the newest
	$(LOCK) $(if $(UPGRADE),--upgrade) --all-extras --group dev -o requirements/dev.txt
	$(LOCK) --constraint requirements/dev.txt --no-annotate -o requirements/runtime.txt

.PHONY: clean
clean: ## remove what was made here; the control plane stays in the user's cache
	rm -rf .venv .demo build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find operator tests -name __pycache__ -prune -exec rm -rf {} +
