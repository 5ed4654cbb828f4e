# Two commands are all a newcomer needs: `make run` and `make test`. Both set up .venv from a lock file first.
.POSIX:
.PHONY: run app test check bench picture lock clean setup setup-dev help

BIN = .venv/bin

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /make \1 — /'

run: setup ## set up, then the guided demonstration: from a broken Rust program to a proven commit
	@$(BIN)/tutor demo

app: setup ## set up, then the app on this folder
	@$(BIN)/tutor

test: setup-dev ## set up, then all tests
	@$(BIN)/python -m pytest -n auto -q

check: setup-dev ## formatting, lints, types, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: setup-dev ## measure, and write docs/benchmarks.md
	@$(BIN)/python -m tools.bench

picture: setup-dev ## make the README's picture from the running app
	@$(BIN)/python -m tools.picture

setup:
	@tools/setup.sh requirements.lock

setup-dev:
	@tools/setup.sh requirements-dev.lock

lock: setup-dev ## resolve the dependencies again and pin them
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--upgrade --extra build pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--extra build --extra dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	@$(BIN)/python -m pip uninstall --quiet --yes uv

clean: ## remove what was set up
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
