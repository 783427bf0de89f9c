# make study: the quickstart, from nothing to a report.   make test: lint, types and tests.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: study test
study: .venv/.installed
	$(BIN)/overgan run quickstart --out runs/quickstart

test: .venv/.installed-test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --cov

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e .
	touch $@

.venv/.installed-test: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[test]'
	touch .venv/.installed $@
