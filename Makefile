# Whale Trader. `make run` does the whole job; `make test` runs every check. Only python3 >= 3.11, git and make are needed.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Without bytecode beside the packages of .venv every start of a command compiles them anew: six seconds instead of none.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-dev run test test-fast lint fmt bench validate fuzz soak clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:  ## build .venv from requirements.lock and compile the kernels
	@$(PYTHON) scripts/environment.py

setup-dev:
	@$(PYTHON) scripts/environment.py --dev

run: setup  ## score, copy on paper, backtest: on $WHALETRADER_DATA, else on a simulated market (ARGS=--exit to end afterwards)
	@$(BIN)/whaletrader demo $${WHALETRADER_DATA:+--data "$$WHALETRADER_DATA"} $(ARGS)

test:  ## every check, with the time of each part
	@$(PYTHON) scripts/checks.py

test-fast:  ## what can be checked in three minutes
	@$(PYTHON) scripts/checks.py --fast

lint:  ## linter, format, types, import contracts, tidy rules
	@$(PYTHON) scripts/checks.py --only set-up lint format types contracts tidy

fmt: setup-dev  ## format, and mend what the linter can mend
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

bench: setup-dev  ## ours beside a peer, measured now
	@$(BIN)/python benchmarks/run.py

validate: setup-dev  ## long simulations: each statistic does what it promises; writes docs/validation (ARGS="NAME ... --quick")
	@$(BIN)/python benchmarks/validate.py $(ARGS)

fuzz: setup-dev  ## a million mutated frames of the venue's sources through the decoders (ARGS="--frames N --seed N")
	@$(BIN)/python scripts/fuzz.py $(ARGS)

soak: setup-dev  ## half an hour of `up --source live` against the local exchange under faults, then the crash tests for long
	@$(BIN)/python scripts/soak.py --write $(ARGS)
	@WHALETRADER_SOAK=1 $(BIN)/python -m pytest -q -m crash tests

clean:  ## remove the environment, the caches and the runs
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist runs src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
