# Every job of the project, one command each. The two that matter: make demo, make test.
#
# Choose another interpreter with PYTHON, e.g. `make demo PYTHON=python3.12`.
# On Linux the package index serves torch with CUDA; for the smaller CPU build:
#   PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make demo
# Setting up builds the compiled kernels where a C++ compiler is found; without them:
#   make demo NEXTWORD_KERNELS=no

.POSIX:
# The jobs share one environment.
.NOTPARALLEL:
PYTHON ?= python3
BIN = .venv/bin
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Tests run in two processes; more threads inside each would only fight over the cores.
ONE_THREAD = OMP_NUM_THREADS=1
PYTEST = $(ONE_THREAD) $(BIN)/python -m pytest --numprocesses 2 --dist worksteal
KERNEL_SOURCES = $(wildcard kernels/src/*.?pp kernels/src/generator/*.?pp kernels/src/ngrams/*.?pp) \
	$(wildcard kernels/src/nextword_kernels/*.py*) \
	kernels/CMakeLists.txt kernels/pyproject.toml
INSTALL_KERNELS = sh kernels/install.sh $(BIN)/python .venv/kernels.log

help:
	@echo 'make demo        set up .venv and run the main job end to end (writes runs/demo)'
	@echo 'make test        set up .venv, also with the programs of make peers, and run the tests'
	@echo 'make test-exhaustive'
	@echo '                 the cases that make test leaves out: every size of every backend, long fuzzing'
	@echo 'make test-all    all tests, with coverage'
	@echo 'make reliability the tests of docs/reliability.md, with their full counts'
	@echo 'make licences    check the licences of the packages in constraints.txt'
	@echo 'make audit-packages  compare their versions with known weaknesses (needs the internet)'
	@echo 'make setup       only set up: .venv/bin/nextword'
	@echo 'make setup-dev   set up with the tools for tests, linting and documentation'
	@echo 'make kernels     build the compiled kernels once more'
	@echo 'make peers       install the programs that some tests compare with: KenLM, lm-eval, Ray and others'
	@echo 'make mutants     plant faults in a folder and list those no test finds (FOLDER=optim)'
	@echo 'make fmt         format the code and mend what the linter can mend'
	@echo 'make lint        formatting, lint rules, direction of imports'
	@echo 'make types       mypy --strict'
	@echo 'make bench       measure the speed, when nothing else runs (writes runs/bench)'
	@echo 'make docs        build the documentation into docs/_build/html'
	@echo 'make check       lint, types, documentation and tests'
	@echo 'make clean       remove caches and built files (keeps .venv and runs)'

setup: .venv/installed-base .venv/tried-kernels

setup-dev: .venv/installed-dev .venv/tried-kernels

.venv/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: nextword needs Python 3.11 or newer, and '$(PYTHON)' is not that." >&2; \
		echo "help: name another interpreter, e.g. make demo PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	@echo 'Installing; the first time this downloads torch, which may take some minutes.'
	@touch $@

.venv/installed-base: .venv/created pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable .
	@touch $@

.venv/installed-dev: .venv/created pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable '.[dev,docs,tensorboard]'
	@touch $@ .venv/installed-base

# Whatever comes of it, it is tried once, and again when the sources change.
.venv/tried-kernels: .venv/created $(KERNEL_SOURCES)
	@test '$(NEXTWORD_KERNELS)' = no || { $(INSTALL_KERNELS) || true; touch $@; }

kernels: .venv/created
	@$(INSTALL_KERNELS)
	@touch .venv/tried-kernels

# What some tests compare with. KenLM needs a compiler, flashlight-text Python 3.11 or older.
# pyctcdecode asks for numpy below 2, but works with the newer one. Each is tried once; what does not
# install is left out, and its tests skip with that reason.
.venv/tried-peers: .venv/installed-dev
	@echo 'Installing the programs that some tests compare with, which takes about a minute.'
	-$(PIP_INSTALL) kenlm==0.3.0
	-$(PIP_INSTALL) --no-deps flashlight-text==0.0.7
	-$(PIP_INSTALL) --no-deps pyctcdecode==0.5.0 pygtrie==2.6.2
	-$(PIP_INSTALL) datatrove==0.10.1 orjson
	-$(PIP_INSTALL) 'lm_eval[api]==0.4.13'
	-$(PIP_INSTALL) 'ray[data]==2.60.0'
	@touch $@

peers: setup-dev .venv/tried-peers

demo: setup
	$(BIN)/nextword demo

test: peers
	$(PYTEST) -m 'not network and not exhaustive'

test-exhaustive: peers
	$(PYTEST) -m 'exhaustive and not full_count and not network' --durations 40

# The tests that the page names: files, and single tests in them.
RELIABILITY = grep -o 'tests/[a-z_/]*\.py[a-z_0-9:]*' docs/reliability.md | sort -u
reliability: peers
	$(PYTEST) -m 'not network' $$($(RELIABILITY))

licences: setup-dev
	$(BIN)/python tests/check_licences.py

# It asks a server on the internet, so it is no part of `make check`.
audit-packages: setup-dev
	$(PIP_INSTALL) pip-audit
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip

# Measuring the coverage takes the tests two thirds more time.
test-all: peers
	$(PYTEST) -m 'not network' --cov=nextword --cov-fail-under=95

fmt: setup-dev
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

lint: setup-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports

types: setup-dev
	$(BIN)/mypy --strict src

docs: setup-dev
	$(BIN)/sphinx-build -W --keep-going --quiet -b html docs docs/_build/html

FOLDER = optim
SAMPLE = 60
mutants: setup-dev
	$(PIP_INSTALL) cosmic-ray
	$(ONE_THREAD) $(BIN)/python tests/mutants.py $(FOLDER) --sample $(SAMPLE)

bench: setup
	$(BIN)/nextword bench all --out runs/bench

check: lint types licences docs test

clean:
	rm -rf build dist kernels/build docs/_build htmlcov .coverage .coverage.* .pytest_cache .mypy_cache \
		.ruff_cache .hypothesis .import_linter_cache src/*.egg-info
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup setup-dev peers kernels demo test test-exhaustive test-all reliability licences audit-packages mutants fmt lint types docs bench check clean
