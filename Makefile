# make setup   install what is missing: Debian packages where allowed, and a .venv
# make demo    the main job on a Galton board: mine, train, infer, figures in demo/
# make test    the tests of every layer; make test-all adds the slow statistical ones
# make lint    style, types; make bench, make docs

SHELL := /bin/bash
VENV ?= .venv
PYTHON ?= python3
TORCH_INDEX ?=
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup
JOBS ?= 2

export OMP_NUM_THREADS ?= 1

.PHONY: setup board demo test test-all lint format bench docs examples clean

setup: $(STAMP) board

board: $(STAMP)
	@$(BIN)/python -m motherlode.demo.build --link simulators/galton/galton || echo "The demo will use the Python board."

$(STAMP): pyproject.toml constraints.txt tools/install_system.sh
	@PYTHON="$(PYTHON)" bash tools/install_system.sh
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/pip install -q $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) -c constraints.txt torch
	$(BIN)/pip install -q -c constraints.txt -e ".[test,lint,arviz]"
	@touch $(STAMP)

demo: setup
	$(BIN)/motherlode demo

test: setup
	$(BIN)/pytest -m "not slow" -n $(JOBS)

test-all: setup
	$(BIN)/pytest -n $(JOBS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/count.py
	$(BIN)/pytest -q tests/structure -m "not slow" -k "layers or count"

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

examples: setup
	@set -e; for script in examples/[0-9]*.py; do echo "== $$script"; $(BIN)/python $$script --quick; done

bench: setup
	@set -e; for script in $$(grep -l "^if __name__" benchmarks/*.py); do echo "== $$script"; $(BIN)/python $$script --quick --json; done

docs: $(STAMP)
	$(BIN)/pip install -q -c constraints.txt -e ".[docs]"
	$(BIN)/sphinx-build -W --keep-going -q docs docs/_build

clean:
	rm -rf build dist demo docs/_build .pytest_cache .mypy_cache .ruff_cache
