# The only door: `make` lists what it opens. It needs GNU make and Python 3.11 or newer, nothing else.

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick fmt lint types imports docs examples bench clean

BIN := .venv/bin
# One thread a process: as many processes as there are processors keep them busy already.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 8
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

help: ## list the doors
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

setup: .venv/.stamp-dev ## install what the project and its checks need into .venv
demo: .venv/.stamp-run ## the main job on built-in data, and where its report is
	@$(BIN)/earmark demo -o runs/demo

test: lint types imports docs ## every check
	@$(PYTEST)
quick: lint ## the checks that take less than a minute together
	@$(PYTEST) -m "not slow" -q -x
fmt: .venv/.stamp-dev ## put the code into shape
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format
lint: .venv/.stamp-dev ## ruff: every rule but the ones argued away in pyproject.toml
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
types: .venv/.stamp-dev ## mypy, strict
	@$(BIN)/mypy
imports: .venv/.stamp-dev ## the floors of the house: who may import whom
	@$(BIN)/lint-imports --no-logo

# The lessons are run here, for their pictures, with their warnings as errors: so `make test` does not run `make examples` as
# well. A lesson that has been drawn is drawn again only when its script changes; `make clean docs` draws all. Several run
# at a time, one thread each.
docs: .venv/.stamp-dev ## run the lessons and build docs/_build/html/index.html, every warning an error
	@OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -n -W -q docs docs/_build/html
# As a reader runs them, each in a process of its own, whatever was drawn before. No window is opened: plt.show() says so.
examples: .venv/.stamp-dev ## run every lesson in examples/ as the script that it is
	@for script in $(sort $(wildcard examples/*.py)); do \
	  echo "$$script" && MPLBACKEND=agg $(BIN)/python -W "ignore:FigureCanvasAgg:UserWarning" "$$script" || exit; done
bench: .venv/.stamp-dev ## the benchmarks that need no data: waiting times, training steps, features, the store
	@$(BIN)/python benchmarks/startup.py
	@$(BIN)/python benchmarks/train_step.py
	@$(BIN)/python benchmarks/networks.py
	@$(BIN)/python benchmarks/features.py --loop-tracks 60 --repeats 5
	@$(BIN)/python benchmarks/features.py --tracks 200 --loop-tracks 2 --repeats 1 --memory-tracks 2000
	@$(BIN)/python benchmarks/store.py
	@$(BIN)/python benchmarks/audit.py --scale
clean: ## remove what was built; .venv and runs/ stay
	rm -rf build dist docs/_build docs/auto_examples docs/sg_execution_times.rst .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# ---------------------------------------------------------------- the environment
# A stamp is written when its installation is complete: one that was cut off is done again, a complete one never.

# An environment holds the path that it was made at: none yet, half of one, or one from elsewhere is made anew.
ifneq ($(shell test -e .venv/.stamp-run && cat .venv/.made-at),$(CURDIR))
.venv/.stamp-run: fresh-environment
endif

.venv/.stamp-run: pyproject.toml constraints.txt
	@echo "installing what earmark needs into .venv (once)"
	@$(INSTALL) -e .
	@touch $@

# librosa compiles its inner loops when it is first imported. Two processes that do so at once can leave a broken cache
# behind, and every later import crashes; so one process does it here, before the tests run in several.
.venv/.stamp-dev: .venv/.stamp-run
	@echo "installing what the checks need into .venv (once)"
	@$(INSTALL) -e '.[dev]'
	@$(BIN)/python -c "import librosa; librosa.piptrack, librosa.zero_crossings, librosa.util.localmax"
	@touch $@

# Tried in this order; `make PYTHON=/path/to/python3.12` names another. A name can be there and yet not run (pyenv).
.PHONY: fresh-environment
fresh-environment:
	@set -- "$(PYTHON)"; test -n "$$1" || set -- python3 python3.13 python3.12 python3.11 python; \
	for python; do \
	  if "$$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    "$$python" -m venv --clear .venv && printf '%s\n' '$(CURDIR)' > .venv/.made-at; exit; \
	  fi; \
	done; \
	echo "earmark needs Python 3.11 or newer with its venv module (Debian: apt install python3-venv)." >&2; \
	echo "These were tried and are older, incomplete, or not there:" >&2; \
	for python; do echo "  $$python: $$("$$python" --version 2>&1 | head -n 1)" >&2; done; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
	exit 1
