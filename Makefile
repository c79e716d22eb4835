# The verbs of this project. Only Python 3.11 or newer, make and a package index are assumed.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore -c constraints.txt
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11 python,\
	$(shell $(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))

.PHONY: run test test-long lint format clean

run: $(VENV)/run.stamp
	@$(BIN)/python main.py $(ARGS)

# One after the other: a browser beside servers under test makes both wait, and what is timed late.
test: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest tests --ignore=tests/e2e -m 'not long' -n 3 --dist loadscope
	$(BIN)/python -m pytest tests/e2e -m 'not long'

test-long: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest tests --ignore=tests/e2e -m long --timeout=1800 -n 2
	$(BIN)/python -m pytest tests/e2e -m long --timeout=1800

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build *.egg-info

# A stamp is written last: an installation that was interrupted is done again.
$(VENV)/run.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo 'Installing what Churnboard needs (once) ...' >&2
	@$(PIP) .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo 'Installing what the tests need (once) ...' >&2
	@$(PIP) '.[dev]'
	@touch $@ $(VENV)/run.stamp

$(VENV)/bin/python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed: install it, or name it with make PYTHON=/path/to/python.' >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)
