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

PAGE := src/delineate/serve/static/index.html

.PHONY: demo test crash lint types bench clean page web e2e docs

# The workbench on sample images, in the browser. DEMO has further words, such as DEMO=--images-only, which
# writes the images and stops, or DEMO="--no-browser --port 9000"; `delineate demo --help` lists them.
demo: $(VENV)/serve.done page
	@test -f $(PAGE)
	$(BIN)/delineate demo $(DEMO)

test: $(VENV)/dev.done page
	$(BIN)/python -m pytest -q -n 2

# The page of the workbench is built into the package; that needs Node 20. Without Node all else works.
NODE := node -e "process.exit(Number(parseInt(process.versions.node) < 20))" 2>/dev/null && command -v npm >/dev/null
page:
	@if $(NODE); then $(MAKE) --silent $(PAGE); \
	elif [ -f $(PAGE) ]; then echo "Node 20 or later is not here: the page is used as it was built before."; \
	else echo "Node 20 or later is not here, so the page of the workbench is not built: install Node and run this again."; fi

$(PAGE): web/node_modules/.done web/index.html web/vite.config.ts $(wildcard web/src/* web/src/ui/* web/public/*)
	cd web && npm run --silent build

# The page, its types and its tests.
web: $(PAGE)
	cd web && npm test --silent

web/node_modules/.done: web/package-lock.json
	cd web && npm ci --silent --no-audit --no-fund
	$(PYTHON) -c "open('$@', 'w').close()"

# A person's work in a real browser: the system's Chromium, or else one that playwright brings.
# PICTURES=1 draws the pictures of the page for the documentation anew.
e2e: $(VENV)/e2e.done page
	DELINEATE_E2E=1 DELINEATE_PICTURES=$(PICTURES) $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/e2e

$(VENV)/e2e.done: $(VENV)/dev.done
	$(BIN)/python -m pip install --quiet --constraint constraints.txt playwright --editable ".[serve]"
	@command -v chromium || command -v chromium-browser || command -v google-chrome || (apt-get update && apt-get install -y chromium) || $(BIN)/playwright install --with-deps chromium || { echo "The browser tests need Chromium, which neither apt-get nor playwright could install here: install it and run make e2e again." >&2; exit 1; }
	$(PYTHON) -c "open('$@', 'w').close()"

# Kills a server KILLS times; the last line says how many acknowledged marks were lost.
KILLS ?= 10
crash: $(VENV)/dev.done
	$(BIN)/python benchmarks/crash.py $(KILLS)

# The pages of docs/ and the reference as a site that needs no network; the last line says where it is.
docs: $(VENV)/docs.done
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "the site is in $(CURDIR)/site: open index.html there, or for its search run $(BIN)/python -m http.server -d site"

$(VENV)/docs.done: $(VENV)/core.done docs/requirements.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement docs/requirements.txt
	$(PYTHON) -c "open('$@', 'w').close()"

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

$(VENV)/serve.done: $(VENV)/core.done
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[serve]"
	$(PYTHON) -c "open('$@', 'w').close()"

$(VENV)/dev.done: $(VENV)/core.done dev.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement dev.txt --editable ".[bench,onnx,serve,study,train]"
	$(PYTHON) -c "open('$@', 'w').close()"

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(d, True) for d in ('$(VENV)', 'demo', 'ventricles', 'dist', 'site')]"
