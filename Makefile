# The two commands: `make run` and `make test`. Both need python3 (3.11 or newer) with venv, and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test install lint types contracts unit models campaigns hunt hunt-reconfig bugs bug-traces variants clean format

run: $(VENV)/.installed
	$(BIN)/speckeeper ensemble -n 3

test: lint types contracts unit

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "SpecKeeper needs python3 3.11 or newer; say 'make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)'"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.installed
	$(BIN)/mypy

contracts: $(VENV)/.installed
	$(BIN)/lint-imports

unit: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto --dist loadgroup tests --ignore=tests/interop --ignore=tests/benchmarks

# The models that are too large for `make test`, and all models by TLC. CI runs this.
models: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto --timeout 1200 -m models tests/model

# Random behaviours of what is too large to be explored: for whoever changes a specification.
campaigns: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto --timeout 3600 -m long tests/model

# Simulated ensembles from many seeds, of three servers and of five. CI runs this.
HUNT_SEEDS ?= 1000
hunt: $(VENV)/.installed
	$(BIN)/speccheck hunt --system speckeeper --servers 3 --seeds $(HUNT_SEEDS)
	$(BIN)/speccheck hunt --system speckeeper --servers 5 --seeds $(HUNT_SEEDS)

# The same with members that change meanwhile. By hand.
hunt-reconfig: $(VENV)/.installed
	$(BIN)/speccheck hunt --system speckeeper --first 1000000 --seeds $(HUNT_SEEDS)

# Every known mistake, put in and hunted for; the table in docs/simulator.md. By hand: rare ones take long.
bugs: $(VENV)/.installed
	$(BIN)/python -m tests.sim.bug_table --write docs/simulator.md

# The same by traces and histories alone; the second table there. By hand.
bug-traces: $(VENV)/.installed
	$(BIN)/python -m tests.sim.trace_table --write docs/simulator.md

# What each shipped variant breaks; the table in docs/variants.md. By hand: some minutes.
variants: $(VENV)/.installed
	$(BIN)/speccheck variants --method check --method prove --method hunt --format markdown --out docs/variants.md

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) var build *.egg-info impl/*.egg-info
