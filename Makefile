# The commands of the project; `make` alone lists them.
.DEFAULT_GOAL := help

# Most tests wait for processes of their own: more of them go side by side than there are cores.
WORKERS ?= 4
CONFIG ?= config/simulated.toml

.PHONY: help setup run demo test check bench contracts lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is needed: Debian packages where allowed, and .venv from the lock
	@bash .ci/setup

run: setup ## Start a simulated machine with its server (CONFIG=config/simulated-tickets.toml: a kiosk; simulated-onslip.toml: a till; simulated-onlinepos.toml, simulated-kensium.toml); Ctrl-C stops it
	@exec .venv/bin/terminald --config $(CONFIG)

demo: setup ## Tell the whole story on real processes: sales, an outage, a crash, the books of both sides
	@exec .venv/bin/python -m tests.demo

test: check ## Everything that must hold: make check, then all tests (ARGS="-k words" for some)
	@.venv/bin/pytest --numprocesses=$(WORKERS) --dist=worksteal $(ARGS)

check: setup ## Lint, format and types: seconds
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

bench: setup ## Measure against the goals, each beside its baseline of the same run
	@exec .venv/bin/python -m tests.bench $(ARGS)

contracts: ## Write docs/contracts.md anew: what the servers offer, and where the terminal uses it
	@.venv/bin/python -m tests.contracts

lock: ## Write requirements.lock anew from pyproject.toml (ARGS=--upgrade: newest versions)
	@bash .ci/lock $(ARGS)

clean: ## Remove what was made here: .venv, caches, the simulated machine's journal
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist var ./*.egg-info tests/support/oidc/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
