# make install | install-locked | demo | test | test-newest | test-all | test-engines | fuzz | sanitize | lint | fix | docs | notebooks | wheels | constraints | lock | clean
PYTHON ?= $(firstword $(shell command -v python3.11 python3))
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := setup.py polybases longnn experiments hydra_plugins examples benchmarks tests notebooks website

.PHONY: install install-locked demo test test-newest test-all test-engines fuzz sanitize lint fix docs notebooks wheels constraints lock clean

install: $(STAMP)

$(STAMP): setup.cfg pyproject.toml constraints.txt polybases/setup.cfg polybases/pyproject.toml $(wildcard longnn/operators/native/*.h longnn/operators/native/*.cc)
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: install it, or name yours with make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ./polybases --editable ".[test]"
	$(BIN)/longnn build
	@touch $(STAMP)

# The same for "test" and "engines", from files with the sha256 of requirements-ci.txt alone. What a
# package is built with is one of these files too: setuptools, which therefore comes first.
LOCKED := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation
install-locked:
	$(PYTHON) -m venv --clear $(VENV)
	sed -n '/^setuptools==/,/[^\\]$$/p' requirements-ci.txt > $(VENV)/first.txt
	$(LOCKED) --require-hashes --requirement $(VENV)/first.txt
	$(LOCKED) --require-hashes --requirement requirements-ci.txt
	$(LOCKED) --editable ./polybases --editable .
	$(BIN)/python -m pip check
	$(BIN)/longnn build
	@touch $(STAMP)

demo: install
	$(BIN)/longnn train --multirun model=longnn,mlp force=true hydra.sweep.dir=runs/demo
	@echo
	@$(BIN)/longnn report runs/demo

lint: install
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

# A selection that touches every module, in about eleven minutes on two cores.
TEST_OPTIONS ?=
PYTEST := python -m pytest --numprocesses 2 --max-worker-restart 0 --dist loadfile --durations 20
test: lint
	$(BIN)/$(PYTEST) -m "not slow" $(TEST_OPTIONS)

# The same selection with the newest packages that the requirements admit, in an environment made
# anew, on Python 3.13 or newer: that of PATH or of pyenv. Deprecation warnings are errors in the
# programs that the tests start, too.
NEWEST ?= $(firstword $(shell for python in python3.13 python3 "$$(pyenv prefix 3.13 2> /dev/null)/bin/python" "$$HOME"/.pyenv/versions/3.13*/bin/python; do "$$python" -c $(IS_NEWEST) 2> /dev/null && echo "$$python"; done))
NEWEST_VENV ?= build/newest
IS_NEWEST := 'import sys; sys.exit(sys.version_info < (3, 13))'
VERSIONS := 'import importlib.metadata as m, os, sys; print(f"Python {sys.version.split()[0]} ({os.path.realpath(sys.executable)}):", *(f"{name} {m.version(name)}" for name in sys.argv[1:]))'
test-newest:
	@"$(NEWEST)" -c $(IS_NEWEST) 2> /dev/null || { echo "make test-newest needs Python 3.13 or newer: install it as python3.13, or name yours with make test-newest NEWEST=/path/to/python"; exit 1; }
	"$(NEWEST)" -m venv --clear $(NEWEST_VENV)
	$(NEWEST_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ./polybases --editable ".[test]"
	$(NEWEST_VENV)/bin/longnn build
	@$(NEWEST_VENV)/bin/python -c $(VERSIONS) jax jaxlib flax optax numpy scipy hydra-core
	PYTHONWARNINGS=error::DeprecationWarning $(NEWEST_VENV)/bin/$(PYTEST) -m "not slow" $(TEST_OPTIONS)

# Every test.
test-all: lint
	$(BIN)/$(PYTEST) $(TEST_OPTIONS)

# The sweeps on real SLURM, PostgreSQL and Ray, which the tests start and end themselves. The other
# targets leave these tests out. What is missing is named, and is a failure.
test-engines: lint
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "longnn[engines]"
	$(BIN)/python -m tests.engines
	LONGNN_ENGINES=1 $(BIN)/$(PYTEST) tests/engines $(TEST_OPTIONS)

# Loaders against files damaged at random, CASES of each format: make fuzz CASES=20000 FORMATS=ogb
CASES ?= 1000
fuzz: install
	$(BIN)/python -m tests.fuzz --cases $(CASES) --together 20 $(FORMATS)

# The tests of the kernels with address and undefined-behaviour sanitizers in them.
sanitize: install
	LONGNN_SANITIZE=1 $(BIN)/python -m pytest tests/longnn/operators/test_variants.py $(TEST_OPTIONS)

fix: install
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

# The site, in a folder for this version beside those of others. A warning is an error.
docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --site-dir build/docs
	@echo "open build/docs/index.html"

# Run and saved again, all of them.
notebooks: install
	$(BIN)/python -m notebooks.execute

# Wheel and source distribution of both, into dist/. Each build starts from an empty folder. The
# wheel of longnn holds the kernels for every kind of processor of this architecture (manylinux).
DIST := import os, sys, setuptools.build_meta as b; _, source, dist = sys.argv; os.chdir(source); b.build_wheel(dist); b.build_sdist(dist)
wheels: install
	rm -rf dist
	$(BIN)/python -c '$(DIST)' polybases "$(CURDIR)/dist" > /dev/null
	LONGNN_KERNELS=1 LDFLAGS=-s $(BIN)/python -c '$(DIST)' . "$(CURDIR)/dist" > /dev/null
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair --wheel-dir dist dist/longnn-*-linux_*.whl
	rm -rf dist/longnn-*-linux_*.whl build/lib build/bdist.* polybases/build
	@ls dist

# The newest versions that the requirements of both distributions admit, written down.
constraints:
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/python -m pip install --quiet --editable ./polybases --editable ".[test,engines]"
	(sed -n '/^#/p' constraints.txt; build/constraints/bin/python -m pip list --format=freeze --exclude-editable | grep -viE '^pip==') > build/new.txt
	mv build/new.txt constraints.txt && rm -rf build/constraints
	$(MAKE) lock

# The versions of constraints.txt, with the sha256 of every file of these releases.
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	build/lock/bin/uv pip compile --quiet --no-deps --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file build/lock.txt constraints.txt
	mv build/lock.txt requirements-ci.txt && rm -rf build/lock

clean:
	rm -rf $(VENV) build dist *.egg-info polybases/build polybases/*.egg-info .mypy_cache .pytest_cache .ruff_cache
