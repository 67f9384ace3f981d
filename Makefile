# `make run` starts everything, `make sandbox` plays the platforms too, `make test` runs the tests. Both first set up what they need, in .venv and nowhere else.
# `make run PORT=8001 DATA=/srv/frontdesk` moves port and data folder; the same as environment variables.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
OPTIONS ?=

.PHONY: setup run sandbox test lint faults faults-short lock clean

setup: .venv/.dev

# What runs: Python packages as locked, each with its hash, then this folder itself.
.venv/.run: deploy/requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Frontdesk needs Python 3.11, 3.12 or 3.13; name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || { echo "Setting up .venv with $$($(PYTHON) --version) …"; $(PYTHON) -m venv .venv; } \
		|| { rm -rf .venv; echo "Python can't make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@$(PIP) install --require-hashes -r deploy/requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat -e .
	@touch $@

.venv/.dev: .venv/.run deploy/requirements-dev.lock
	@$(PIP) install --require-hashes -r deploy/requirements-dev.lock
	@touch $@

run: .venv/.run
	@exec $(BIN)/frontdesk up $(OPTIONS)

sandbox: .venv/.run
	@exec $(BIN)/frontdesk sandbox $(OPTIONS)

test: .venv/.dev
	$(BIN)/python -m pytest -q -rs --no-fold-skipped -n auto --dist worksteal $(OPTIONS)

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

faults: .venv/.dev
	$(BIN)/python -m tests.faults.run --messages 20000 --kills 100 --flushes 5 $(OPTIONS)

faults-short: .venv/.dev
	$(BIN)/python -m tests.faults.run --shared --messages 3000 --kills 20 --flushes 2 $(OPTIONS)

# After a change of dependencies in pyproject.toml. Needs uv, which is in none of the locks.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet --group build
lock:
	$(LOCK) -o deploy/requirements.lock
	$(LOCK) --group dev -c deploy/requirements.lock -o deploy/requirements-dev.lock

clean:
	rm -rf .venv build *.egg-info
