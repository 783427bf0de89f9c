# make study: the quickstart, from nothing to a report.   make test: lint, types and the whole suite.
# make docs: the documentation as a site, docs/_build/html/index.html, with its links checked.
# make coverage: the whole suite, with the lines that it runs, which takes a third longer; at least 90 %.
# make check: lint, types and the tests that are not slow, for the edit loop.
# make test-portable: the suite with 1 and 4 threads, and with kernels for AVX2 and for any x86-64.
# make test-oldest: the suite with the oldest versions that pyproject.toml allows.
PYTHON ?= python3
# what is compiled to bytecode is kept, for the many processes of the tests
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
OLDEST := .venv-oldest

.PHONY: study test suite coverage docs check lint test-portable test-oldest
study: .venv/.installed
	$(BIN)/overgan run quickstart --out runs/quickstart

# lint, of which mypy is one process, beside the suite
test: .venv/.installed-test
	$(MAKE) -j 2 lint suite

suite: .venv/.installed-test
	$(BIN)/pytest -n 2 --dist worksteal

coverage: lint
	$(BIN)/pytest -n 2 --dist worksteal --cov

check: lint
	$(BIN)/pytest -n 2 --dist worksteal -m 'not slow'

docs: .venv/.installed-docs
	$(BIN)/python docs/site/build.py

lint: .venv/.installed-test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

test-portable: .venv/.installed-test
	$(BIN)/python -m tests.portable -n 2 --dist worksteal

test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/pytest -n 2 --dist worksteal

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e .
	touch $@

.venv/.installed-test: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[test,lint]'
	touch .venv/.installed $@

.venv/.installed-docs: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[docs]'
	touch .venv/.installed $@

# every ">=" of the dependencies becomes "==", in a file that pip takes as constraints
$(OLDEST)/.installed: pyproject.toml
	$(PYTHON) -m venv $(OLDEST)
	sed -n '/^dependencies/,/^lint/s/^    "\([^>]*\)>=\([^,"]*\).*/\1==\2/p' pyproject.toml > $(OLDEST)/oldest.txt
	$(OLDEST)/bin/pip install -q -c $(OLDEST)/oldest.txt -e '.[test]'
	touch $@
