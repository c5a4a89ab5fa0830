# Every target sets up what it needs, from nothing, in .venv. `make` lists them.
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
PYTHON ?=
ARGS ?=
export PYTHON

.PHONY: help run demo test check format bench lock clean environment-run environment-dev

help:  ## list the targets
	@echo "make TARGET [ARGS=\"…\"] [PYTHON=python3.12]"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-10s %s\n", $$1, $$2 }'

run: environment-run  ## start the gateway; it prints its address, a key and commands to try
	@$(BIN)/modelbay serve $(ARGS)

demo: environment-run  ## show real calls of all six model types
	@$(BIN)/modelbay demo $(ARGS)

test: environment-dev  ## run every test; ARGS="tests/wires -q" narrows it
	@$(BIN)/python -m pytest $(ARGS)

check: environment-dev  ## format, lint, types, layers, tests: the same as the build
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(ARGS)

format: environment-dev  ## format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: environment-dev  ## run the benchmarks of library and gateway; ARGS="gateway" for one of them, at length
	@$(BIN)/python -m benchmarks $(ARGS)
	@[ -n "$(ARGS)" ] || $(BIN)/python -m benchmarks gateway --quick

lock: ## make the lock files again; ARGS=--upgrade takes newer releases
	@scripts/lock.sh $(ARGS)

clean:  ## remove the environment and every cache
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests benchmarks -type d -name __pycache__ -prune -exec rm -rf {} +

environment-run:
	@scripts/environment.sh run

environment-dev:
	@scripts/environment.sh dev
