# The words a newcomer types. Each target brings what it needs first (scripts/setup/).
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help run setup test check generate screens bench soak clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: ## Bring what is missing, build, start everything; Ctrl-C stops it
	@exec $(PYTHON) scripts/run.py

setup: ## Bring everything that running and testing need, and stop there
	@exec $(PYTHON) scripts/provide.py

test: ## Everything: checks, Rust, web, SDK clients, a real browser
	@exec $(PYTHON) scripts/test.py

check: ## Format, lints, licences, generated files
	@exec $(PYTHON) scripts/check.py

generate: ## Write .sqlx/, docs/openapi.json and the web app's client anew
	@exec $(PYTHON) scripts/generate.py

screens: ## A picture of every screen and state, in one table to look through
	@exec $(PYTHON) scripts/screens.py

bench: ## Delays, CPU and memory beside their budgets
	@exec $(PYTHON) scripts/provide.py --then scripts/bench

soak: ## A long call with a LiveKit restart, and runtimes killed in mid conversation
	@exec $(PYTHON) scripts/provide.py --built --then scripts/soak

clean: ## Remove everything that was built, fetched or stored here
	@exec $(PYTHON) scripts/clean.py
