# Every command of the project; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PORT ?= 8000
WALL_PORT ?= $(shell expr $(PORT) + 100)
HOST ?= 127.0.0.1
# Most tests wait for other processes: three at a time keep two cores busy.
TEST_WORKERS ?= 3
# What tests write is gone with them: in memory, where the machine has a folder there, a slow disk holds nobody up.
TEST_TMP ?= $(shell test -w /dev/shm && echo /dev/shm || echo $${TMPDIR:-/tmp})
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
VENDOR := backend/web/static/vendor
BUILT := backend/web/static/built
OFFICER := $(wildcard backend/web/static/officer/*.js)

export PORT HOST WALL_PORT
# Some machines switch bytecode off for all: every process that a test starts would compile 430 modules again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/installed: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the product runs on ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/installed-dev: requirements.txt requirements-dev.txt .venv/installed
	@echo "Installing what tests and checks need ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@echo "Installing the browser libraries ..."
	@npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# With what tests make clients of the API with.
node_modules/.installed-dev: node_modules/.installed
	@npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch node_modules/.installed $@

$(VENDOR)/.copied: node_modules/.installed
	@rm -rf $(VENDOR) && mkdir -p $(VENDOR)/leaflet $(VENDOR)/govuk
	@cp -r node_modules/leaflet/dist/leaflet.js node_modules/leaflet/dist/leaflet.css node_modules/leaflet/dist/images $(VENDOR)/leaflet/
	@cp node_modules/socket.io-client/dist/socket.io.min.js $(VENDOR)/
	@cp node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js $(VENDOR)/govuk/
	@touch $@

$(BUILT)/officer.digest: node_modules/.installed .venv/installed $(OFFICER)
	@mkdir -p $(BUILT)
	@node_modules/.bin/esbuild backend/web/static/officer/main.js --bundle --minify --format=esm --log-level=warning --outfile=$(BUILT)/officer.js
	@$(BIN)/python -m backend.web.assets > $@

.PHONY: install
install: .venv/installed $(VENDOR)/.copied $(BUILT)/officer.digest ## Install what the product runs on

.PHONY: run
run: install .venv/installed-dev ## Start everything with a demo caseload, simulated tags and a phone wall
	@exec $(BIN)/python -m tests.demo

.PHONY: serve
serve: install ## Start web server, notifier and watchdog on CORDON_DATABASE_URL, without demo data, and keep them running
	@test -n "$${CORDON_DATABASE_URL:-}" || { \
	  echo "Set CORDON_DATABASE_URL to the PostgreSQL database: postgresql://USER:PASSWORD@HOST:PORT/NAME." >&2; \
	  echo "make run starts a demo with a database of its own." >&2; exit 1; }
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec $(BIN)/python -m backend.supervisor Procfile --first "exec flask --app wsgi prepare"

.PHONY: migrate
migrate: .venv/installed ## Bring the database to the newest schema
	@$(BIN)/flask --app wsgi migrate

.PHONY: browser
browser: ## Install Debian's chromium for the browser tests where it is missing
	@command -v chromium >/dev/null && command -v chromium-headless-shell >/dev/null || { \
	  echo "Installing chromium ..."; \
	  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
	  $$sudo apt-get update -qq && \
	  $$sudo apt-get install -y -qq chromium chromium-headless-shell fonts-dejavu-core >/dev/null || \
	  command -v chromium >/dev/null; }

.PHONY: check
check: install .venv/installed-dev ## Format, lint, import contracts, types
	@$(MAKE) --no-print-directory -j 2 --output-sync=target check-types check-style check-imports

.PHONY: check-types check-style check-imports
check-types:
	@$(BIN)/mypy
check-style:
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
check-imports:
	@PYTHONPATH=. $(BIN)/lint-imports

# COMPILE_ARGS="--upgrade-package NAME" raises one package that others need; those named in *.in are raised there.
.PHONY: pins
pins: .venv/installed-dev ## Pin each package that requirements*.in need, with hashes
	@for name in requirements requirements-dev; do \
	  CUSTOM_COMPILE_COMMAND="make pins" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
	    $(COMPILE_ARGS) --output-file $$name.txt $$name.in; done

.PHONY: test
test: check browser node_modules/.installed-dev ## Run everything: checks, tests on a real PostgreSQL, pages in a real browser
	@TMPDIR=$(TEST_TMP) $(BIN)/python -m tests.postgres $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal $(ARGS)

.PHONY: fuzz
fuzz: install .venv/installed-dev ## Send the API whatever its description allows and more, as each role, for two minutes each
	@TMPDIR=$(TEST_TMP) CORDON_TEST_FUZZ_S=120 $(BIN)/python -m tests.postgres \
	  $(BIN)/python -m pytest -rP tests/mobile_api/test_fuzzed.py $(ARGS)

.PHONY: quick
quick: check ## Run the checks, and the tests of rules and units: no database, no server, no browser
	@TMPDIR=$(TEST_TMP) $(BIN)/python -m pytest -q -m "not integration" -n 2 --dist worksteal $(ARGS)

.PHONY: docs
docs: install .venv/installed-dev ## Write the parts of docs/ that are made from the code: codemap, settings, writers of tables
	@$(BIN)/python -m tests.documents

N ?= 200
SEED ?= 0
.PHONY: histories
histories: install .venv/installed-dev ## Live through N random histories from SEED on, each against a judge of the whole
	@$(BIN)/python -m tests.histories --count $(N) --seed $(SEED)

.PHONY: bench
bench: install .venv/installed-dev ## Measure, each figure beside a baseline from the same run
	@$(BIN)/python -m benchmarks
