# Needs Python 3.11 or newer, a C compiler, make and git. Everything else is fetched into .venv.
#   make run       a scheduler with a bug, the fuzzer that finds it, its replay
#   make test      the whole gate: lint, then the tests
#   make lint      ruff, mypy, tidy
#   make bench     speed of this machine
#   make sanitize  the tests with a C module that checks its memory accesses
#   make clean     back to a fresh clone; findings are kept
# `make test PYTEST_ARGS="-k lottery"` passes arguments on to pytest.

PYTHON ?= python3
PYTEST_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CSRC := $(wildcard emu/machine/csrc/*.[ch])
SANITIZED := build/sanitize
INCLUDE := import sysconfig; print(sysconfig.get_path("include"))
SUFFIX := import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: run test lint bench sanitize clean

run: $(STAMP)
	@$(BIN)/scxemu demo

test: lint
	@$(BIN)/pytest $(PYTEST_ARGS)

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m tools.tidy

bench: $(STAMP)
	@$(BIN)/scxemu bench

# A copy of the tree, because the sanitized module must not replace the one in place.
sanitize: $(STAMP)
	@rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)
	@tar -cf - --exclude=./.git --exclude=./$(VENV) --exclude=./build --exclude='*.so' . | \
	    tar -xf - -C $(SANITIZED)
	@cc -shared -fPIC -g -O1 -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror \
	    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
	    -I"$$($(BIN)/python -c '$(INCLUDE)')" emu/machine/csrc/*.c \
	    -o $(SANITIZED)/emu/machine/_machine$$($(BIN)/python -c '$(SUFFIX)')
	@cd $(SANITIZED) && ASAN_OPTIONS=detect_leaks=0 PYTHONPATH=$(CURDIR)/$(SANITIZED) \
	    LD_PRELOAD="$$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libubsan.so)" \
	    $(CURDIR)/$(BIN)/python -m pytest --timeout 1800 $(PYTEST_ARGS)

clean:
	@rm -rf $(VENV) build scx_emu.egg-info emu/machine/*.so .mypy_cache .ruff_cache .pytest_cache
	@rm -rf .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "scx-emu: $(PYTHON) is missing or older than 3.11; give one: make PYTHON=..." >&2; \
	      exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "scx-emu: $(PYTHON) has no venv module; install it (Debian: python3-venv)" >&2; \
	      exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(STAMP): pyproject.toml $(CSRC) | $(BIN)/python
	@command -v cc >/dev/null || \
	    { echo "scx-emu: there is no C compiler; install one (Debian: gcc)" >&2; exit 1; }
	@test -f "$$($(BIN)/python -c '$(INCLUDE)')/Python.h" || \
	    { echo "scx-emu: Python.h is missing; install it (Debian: python3-dev)" >&2; exit 1; }
	@echo "scx-emu: building the C module and installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@
