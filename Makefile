# Two commands do most: `make demo` shows the service at work, `make test` checks everything.

# Where rustup puts cargo, for shells that have not been opened since.
export PATH := $(PATH):$(HOME)/.cargo/bin

# A folder that already holds model files, to take them from by their hash: make demo MIRROR=DIR
MIRROR ?=
# Set to test without fetching the models: make test OFFLINE=1
OFFLINE ?=
# What `make serve` serves, and where.
LISTEN ?= 127.0.0.1:8080
DATA ?= data/demo
RULES ?= scoring-rules/match-only.json
# What `make bench` measures, and how: nothing for everything.
BENCH ?=
# Which parts of `make soak` are run (nothing for all of them), and how many inputs each target of the fuzzer gets.
SOAK ?=
RUNS ?= 200000

RELEASE := target/release/likeness
DEBUG := target/debug/likeness
PULL := models pull $(if $(MIRROR),--mirror "$(MIRROR)")

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help deny sbom demo serve test setup setup-test release models test-build test-models test-browser format lint docs rust-tests script-tests bench soak fuzz

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: release models ## Install what is missing, build, fetch the models, judge the samples over HTTP
	@python3 scripts/demo.py --binary $(RELEASE)

serve: release models ## Run the service on LISTEN with DATA and RULES
	LIKENESS_RULES="$(RULES)" $(RELEASE) serve --listen "$(LISTEN)" --data "$(DATA)"

test: setup-test format deny test-build test-models test-browser lint docs rust-tests script-tests ## Install what is missing and run the whole test suite
	@echo "make test: all passed" >&2

# Not a part of `make test`: no test knows a time.
bench: release models ## Measure against the goals of docs/performance.md: BENCH="embed search --quick" for some of it
	@python3 -B benches/run.py $(BENCH)

# The tests of `make test` at full count, on the optimised program. Nothing else should run on the machine meanwhile.
soak: setup-test release models test-build ## Try to break it, at full count: SOAK="crash corpus" for some of it; docs/reliability.md
	@scripts/soak.sh $(RELEASE) $(RUNS) $(SOAK)

fuzz: setup ## Feed whatever reads foreign bytes with RUNS made-up inputs each
	@scripts/fuzz.sh $(RUNS)

setup: ## Install what is missing
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh test

release: setup
	cargo build --release --locked

models: release
	$(RELEASE) $(PULL)

# Building the tests builds the program too, with the same dependencies; `cargo build` would build some a second time.
test-build:
	cargo test --workspace --locked --no-run

test-models: test-build
ifeq ($(OFFLINE),)
	@$(DEBUG) $(PULL) || \
		{ echo "make test: the models are not all here: fetch them, or run 'make test OFFLINE=1' to skip the tests that need them" >&2; exit 1; }
endif

# What the tests hold the console's pages against; kept once it is there.
test-browser: setup-test
ifeq ($(OFFLINE),)
	@scripts/axe.sh
endif

format:
	cargo fmt --all --check

deny: ## Hold the dependencies to deny.toml: bans, licences, sources, advisories
ifeq ($(OFFLINE),)
	@scripts/deny.sh
else
	@echo "make: deny.toml was not looked at, because OFFLINE is set" >&2
endif

sbom: ## Write the bill of materials of the program, CycloneDX in JSON, to target/likeness.cdx.json
	@python3 -B scripts/sbom.py target/likeness.cdx.json

lint:
	cargo clippy --workspace --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# On both databases: PostgreSQL runs while the tests do.
rust-tests: setup-test
	$(if $(OFFLINE),,LIKENESS_TEST_BROWSER=required )OFFLINE=$(OFFLINE) scripts/postgres.sh cargo test --workspace --locked

script-tests:
	python3 -B -m unittest discover -s scripts/tests -t scripts
