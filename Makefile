# Everything starts here. `make demo` shows Weatherhead, `make test` tests it; both do their own set-up.
# Written for GNU make 3.81, which macOS still ships.

SHELL := /bin/sh
VENV := .venv
PYTHON_IN_VENV := $(VENV)/bin/python
BASE := $(VENV)/.installed-base
DEV := $(VENV)/.installed-dev
RECIPES := scripts/bootstrap.sh pyproject.toml requirements/tools.txt requirements/base.txt
# Dozens of Pythons start below: each would compile every module again where the environment says to keep nothing.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check install campaign bench screenshots requirements clean

help: ## show this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

demo: $(BASE) ## set up, build the demo utility and serve it on 127.0.0.1:8000
	@$(VENV)/bin/weatherhead demo

test: $(DEV) ## set up, then run every test on SQLite, on PostgreSQL and in a browser
	@sh scripts/chromium.sh >/dev/null
	@$(PYTHON_IN_VENV) -m scripts.run_tests

check: $(DEV) ## lint, types, layers, tidiness and the tests of the core, in under a minute
	@$(PYTHON_IN_VENV) -m scripts.check

install: $(DEV) ## set up .venv for building and testing

campaign: $(DEV) ## the long tests, with full counts; results go to docs/campaigns
	@$(PYTHON_IN_VENV) -m scripts.campaign

bench: $(DEV) ## measure speed; results go to docs/benchmarks.md
	@$(PYTHON_IN_VENV) -m scripts.bench

screenshots: $(DEV) ## photograph the pages into docs/screenshots
	@sh scripts/chromium.sh >/dev/null
	@$(PYTHON_IN_VENV) -m scripts.screenshots

requirements: $(DEV) ## lock requirements/*.in to hashed requirements/*.txt (UPGRADE=1 for newer versions)
	@sh scripts/lock.sh $(if $(UPGRADE),--upgrade)

clean: ## remove what was made, but not your databases in var/
	rm -rf $(VENV) build dist src/*.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(BASE): $(RECIPES)
	@sh scripts/bootstrap.sh base

$(DEV): $(RECIPES) requirements/dev.txt
	@sh scripts/bootstrap.sh dev
