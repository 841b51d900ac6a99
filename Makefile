# Two commands for newcomers: `make run` and `make test`. The others are for developers.
PYTHON ?= /usr/bin/python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find src -name '*.py' -o -name '*.po')

.PHONY: run test fuzz lint bench docs pyz sweep soak rebuild conformance clean

run: $(VENV)/.run
	$(BIN)/gosteward doctor || [ $$? -le 3 ]

test: $(VENV)/.test dist/gosteward.pyz
	$(PYTHON) tools/test_prerequisites.py
	tests/lab/lab.py image
	GOSTEWARD_TEST_GOROOT=$$(tests/lab/lab.py where)/usr/local/go $(BIN)/python -m pytest -n auto --dist worksteal
	$(BIN)/python tools/other_pythons.py
	tests/lab/selftest/selftest.py
	tests/lab/lab.py run --tool dist/gosteward.pyz --repaired 95

# make fuzz [SECONDS=60] [TARGETS="go-mod crontab"]
SECONDS ?= 60
fuzz: $(VENV)/.fuzz
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS) $(TARGETS)

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# make sweep [EVERY=1] [OF_COMMANDS=1] [OF_INGESTS=1]: every fault of the fault sweeps, over repair and undo, over the commands that install,
# and over what a module proxy takes in; `make test` has a few of them.
EVERY ?= 1
OF_COMMANDS ?= $(EVERY)
OF_INGESTS ?= $(EVERY)
sweep: $(VENV)/.test
	$(PYTHON) tools/test_prerequisites.py
	$(BIN)/python tests/repair/crash_sweep.py --every $(EVERY)
	$(BIN)/python tests/toolchains/crash_sweep.py --every $(OF_COMMANDS)
	$(BIN)/python tests/serve/ingest_sweep.py --every $(OF_INGESTS)

# make soak [MINUTES=10] [CLIENTS=64]: a module proxy with clients that do all that clients do, every byte compared; its memory, descriptors and threads.
MINUTES ?= 10
CLIENTS ?= 64
soak: $(VENV)/.test
	$(BIN)/python tests/serve/soak.py --minutes $(MINUTES) --clients $(CLIENTS)

# make conformance [SCRIPTS=1]: Go's own script tests of the go command, one in SCRIPTS of them, through the module proxy. All take five minutes of both cores.
SCRIPTS ?= 1
conformance: $(VENV)/.test
	tests/lab/lab.py image
	$(BIN)/python tests/proxy_conformance/run.py --goroot $$(tests/lab/lab.py where)/usr/local/go --every $(SCRIPTS) --sumdb --command \
		'$(CURDIR)/$(BIN)/gosteward proxy serve --upstream {upstream} --listen {listen} --store {directory}/store --list-ttl 0 --sumdb "{sumdb_key} {sumdb_url}"'

bench: $(VENV)/.test dist/gosteward.pyz
	$(BIN)/python bench/doctor.py
	$(BIN)/python bench/repair.py
	$(BIN)/python bench/toolchains.py
	$(BIN)/python bench/proxy.py

# make rebuild [VERSION=1.26.8]: a real release from its sources, by the real command: bit for bit the official one. A quarter of an hour.
VERSION ?= 1.26.8
rebuild: $(VENV)/.run
	$(BIN)/python tools/rebuild.py $(VERSION)

docs: $(VENV)/.docs
	$(BIN)/python tools/generated_docs.py

pyz: dist/gosteward.pyz

dist/gosteward.pyz: $(SOURCES) tools/pyz.py tools/pyz-requirements.txt pyproject.toml $(VENV)/.run
	$(BIN)/python tools/pyz.py $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.run: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test $(VENV)/.fuzz $(VENV)/.lint $(VENV)/.docs: $(VENV)/.%: pyproject.toml $(VENV)/.run
	$(BIN)/python -m pip install --quiet --group $*
	@touch $@

clean:
	rm -rf $(VENV) dist build .fuzz .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
