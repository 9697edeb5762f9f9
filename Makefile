# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
# Needs Python 3.11 or later with venv. PYTHON and VENV say which and where.

PYTHON ?= python3
VENV ?= .venv
# The CPU build of PyTorch; where the default index serves a CUDA build, set
# PIP_EXTRA_INDEX_URL or TORCH to point at the one you want.
TORCH ?= torch==2.13.0

ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.PHONY: demo test lint types bench clean

demo: $(VENV)/core.done
	$(BIN)/python -m delineate.demo demo

test: $(VENV)/dev.done
	$(BIN)/python -m pytest -q -n 2

lint: $(VENV)/dev.done
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks

types: $(VENV)/dev.done
	$(BIN)/mypy

$(VENV)/core.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(PYTHON) -c "open('$@', 'w').close()"

$(VENV)/dev.done: $(VENV)/core.done dev.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement dev.txt --editable ".[bench,train]"
	$(PYTHON) -c "open('$@', 'w').close()"

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(d, True) for d in ('$(VENV)', 'demo', 'dist')]"
