# Every target does its own set-up: a fresh clone needs nothing but this file, Python 3.11+ and PyPI.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
LAVA := lava-nc==0.10.0
# -qq: errors still show, hints about indexes and newer versions of pip do not.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
NETX := build/netx/tiny.net

.PHONY: setup demo wheel test test-long quick prove conformance targets readers bench results fuzz kills check docs clean

setup: $(STAMP)

# Lava 0.10.0 declares Python < 3.11 and old versions of what it needs; it runs with ours (ARCHITECTURE.md).
$(STAMP): pyproject.toml constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "snnc needs Python 3.11 or newer, this is %s: make PYTHON=/path/to/python" % sys.version.split()[0])'
	@echo "setting up $(VENV), once: some minutes where PyTorch has to be downloaded"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "  1 of 3: snnc, and what it and its tests need, in the versions of constraints.txt"
	@$(PIP) --constraint constraints.txt --editable ".[dev,samples,lava,nir,onnx]"
	@echo "  2 of 3: $(LAVA), the engine of the target loihi"
	@$(PIP) --no-deps --ignore-requires-python $(LAVA)
	@echo "  3 of 3: the fast simulator, compiled"
	@$(BIN)/python -m snnc.sim.fast > /dev/null 2>&1 || echo "it could not be compiled: the first use does it, and takes some seconds longer"
	@touch $@

# Networks of lava-dl with what was recorded of them: 68 MB of PyPI, taken once.
$(NETX): $(STAMP)
	@$(BIN)/python -m samples.netx.fetch || echo "lava-dl's networks could not be downloaded: their tests are skipped"

demo: setup
	@$(BIN)/python -m samples.moving_digits.demo

# In dist/: the wheel, with kernels compiled ahead for x86-64, and the sources. build/lib would bring files that are gone.
wheel: setup
	@$(BIN)/python -m snnc.sim.fast
	@rm -rf build/lib
	$(BIN)/python -m build --wheel --sdist

# All but the timings on every core, with the kernels that make setup compiled; a class stays in one process, so that what it prepares is prepared once.
test: setup $(NETX)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadscope -m "not slow" --ignore tests/sim/test_speed.py
	$(BIN)/python -m pytest tests/sim/test_speed.py

# The rest: tests of more than 0.3 s (tests/long.txt) and what is marked slow: every conformance case in Lava and the emulators, every leaf of a payload changed, some hundred damaged files, the demo. CI runs both, of these what it begins within its time.
# With kernels for this very processor. BEGIN_WITHIN=1200 begins no test after so many seconds, and lists what it left out.
test-long: setup
	@$(BIN)/snnc warm-up
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadscope -m slow $(if $(BEGIN_WITHIN),--begin-within $(BEGIN_WITHIN) --no-loadscope-reorder)

# A first look, about a minute of two cores: graphs, passes, files, messages, the house's rules. Not instead of make test.
quick: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses auto --dist loadscope -m "not slow and not lava" tests/ir tests/files tests/messages tests/passes tests/api tests/test_layout.py tests/test_errors.py tests/test_stopping.py

# That every implementation of a neuron's step is the normative one: docs/one-step.md. Some minutes of one core.
prove: setup
	$(BIN)/python -m tests.prove --json build/prove.json

# Every case of the conformance suite on every installed target, with every engine that is installed.
conformance: setup
	$(BIN)/python -m snnc.conformance --json build/conformance.json

# A real network on every installed target: docs/targets.md.
targets: setup
	$(BIN)/python -m samples.targets

readers: setup
	$(BIN)/python -m samples.nir_readers.cases build/nir-readers/cases
	$(BIN)/python -m samples.nir_readers.readers build/nir-readers/cases --json docs/nir-readers.json --table docs/nir-readers.md

bench: setup
	$(BIN)/python -m benchmarks.speed

# Trains some sixty networks; docs/results.md says how long each part took. What is done, in build/results, is not done again. Speech needs: snnc targets install xylo.
results: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m samples.results

# Damaged files of every kind, a new seed each time: docs/reliability.md. FUZZ="--seed 7" for one of them again.
CASES ?= 2000
fuzz: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz --cases $(CASES) $(FUZZ)

KILLS ?= 200
kills: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.kills --kills $(KILLS) $(FUZZ)

check: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The documentation site, into build/site; its tools have an environment of their own.
DOCS := build/docs-venv
$(DOCS)/.set-up: pyproject.toml constraints.txt
	@test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	@$(DOCS)/bin/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable ".[docs]"
	@touch $@

# The tutorials are executed where snnc and the engines are, and again only where something that they depend on has changed.
# mkdocstrings looks for a folder of the package's name.
docs: setup $(DOCS)/.set-up
	@$(BIN)/python docs/site/run_tutorials.py
	@$(BIN)/python docs/site/parts.py
	@mkdir -p build/docs-source && ln -sfn ../../compiler build/docs-source/snnc
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict
	@echo "build/site/index.html"

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
