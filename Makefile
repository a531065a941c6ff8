# Two commands matter: `make run` opens a working port in the browser, `make test` runs every test.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export UV_PYTHON_DOWNLOADS := never

UV := $(shell command -v uv 2>/dev/null || echo .make/uv/bin/uv)
CONSOLE_SOURCES := $(shell find console -type f -not -path '*/node_modules/*' -not -path '*/.svelte-kit/*' 2>/dev/null)
CONSOLE := src/kouan/console_dist/index.html

.PHONY: help run test check bench simulate docs lock clean

help:  ## Show this list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: .make/synced $(CONSOLE)  ## Set everything up and open a working port in the browser.
	$(UV) run --no-sync kouan run

test: .make/synced $(CONSOLE) .make/system check  ## Set everything up and run all tests.
	$(UV) run --no-sync pytest -n $${KOUAN_TEST_WORKERS:-2} --dist worksteal --ignore tests/browser
	$(UV) run --no-sync pytest -n $${KOUAN_TEST_WORKERS:-2} --dist worksteal tests/browser

check: .make/synced  ## Formatting, lint, types and the import contracts, without the tests.
	$(UV) run --no-sync ruff check .
	$(UV) run --no-sync ruff format --check .
	$(UV) run --no-sync mypy
	$(UV) run --no-sync lint-imports --no-cache

bench: .make/synced  ## Measure the gate; see docs/reference/benchmarks.md.
	$(UV) run --no-sync kouan bench gate

SEEDS ?= 2000
simulate: .make/synced  ## Run SEEDS=2000 seeds under faults, and hunt the planted bugs; see docs/reference/simulation.md.
	$(UV) run --no-sync kouan prove seeds --seeds $(SEEDS) --planted

docs: .make/synced  ## Generate the reference pages that come from the code.
	$(UV) run --no-sync python scripts/generate_reference.py

clean:  ## Remove what was built here; a port's data stays where it is.
	rm -rf .make .venv console/node_modules src/kouan/console_dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.make/uv/bin/uv:
	@mkdir -p .make
	python3 -m venv .make/uv && .make/uv/bin/pip install --quiet uv \
	  || { rm -rf .make/uv; python3 -m pip install --quiet --target .make/uv uv; }

.make/synced: $(filter .make/%,$(UV)) pyproject.toml requirements.lock
	@mkdir -p .make
	$(UV) venv --quiet --allow-existing --python '>=3.11' .venv
	$(UV) pip sync --quiet --require-hashes requirements.lock
	KOUAN_NO_CONSOLE=1 $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(filter .make/%,$(UV))  ## Resolve the dependencies anew into requirements.lock.
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --group dev --group console \
	  --python-version 3.11 --output-file requirements.lock --upgrade pyproject.toml

$(CONSOLE): $(CONSOLE_SOURCES) scripts/build_console.py | .make/synced
	$(UV) run --no-sync python scripts/build_console.py

.make/system:
	@mkdir -p .make
	bash scripts/system.sh
	@touch $@
