# Two commands on a fresh machine: `make demo` and `make test`. Each makes the environment it needs, once.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The stamps carry the content of pyproject.toml, so that a checkout's new file times do not ask for the network again.
CONTENT := $(shell cksum < pyproject.toml | tr ' ' '-')
RUN_ENV := $(VENV)/.ready-to-run-$(CONTENT)
DEV_ENV := $(VENV)/.ready-to-develop-$(CONTENT)
PYTEST_OPTIONS ?= -q -n 2

.DEFAULT_GOAL := help
.PHONY: help env demo test check format generate bench soak clean

help: ## Show what can be made.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, this is $$($(PYTHON) --version); name another one: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN_ENV): | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV_ENV): | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(RUN_ENV)

env: $(DEV_ENV) ## Make the environment for development in .venv.

demo: $(RUN_ENV) ## Run the request handler on a real payload, against sandboxes.
	@$(BIN)/recipe run request-handler --sandbox --db :memory: \
		--input recipes/support/request-handler.demo.json \
		--answers recipes/support/request-handler.demo-answers.yml

test: $(DEV_ENV) ## Run the whole test suite.
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

check: $(DEV_ENV) ## Format, lint, types, import layers, generated files, documentation, bundled recipes.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m scripts.generate --check
	$(BIN)/python -m pytest -q tests/docs
	$(BIN)/recipe check --strict recipes/

format: $(DEV_ENV) ## Put code and recipes into their canonical format.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/recipe fmt recipes/

generate: $(DEV_ENV) ## Write the generated files: editor schema, reference pages.
	$(BIN)/python -m scripts.generate

bench: $(DEV_ENV) ## Measure; each figure beside its reference from the same minutes.
	$(BIN)/python -m bench

soak: $(DEV_ENV) ## Hours rather than minutes: kill and restart, simulation with many more examples.
	HYPOTHESIS_PROFILE=soak RECIPE_SIM_EXAMPLES=10000 $(BIN)/python -m pytest -q -n 2 tests/sim tests/contract tests/e2e
	RECIPE_OPENAPI_DRAWS=200 $(BIN)/python -m pytest -q -n 2 tests/unit/openapi/test_wire.py

clean: ## Remove what was built and cached; environments and runs stay.
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
