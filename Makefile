# Each target sets itself up: nothing is needed but Python >= 3.11, make and a package index.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/.ready-to-run
DEV := $(VENV)/.ready-to-test

unexport PYTHONDONTWRITEBYTECODE  # each worker and each bot that a test starts would compile all of us

.PHONY: demo test soak lint bench example-report setup clean

demo: $(RUN)  ## the whole thing on this machine, without a token; FRESH=1 begins anew
	@exec $(VENV)/bin/python -m bot demo $(if $(FRESH),--fresh)

setup: $(RUN)  ## the virtual environment with the `diwan` command

test: $(DEV) lint  ## everything but the long runs
	$(VENV)/bin/python -m pytest -n 4 --dist worksteal

soak: $(DEV)  ## kills, floods, long runs
	$(VENV)/bin/python -m pytest -m soak --timeout 900 -n 2 --dist worksteal

lint: $(DEV)  ## format, style, types, directions of imports
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check --output-format concise .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(DEV)  ## ratios beside bare clients, printed (`python -m bench --write` puts them into docs/performance.md)
	$(VENV)/bin/python -m bench
	$(VENV)/bin/python -m bench limits

example-report: $(DEV)  ## docs/example-report again: a simulated network, its reports and pictures of them
	$(VENV)/bin/python -m bench.example_report

clean:
	rm -rf $(VENV) var build

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Diwan needs Python 3.11 or newer." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(RUN): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up; this takes a minute the first time."
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up; this takes a minute the first time."
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
