# One command surface. `make demo` and `make test` need only Python 3.11+, make and the package registries.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PY := .venv/bin/python
PYTEST_ARGS ?= -n 2 --dist loadfile
PIP := $(PY) -m pip --disable-pip-version-check --require-virtualenv
FRONT_SOURCES := $(shell find static/src static/public static/index* static/*.ts static/*.json -type f 2>/dev/null)

.PHONY: demo test setup check fix bench bench-accuracy lock browser front clean

demo: .venv/.runtime static/dist/.built
	@$(PY) -m webapp.commands demo

test: .venv/.dev static/dist/.built browser
	@$(PY) -m pytest $(PYTEST_ARGS)

setup: .venv/.dev static/dist/.built

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found. Install it, or say where: make PYTHON=/path/to/python3"; exit 2; }
	@echo "Making the environment with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what production needs (from the lock file, checked by hash)"
	@[ -t 1 ] && quiet= || quiet=-q; $(PIP) install --require-hashes --progress-bar on $$quiet -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -q -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo "Installing what tests and checks need"
	@[ -t 1 ] && quiet= || quiet=-q; $(PIP) install --require-hashes --progress-bar on $$quiet -r requirements-dev.lock
	@touch $@

static/dist/.built: .venv/.runtime $(FRONT_SOURCES)
	@PYTHON=$(PY) sh tools/front build
	@touch $@

front: static/dist/.built

browser:
	@sh tools/browser

check: .venv/.dev static/dist/.built
	@sh tools/check

fix: .venv/.dev static/dist/.built
	@sh tools/check --fix

bench: .venv/.dev static/dist/.built
	@$(PY) -m benchmarks

bench-accuracy: .venv/.dev
	@$(PY) -m benchmarks.accuracy $(ACCURACY_ARGS)

lock:
	@sh tools/lock

clean:
	rm -rf .venv static/node_modules static/dist
