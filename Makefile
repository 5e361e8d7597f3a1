# The commands of the project; the README shows the first two, CI calls the same.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WITH_RAY := $(VENV)/.with-ray
WITH_EXECUTORCH := $(VENV)/.with-executorch
WITH_SERVERS := $(VENV)/.with-servers

.PHONY: help install run test test-slow test-all lint check format bench clean

help: ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## Install the project with every extra but Ray into .venv

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("harmaug needs Python 3.11 to 3.14, found " + sys.version.split()[0] + ": set PYTHON=python3.12") if not (3, 11) <= sys.version_info[:2] <= (3, 14) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,serve,adapters]' --group dev
	@touch $@

run: install ## The whole method with the quickstart preset (embedded models, no network, no GPU)
	$(BIN)/harmaug run quickstart

test: install ## The tests that fit in a few minutes
	$(BIN)/python -m pytest -m 'not slow'

$(WITH_RAY): $(INSTALLED)
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[ray]' \
		|| echo 'Ray cannot be installed for this Python: its tests are skipped'
	@touch $@

$(WITH_EXECUTORCH): $(INSTALLED)
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[executorch]' \
		|| echo 'ExecuTorch cannot be installed for this Python: its test is skipped'
	@touch $@

$(WITH_SERVERS): $(INSTALLED)
	@$(BIN)/pip install --quiet --constraint constraints.txt --group servers \
		|| echo 'LLM servers cannot be installed for this Python: their tests are skipped'
	@touch $@

test-slow: install $(WITH_RAY) $(WITH_EXECUTORCH) $(WITH_SERVERS) ## The tests that take long: several processes, the browser
	@command -v chromium > /dev/null || command -v google-chrome > /dev/null || echo 'no Chromium: tests of pages are skipped (apt-get install chromium)'
	@command -v npm > /dev/null || echo 'no npm: tests of the web export are skipped (apt-get install npm)'
	$(BIN)/python -m pytest -m slow -rs

test-all: test test-slow ## All tests

lint: install ## Format, lint, types, import contract
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint test ## Everything to run before a commit

format: install ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install ## Speed and cost, beside what a user would pick instead
	$(BIN)/python -m benchmarks

clean: ## Remove what was built, never runs or models
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
