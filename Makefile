PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYWB := .venv-pywb
OTHERS := .venv-bench
SHARED ?= ../shared
SAMPLE ?= $(SHARED)/sample
BENCH_PAGES ?= 5000

# What is imported is compiled once, and not at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo venv pywb replay docs test test-heavy test-all explore check lint types mutants sample bench bench-others lock clean

# Wheels only, so that nothing is compiled; bagit and surt have none, and are Python alone.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -q --require-hashes --only-binary :all: --no-binary bagit,surt

$(VENV)/.run: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the recovery needs into $(VENV), once: a minute or two."
	@$(INSTALL) -r requirements.txt
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . >$(VENV)/install.log 2>&1 || (cat $(VENV)/install.log; exit 1)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing what the tests need into $(VENV), once: a minute or two."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

$(PYWB)/.done: requirements-pywb.txt
	@test -x $(PYWB)/bin/python || $(PYTHON) -m venv $(PYWB)
	$(PYWB)/bin/python -m pip install --disable-pip-version-check -q --require-hashes -r requirements-pywb.txt
	@touch $@

# What the commands need, in .venv.
venv: $(VENV)/.run

# Real pywb and Webrecorder's validator, which the heavy tests judge by.
pywb: $(PYWB)/.done

# ReplayWeb.page's component as npm has it, for the tests that replay. `browse` compares its digest before anything of it is used.
REPLAY := .replay/replaywebpage-2.5.3.tgz
$(REPLAY):
	@mkdir -p $(@D)
	cd $(@D) && npm pack --silent replaywebpage@2.5.3

replay: $(REPLAY)

# The main job against the bundled archive of invented articles, on loopback; see README.
demo: $(VENV)/.run
	@$(BIN)/python -m tests.demo

# In as many processes as there are cores; what a module sets up for its tests is set up once.
PYTEST := $(BIN)/python -m pytest
SIDE_BY_SIDE := -n auto --dist loadscope

# The fast tests: about a minute. What is ignored has heavy ones only, and takes long to import.
test: $(VENV)/.dev
	$(PYTEST) -m "not heavy" --ignore tests/browser --ignore tests/heavy $(SIDE_BY_SIDE)

# The others: storms, kill and resume, fuzzing; in the order of tests/conftest.py. What measures runs alone.
test-heavy: $(VENV)/.dev $(PYWB)/.done
	$(PYTEST) -m "heavy and not alone" $(SIDE_BY_SIDE) --no-loadscope-reorder
	$(PYTEST) -m alone

# The tables in the documents that are made from tables in the code.
docs: $(VENV)/.dev
	$(BIN)/python -m tests.generated

# Property tests on new examples, MINUTES long; SEED=N for the same ones again. What it finds is a case to keep.
MINUTES ?= 3
explore: $(VENV)/.dev
	@$(BIN)/python -m tests.explore --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# All of them.
test-all: test test-heavy

check: lint types

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

# A check of the tests: of MUTANTS small changes of the code, by chance but by SEED the same ones, how many the fast tests notice; and
# those that they do not. An hour or more, in copies of the tree, two at a time and with low priority.
SEED ?= 1
MUTANTS ?= 300
mutants: $(VENV)/.dev
	@$(BIN)/python -m tests.mutants --seed $(SEED) --mutants $(MUTANTS)

# The 160 real articles of $(SHARED), crawled from the stand-in with their troubles acted out, then judged.
sample: $(VENV)/.dev
	$(BIN)/python -m tests.sample $(SAMPLE)

# Everything about speed in one run; BENCH_PAGES=49000 for as many pages as the whole site has.
bench: $(VENV)/.run
	@$(BIN)/python -m tests.bench --pages $(BENCH_PAGES) --sample $(SAMPLE)

# General extractors that the bench compares with. Without dependencies, because the file pins them all, and older pips stumble over
# its `html-clean`, which some packages call `html_clean`.
$(OTHERS)/.done: requirements-bench.txt
	@test -x $(OTHERS)/bin/python || $(PYTHON) -m venv $(OTHERS)
	$(OTHERS)/bin/python -m pip install --disable-pip-version-check -q --no-deps --require-hashes -r requirements-bench.txt
	@touch $@

bench-others: $(OTHERS)/.done

# For maintainers: pins with hashes, without the address of any registry. Needs uv on the PATH.
lock:
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' requirements.in -o requirements.txt
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -c requirements.txt requirements-remote.in -o requirements-remote.txt
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -c requirements.txt -c requirements-remote.txt requirements-cluster.in -o requirements-cluster.txt
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' requirements-dev.in -o requirements-dev.txt
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' requirements-pywb.in -o requirements-pywb.txt
	uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' requirements-bench.in -o requirements-bench.txt

clean:
	rm -rf $(VENV) $(PYWB) $(OTHERS) .replay .pytest_cache .mypy_cache .ruff_cache .hypothesis output/demo
