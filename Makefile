# What people type. Each target sets up what it needs in .venv and leaves the
# machine as it was; what needs root or a browser lives in .ci/run. Only `make proof`
# and `make edge` install servers, as root on Debian; elsewhere they say what is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
APP ?= starlette
HOST ?= 127.0.0.1
PORT ?= 8014
FUZZ_MINUTES ?= 10
CACHES ?=
EDGES ?=
FRAMEWORKS ?=
SERVERS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test docs fuzz proof proof-readme edge bench lint format types coverage clean package servers servers-readme oldest

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## the stale dropdown, without the policy and with it
	$(BIN)/python -m asgi_nocache.demo --app $(APP) --host $(HOST) --port $(PORT)

test: $(VENV)/.test ## run the tests
	$(BIN)/python -m pytest

docs: $(VENV)/.docs ## build the site into docs/site; a warning fails it
	$(BIN)/python tests/docs/reference_pages.py
	cd docs && ../$(BIN)/zensical build --clean --strict

fuzz: $(VENV)/.test ## odd rules, paths and answers for FUZZ_MINUTES=10
	$(BIN)/python tests/fuzz --minutes $(FUZZ_MINUTES)

proof: $(VENV)/.proof ## what real caches and browsers do; CACHES=nginx,varnish for some
	$(BIN)/python tests/proof/caches --install --caches '$(CACHES)'

proof-readme: $(VENV)/.proof ## write the README's table and picture from proof.json
	$(BIN)/python tests/proof/caches/proof_readme.py proof.json README.md

edge: $(VENV)/.edge ## the exported policy on real edges; EDGES=nginx,varnish for some
	$(BIN)/python tests/edge --install --edges '$(EDGES)'

servers: $(VENV)/.servers ## frameworks by servers; FRAMEWORKS=quart SERVERS=granian for some
	$(BIN)/python tests/servers --frameworks '$(FRAMEWORKS)' --servers '$(SERVERS)'

servers-readme: $(VENV)/.servers ## the same, and its table into the README
	$(BIN)/python tests/servers --readme README.md

oldest: $(VENV)/.oldest ## the core, the hosts and the servers with the oldest versions
	$(VENV)/oldest/bin/python -m pytest -q tests/core tests/hosts
	$(VENV)/oldest/bin/python tests/servers

bench: $(VENV)/.bench ## cost beside similar middleware, as ratios
	$(BIN)/python -m benchmarks

package: $(VENV)/.package ## sdist and wheel: built, compared, installed with each extra
	$(BIN)/python -m pytest -q tests/packaging/packaging_checks.py

lint: $(VENV)/.check ## ruff: rules and format, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.check ## ruff: write the format and the safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.check ## mypy --strict and pyright
	$(BIN)/mypy asgi_nocache tests/typing
	$(BIN)/pyright

coverage: $(VENV)/.test ## the tests again, measuring branches
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report

clean: ## remove what the targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage docs/site docs/.cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "asgi-nocache needs Python 3.11 or newer; $(PYTHON) is older. Say: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[demo,flask]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@

$(VENV)/.check: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[docs]'
	@touch $@

$(VENV)/.proof: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[proof]'
	@touch $@

$(VENV)/.edge: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[edge]'
	@touch $@

$(VENV)/.package: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[package]'
	@touch $@

$(VENV)/.servers: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[servers]'
	@touch $@

$(VENV)/.oldest: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[oldest]'
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/oldest
	$(BIN)/uv pip install --quiet --python $(VENV)/oldest/bin/python \
	  --resolution lowest-direct --editable '.[servers]'
	@touch $@

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --editable '.[bench]'
	@touch $@
