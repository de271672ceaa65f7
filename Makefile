# One place for every command. Everything is built into .venv; system packages come from apt where they are missing.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
HOST ?= 127.0.0.1
PORT ?= 8000
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# AWS's emulator of Lambda, which the suite runs our functions under.
RIE := .rie/aws-lambda-rie
NATIVE := $(shell find native src/pixelshift/_native -name '*.[ch]' -path 'native/*' -o -name '*.pyx' -o -name '*.pxd' 2>/dev/null)

.PHONY: serve test test-slow test-container cache-tests check check-static check-tests build emulators system format bench fuzz bench-instructions sanitize calibrate clean

serve: build ## Serve the sample pictures on http://127.0.0.1:8000
	$(PY) -m pixelshift serve --host $(HOST) --port $(PORT) --folder samples

test: build emulators $(RIE) ## The whole suite
	$(PY) -m pytest -n 2 -m "not slow and not container"

test-slow: build emulators ## What takes minutes: fuzzing, long property runs
	$(PY) -m pytest -m slow

cache-tests: build ## The public suite for HTTP caches against the service; PIN=1 writes improvements down
	$(PY) -m tests.cache_suite $(if $(PIN),--pin)

test-container: build $(RIE) ## The images: built and run without a Docker engine; installs what that takes, needs root
	@docker/apt-install docker/container-packages.txt
	tests/container/standin
	$(PY) -m pytest -m container --timeout=3600

check: build ## Format, lint, types, import floors, fast tests: side by side
	@$(MAKE) --no-print-directory --jobs=2 --output-sync check-static check-tests

check-static:
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	git ls-files 'native/*.[ch]' | xargs -r $(VENV)/bin/clang-format --dry-run --Werror

# Without what starts processes and waits for them: documents' examples, measurements of shares.
check-tests:
	$(PY) -m pytest -q -n 4 tests/unit -m "not slow" --timeout=60 --ignore=tests/unit/docs --ignore=tests/unit/tuning

sanitize: build ## The kernels under ASan and UBSan, by the C drivers in native/tests and the stored inputs of native/fuzz
	$(PY) -m pytest -q tests/native/test_sanitized_kernels.py tests/native/test_resample_stream.py \
		tests/native/test_fuzz_corpus.py

format: build
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .
	git ls-files 'native/*.[ch]' | xargs -r $(VENV)/bin/clang-format -i

bench: build ## Ratios against the competitors, as JSON and a table
	benchmarks/run

FUZZ ?= engine_jpeg
FUZZ_SECONDS ?= 600
fuzz: build ## Fuzz one of native/fuzz: make fuzz FUZZ=changepoint FUZZ_SECONDS=600
	@docker/apt-install native/fuzz/packages.txt
	native/fuzz/run $(FUZZ) $(FUZZ_SECONDS)

bench-instructions: build ## Instructions of each family of kernels against the stored counts (callgrind)
	docker/apt-install benchmarks/packages.txt
	$(PY) -m benchmarks.instructions

calibrate: build ## False alarms, delay and scores of the change-point detector, into docs/reference
	$(PY) -m benchmarks.detector.calibrate

build: $(VENV)/.built ## Kernels and package into .venv

emulators: $(VENV)/emulators/.installed ## Servers that the tests start: Kinesis, DynamoDB, the edge cache

$(VENV)/emulators/.installed: $(wildcard tests/emulators/*) $(VENV)/.installed
	PYTHON=$(PYTHON) NPM=$(VENV)/bin/npm tests/emulators/install $(VENV)/emulators
	@touch $@

system: ## System packages that the build needs, by apt where missing
	@docker/apt-install docker/build-packages.txt
	@docker/apt-install docker/packages.txt

$(VENV)/.installed: pyproject.toml requirements.txt
	@$(MAKE) --no-print-directory system
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.built: $(VENV)/.installed setup.py $(NATIVE)
	$(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(RIE): docker/rie.txt docker/fetch-rie | $(VENV)/.installed
	docker/fetch-rie $(PY) $@

clean:
	rm -rf build $(VENV) src/*.egg-info
	find src/pixelshift/_native -name '*.so' -delete -o -name '*.c' -delete
