# Every target does its own set-up; a bare machine needs python3, git and make only.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
PY := .venv/bin/python
NPM := $(PY) scripts/npm.py

.PHONY: help setup demo page test check bench clean faults faults-kill faults-issue credential-deep verify-deep reader-deep contracts-deep api-deep

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

setup: contracts/node_modules/.stamp hardhat-free-devchain/node_modules/.stamp tests/interop/node_modules/.stamp registry/api/static/vendor/.stamp tests/browser/node_modules/.stamp ## everything the other targets need

$(UV):
	@python3 -m venv .tools/uv || { echo "setup: python3 cannot make a virtual environment (on Debian: apt-get install python3-venv)"; rm -rf .tools/uv; exit 1; }
	@.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  || { echo "setup: uv $(UV_VERSION) could not be fetched from PyPI; check the network or the pip index"; rm -rf .tools/uv; exit 1; }

# Bytecode is written once, here: where nobody may write it later, every command would compile all that it imports.
.venv/.stamp: $(UV) pyproject.toml hardhat-free-devchain/pyproject.toml uv.lock
	@$(UV) sync --quiet --locked --all-packages --compile-bytecode \
	  || { echo "setup: the Python packages in uv.lock could not be installed (uv sync); see the lines above"; exit 1; }
	@touch $@

# Without anvil the chain falls back to py-evm, so a failure here is said and is not fatal.
hardhat-free-devchain/node_modules/.stamp: .venv/.stamp hardhat-free-devchain/package-lock.json
	@$(NPM) hardhat-free-devchain || echo "setup: anvil could not be installed from npm; the embedded py-evm engine is used instead"
	@mkdir -p $(@D) && touch $@

contracts/node_modules/.stamp: .venv/.stamp contracts/package-lock.json
	@$(NPM) contracts || echo "setup: solc and forge could not be installed from npm; what needs them is skipped aloud"
	@mkdir -p $(@D) && touch $@

# Other people's verifiers, for tests only.
tests/interop/node_modules/.stamp: .venv/.stamp tests/interop/package-lock.json
	@$(NPM) tests/interop || echo "setup: jsonld-signatures could not be installed from npm; its tests are skipped aloud"
	@mkdir -p $(@D) && touch $@

# What the verification page runs in browsers, copied to registry/api/static/vendor; and a Chromium to test it with.
registry/api/static/vendor/.stamp: .venv/.stamp scripts/page/package-lock.json scripts/build_page.py
	@$(NPM) scripts/page && $(PY) scripts/build_page.py && touch $@ \
	  || echo "setup: the page's libraries could not be installed from npm; its tests are skipped aloud"

tests/browser/node_modules/.stamp: .venv/.stamp tests/browser/package-lock.json
	@$(NPM) tests/browser || echo "setup: Chromium could not be installed from npm; the page's tests are skipped aloud"
	@mkdir -p $(@D) && touch $@

page: registry/api/static/vendor/.stamp ## the libraries of the verification page, for `hallmark serve`

FORGE := $(firstword $(wildcard contracts/node_modules/@foundry-rs/forge-*/bin/forge) forge)

demo: hardhat-free-devchain/node_modules/.stamp registry/api/static/vendor/.stamp ## the whole story on an embedded chain and SQLite
	@$(PY) scripts/demo.py $(DEMO)

check: setup ## format, lint, types, import direction, contract format
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo | tail -n 4
	@if command -v $(FORGE) >/dev/null; then cd contracts && $(abspath $(FORGE)) fmt --check src test && echo "forge fmt: clean"; \
	  else echo "SKIPPED: forge fmt (forge could not be installed from npm)"; fi

test: check ## everything that needs no extra machine
	$(PY) -m pytest -n auto --dist worksteal $(PYTEST)

credential-deep: .venv/.stamp ## our reader and rules against others' on N=1000000 random texts and 10,000 badges
	$(PY) tests/property/deep_credential.py --documents $(or $(N),1000000) $(DEEP)

reader-deep: setup ## coverage-guided inputs (atheris) for readers, verdicts, bundles and carriers, N=180 seconds each
	@$(UV) run --quiet --locked --all-packages --group fuzz python tests/property/deep_fuzz.py --seconds $(or $(N),180) $(DEEP)

api-deep: setup ## N=20000 requests that Schemathesis makes from the OpenAPI document, against a served registry
	$(PY) tests/property/deep_api.py --requests $(or $(N),20000) $(DEEP)

verify-deep: setup ## N=1000000 mutants of valid credentials, none accepted, 84 bugs planted in the verifier and before it, all noticed; then reader-deep
	$(PY) tests/property/deep_verify.py --count $(or $(N),1000000) $(DEEP)
	$(PY) scripts/plant_bugs.py $(if $(SLICE),--slice $(SLICE))
	@$(MAKE) --no-print-directory reader-deep N=180 DEEP=

contracts-deep: setup ## slither, halmos, 250,000 and more invariant calls, and mutants of the contracts (SLICE=1/8 for a part)
	$(PY) scripts/prove_contracts.py
	$(PY) scripts/fuzz_contracts.py
	CONTRACT_EXAMPLES=300 HYPOTHESIS_PROFILE=explore $(PY) -m pytest --timeout 3600 tests/contracts/test_contract_and_fold.py
	$(PY) scripts/mutate_contracts.py $(if $(SLICE),--slice $(SLICE))

clean: ## remove what the targets made
	rm -rf build .venv .tools contracts/node_modules hardhat-free-devchain/node_modules tests/interop/node_modules scripts/page/node_modules tests/browser/node_modules registry/api/static/vendor contracts/out contracts/cache

BENCHES := $(sort $(patsubst tests/bench/bench_%.py,bench-%,$(wildcard tests/bench/bench_*.py)))

bench: $(BENCHES) ## all benches; each prints a table and writes build/bench/NAME.json

bench-%: setup
	@$(PY) -m compileall -q registry
	$(PY) tests/bench/bench_$*.py $(BENCH)

faults: setup ## N=500 seeded faults against the indexer, a table by kind (FAULTS="--postgres --first-seed 1")
	$(PY) tests/faults/campaign.py --count $(or $(N),500) $(FAULTS)

faults-issue: setup ## kill -9, ENOSPC and EIO at every write of an issuing run (needs strace)
	$(PY) tests/faults/issuing.py $(FAULTS)

faults-kill: setup ## kill -9 at every write to SQLite and every message to PostgreSQL (needs strace)
	$(PY) tests/faults/processes.py $(FAULTS)
