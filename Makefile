# A fresh machine needs python3 (3.11 or newer), git and make; all else is installed into .venv,
# at the versions and hashes that the lock files name.

PYTHON ?= python3
VENV := .venv
JUDGES := tests/node/node_modules
SYNAPSE := .cache/synapse
PROMTOOL := .cache/promtool
ALERTMANAGER := .cache/alertmanager
BIN := $(VENV)/bin
UV := $(BIN)/uv
WORKERS ?= 2
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"

# The machine's own certificates, so that a proxy with an authority of its own works.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help
.PHONY: help run demo test chaos chaos-cluster bench scale setup check lint format lock pictures clean

help: ## Say what can be made here
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1 \t\2/p' Makefile | expand -t 17

run: $(VENV)/.runtime ## Set up what is missing and start the service (ARGS="--at …" goes to `vigilia run`)
	@$(BIN)/vigilia run $(ARGS)

demo: $(VENV)/.runtime ## Watch the next 9 December happen on a page, with no account anywhere
	@$(BIN)/vigilia demo $(ARGS)

test: $(VENV)/.dev $(JUDGES)/.installed $(SYNAPSE)/.installed $(VENV)/.browser $(PROMTOOL)/.installed ## Set up what is missing and run every check and every test
	@status=0; \
	$(MAKE) --no-print-directory --keep-going check || status=1; \
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term --cov-fail-under=90 || status=1; \
	exit $$status

chaos: $(VENV)/.dev ## Post 500 messages over a network that breaks, killed 200 times (a quarter of an hour)
	CHAOS_DELIVERIES=500 CHAOS_KILLS=200 $(BIN)/python -m pytest -n 0 -s tests/service/test_chaos.py

chaos-cluster: $(VENV)/.dev ## Kill, freeze and cut off machines of a cluster during 5,000 deliveries
	VIGILIA_CHAOS=5000 $(BIN)/python -m pytest tests/cluster -n 0 -k "whatever or cut_off"

bench: $(VENV)/.dev $(ALERTMANAGER)/.installed ## Measure: beside others, first request, idle, a cluster (20 minutes; ONLY="throughput alarm idle cluster")
	@for what in $(or $(ONLY),throughput alarm idle cluster); do \
		$(BIN)/python -m bench.$$what || exit 1; done

scale: $(VENV)/.dev ## Simulate a million channels at nine o'clock with a modelled network
	$(BIN)/python -m bench.scale $(ARGS)

setup: $(VENV)/.dev $(JUDGES)/.installed $(SYNAPSE)/.installed $(VENV)/.browser $(PROMTOOL)/.installed ## Set up everything that developing needs, and run nothing

check: lint imports types ## Run every check but the tests

lint: $(VENV)/.dev ## Look for mistakes and for unformatted code
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

.PHONY: imports types
imports: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

types: $(VENV)/.dev
	$(BIN)/mypy

format: $(VENV)/.dev ## Format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.tools ## Take the newest allowed versions into the lock files (then run the tests)
	$(COMPILE) --upgrade --group build -o requirements-build.lock
	$(COMPILE) --upgrade --all-extras pyproject.toml -o requirements.lock
	$(COMPILE) --upgrade --all-extras --group build --group dev -c requirements.lock \
		-c requirements-build.lock pyproject.toml -o requirements-dev.lock
	$(COMPILE) --upgrade --group matrix -o requirements-matrix.lock

pictures: $(VENV)/.dev $(JUDGES)/.installed ## Make docs/pictures anew, with a browser (then look at them)
	$(BIN)/python -m tests.pictures

clean: ## Remove the environment and everything that was built or cached
	rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .grimp_cache $(JUDGES) $(SYNAPSE) $(PROMTOOL) $(ALERTMANAGER)
	find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: each is as old as the installation that it stands for.

$(VENV)/.tools: requirements-build.lock
	@command -v $(PYTHON) >/dev/null || { \
		echo "Vigilia needs Python 3.11 or newer, and there is no '$(PYTHON)' here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Vigilia needs Python \
	3.11 or newer, and $(PYTHON) is %d.%d. Name another: make PYTHON=python3.13 …" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make a virtual environment here. On Debian and Ubuntu this mends it:" >&2; \
		$(PYTHON) -c 'import sys; print("    sudo apt-get install python%d.%d-venv" % sys.version_info[:2])' >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

$(VENV)/.runtime: $(VENV)/.tools requirements.lock pyproject.toml
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

# The page is looked at with a real browser: Chromium or Chrome, wherever it is found.
$(VENV)/.browser: $(VENV)/.dev
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	|| command -v google-chrome-stable >/dev/null || command -v google-chrome >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } \
	|| { echo "The tests of the page need Chromium, and there is none here. On Debian and Ubuntu:" >&2; \
		echo "    sudo apt-get install chromium" >&2; exit 1; }
	@touch $@

# promtool judges the metrics and the alert rules. It is taken out of Debian's package, not
# installed with it: that would start a Prometheus on this machine.
$(PROMTOOL)/.installed: $(VENV)/.tools
	@mkdir -p $(PROMTOOL)
	@command -v promtool >/dev/null || { command -v dpkg-deb >/dev/null && cd $(PROMTOOL) \
		&& { apt-get download -qq prometheus 2>/dev/null \
			|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq prometheus; }; } \
		&& dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool \
		&& rm -f prometheus_*.deb; } \
	|| { echo "The tests of the metrics need promtool, and there is none here. On Debian and Ubuntu:" >&2; \
		echo "    sudo apt-get install prometheus" >&2; exit 1; }
	@touch $@

# Alertmanager is what the bench puts Vigilia beside: out of Debian's package too, and not installed.
$(ALERTMANAGER)/.installed: $(VENV)/.tools
	@mkdir -p $(ALERTMANAGER)
	@{ command -v dpkg-deb >/dev/null && cd $(ALERTMANAGER) \
		&& { apt-get download -qq prometheus-alertmanager 2>/dev/null \
			|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq prometheus-alertmanager; }; } \
		&& dpkg-deb --fsys-tarfile prometheus-alertmanager_*.deb | tar -x ./usr/bin ./usr/share/prometheus \
		&& rm -f prometheus-alertmanager_*.deb; } \
	|| { echo "The bench needs Alertmanager out of Debian's or Ubuntu's package, and cannot get it." >&2; exit 1; }
	@touch $@

# What judges the payloads is partly written in JavaScript: only the tests and the pictures need it.
# Node.js itself is one of the packages of requirements-dev.lock.
$(JUDGES)/.installed: tests/node/package-lock.json $(VENV)/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" NODE_OPTIONS=--use-system-ca npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# A real Matrix homeserver, which the tests post to. It has an environment of its own.
$(SYNAPSE)/.installed: requirements-matrix.lock $(VENV)/.tools
	$(UV) venv --quiet --clear --python $(BIN)/python $(SYNAPSE)
	$(UV) pip install --quiet --python $(SYNAPSE)/bin/python --require-hashes -r requirements-matrix.lock
	@touch $@
