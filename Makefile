# What a person, CI and Jenkins call. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# What has failed half-way is made again.
.DELETE_ON_ERROR:
.PHONY: help setup web build up reset audit images image-binaries test lab lint advisories sbom fmt check e2e fuzz-matches test-attack test-build test-collector test-pooler test-streams \
	bench microbench model performance profile screenshots lighthouse sqlx chart chart-docs chart-schemas monitoring monitoring-live dashboards cluster-test cluster-bench clean

TOOLS := target/tools
DENY_VERSION := 0.20.2
MACHETE_VERSION := 0.9.2
SQLX_VERSION := 0.9.0
CYCLONEDX_VERSION := 0.5.9
# What counts instructions has to be of the version that the benchmarks are built with.
GUNGRAUN_VERSION := $(shell sed -n '/^name = "gungraun-runner"/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock)
include deploy/images/tools.sh
# Queries are checked against the committed .sqlx/ folders; `make sqlx` renews them from a real database.
export SQLX_OFFLINE ?= true
BROWSER := web/browser/node_modules/.package-lock.json
NODE_MODULES := tools/node_modules/.package-lock.json web/node_modules/.package-lock.json $(BROWSER)
# Folders too, which change when a file in them goes.
WEB_SOURCES := $(shell find web/src web/public) docs/openapi.json web/index.html web/package.json web/tsconfig.json \
	web/vite.config.ts web/scripts/api-types.mjs web/scripts/bundle-size.mjs web/scripts/precompress.mjs
# For images: their tag, what stands before their names, whether they are compiled in containers, by which builder, and which.
TAG ?= dev
REPOSITORY ?= docker.io/loljoa
BUILD ?= compile
BUILDER ?=
IMAGES ?=
# For the fuzzer: what to repeat, and how long it is.
SEED ?=
STEPS ?=
# For the load lab: which scenarios, such as SCENARIO="hot-market burst".
SCENARIO ?=
# Which results the document is made of.
RESULTS ?= target/bench/results.json $(wildcard target/bench/long.json)
# Where `bench` writes: a long load takes half an hour, and is kept beside all else.
BENCH = $(if $(filter long,$(SCENARIO)),long,results)
# Whose time is looked at: gateway, betting or account.
SERVICE ?= gateway
# Options of `loljoa up`, such as ARGS="--processes --listen 127.0.0.1:9000", or of `loljoa-bench run` and `profile`.
ARGS ?=

help: ## List the targets
	@echo "LOL.JOA: points betting on League of Legends matches"; echo
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo; echo 'Options of `loljoa up` go into ARGS: make up ARGS="--processes --listen 127.0.0.1:9000"'

setup: ## Install what this machine lacks (PostgreSQL, a C compiler), and say so
	@scripts/setup.sh

web: web/dist/index.html ## Build the web app, which `loljoa-web` and the gateway then carry

# Built again only when something that it is made of has changed: the gateway that carries it is then compiled anew.
web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES) | setup
	npm run build --prefix web --silent
	@touch $@

build: setup web ## Build everything in release mode; needs no database
	cargo build --release --locked -p loljoa

up: build ## Run LOL.JOA on this machine, replaying LCK 2022 Spring
	@exec target/release/loljoa up $(ARGS)

reset: build ## Forget the data of `make up`
	@exec target/release/loljoa reset $(ARGS)

audit: build ## Rebuild every balance and pool from transfers and bets, and show differences
	@exec target/release/loljoa audit $(ARGS)

images: ## Build the container images with docker, podman or buildah (TAG=…, BUILD=prebuilt, IMAGES="web …")
	@TAG="$(TAG)" REPOSITORY="$(REPOSITORY)" BUILD="$(BUILD)" BUILDER="$(BUILDER)" IMAGES="$(IMAGES)" deploy/images/build.sh

image-binaries: web $(TOOLS)/bin/cargo-auditable ## Compile what images hold, for BUILD=prebuilt, into target/images
	deploy/images/compile.sh target/images

test: web lint chart check ## Lint and every test, with all they need set up first

check: e2e monitoring-live $(TOOLS)/bin/cargo-deny ## Every test, on a private PostgreSQL that is gone afterwards, and in a real browser
	scripts/setup.sh pooler
	scripts/setup.sh contract
	scripts/test-advisories.sh
	npm test --prefix web --silent
	target/debug/private-postgres -- cargo test --locked --workspace

e2e: web test-build $(BROWSER) ## The web app in a real browser, on a system of its own
	scripts/setup.sh browser
	cd web/browser && LOLJOA_BIN=../../target/debug/loljoa node with-system.mjs npm run e2e --silent

model: ## Look at every order in which the steps of two bets can happen, and at each rule left out (part of check, without the figures)
	cargo run --release --locked --quiet -p loljoa-model

test-pooler: test-build ## The tests behind a real PgBouncer in transaction mode (part of check)
	scripts/setup.sh pooler
	target/debug/private-postgres -- cargo test --locked --workspace --test it --test system -- pooler

test-streams: test-build ## As many event streams as one gateway takes, over real sockets (300 of them in check)
	ulimit -n 16384 && LOLJOA_TEST_STREAMS=5000 target/debug/private-postgres -- cargo test --locked --workspace --test it -- many_streams

test-attack: build test-build ## Attack a release build while honest users bet, and print the figures (smaller in check)
	ulimit -n 16384 && LOLJOA_TEST_PROGRAM=$(CURDIR)/target/release/loljoa target/debug/private-postgres -- \
		cargo test --locked --workspace --test system -- attack:: --nocapture --test-threads 1

test-collector: test-build ## Which traces a real collector keeps (COLLECTOR=/path/to/otelcol-contrib; Jaeger 2 is one, too)
	scripts/setup.sh chart
	scripts/chart.sh collector
	$(COLLECTOR) validate --config target/chart/collector.yaml
	LOLJOA_COLLECTOR="$(COLLECTOR)" LOLJOA_COLLECTOR_CONFIG=$(CURDIR)/target/chart/collector.yaml target/debug/private-postgres -- \
		cargo test --locked --workspace --test system -- trace::tail --ignored --nocapture

fuzz-matches: test-build ## Change matches at random while bets are placed (SEED=…, STEPS=10000; fewer in check)
	LOLJOA_TEST_FUZZ_SEED="$(SEED)" LOLJOA_TEST_FUZZ_STEPS="$(or $(STEPS),10000)" target/debug/private-postgres -- \
		cargo test --locked --workspace --test system -- fuzz:: --nocapture --test-threads 1

# All that tests run, at once: built package by package, what they share would be compiled again with other features.
test-build: setup
	cargo test --locked --workspace --no-run

bench: setup web ## Measure LOL.JOA under load beside the designs it replaced (SCENARIO=hot-market, ARGS=…)
	cargo build --release --locked -p loljoa -p loljoa-loadtest
	ulimit -n 16384 && target/release/loljoa-bench run $(SCENARIO) --seconds 6 --replicas 1,2,4,8 --gateways 1,2,4 --accounts 1,2,4 \
		--json target/bench/$(BENCH).json --html target/bench/$(BENCH).html $(ARGS)

lab: setup web ## Make an experiment of 2022 again (EXPERIMENT=readiness, ARGS=…), into target/lab
	cargo build --release --locked -p loljoa -p loljoa-loadtest -p loljoa-lab
	ulimit -n 16384 && target/release/loljoa-lab $(or $(EXPERIMENT),readiness) --html target/lab/$(or $(EXPERIMENT),readiness).html $(ARGS)

microbench: setup web $(TOOLS)/bin/gungraun-runner ## Time, and count instructions of, the hot path's own work (payout, odds, batches, tokens, JSON)
	scripts/setup.sh microbench
	cargo bench --locked -p loljoa-betting -p loljoa-gateway --bench time -- --warm-up-time 0.5 --measurement-time 1 --sample-size 30
	GUNGRAUN_RUNNER=$(CURDIR)/$(TOOLS)/bin/gungraun-runner cargo bench --locked -p loljoa-betting -p loljoa-gateway --bench instructions -- \
		--output-format=json >target/instructions.jsonl
	@node scripts/microbench.mjs target/criterion target/instructions.jsonl

profile: setup web ## Look where a service's time goes under load (SERVICE=betting, SCENARIO=season, ARGS=…), into target/profile
	scripts/setup.sh profile
	RUSTFLAGS="-C force-frame-pointers=yes" cargo build --profile profiling --locked -p loljoa -p loljoa-loadtest
	ulimit -n 16384 && target/profiling/loljoa-bench profile $(or $(SCENARIO),hot-market) --service $(SERVICE) --out target/profile $(ARGS)

performance: setup ## Write docs/performance.md and its plots from what `make bench` has measured (RESULTS="one.json other.json")
	cargo build --release --locked -p loljoa-loadtest
	target/release/loljoa-bench report $(RESULTS) --document docs/performance.md

screenshots: build $(BROWSER) ## Renew the README's screenshots
	scripts/setup.sh browser
	cd web/browser && LOLJOA_BIN=../../target/release/loljoa node with-system.mjs npm run screenshots --silent

lighthouse: build $(BROWSER) ## Lighthouse's report on the home page, in web/reports
	scripts/setup.sh browser
	cd web/browser && LOLJOA_BIN=../../target/release/loljoa node with-system.mjs npm run lighthouse --silent

lint: setup $(TOOLS)/bin/cargo-deny $(TOOLS)/bin/cargo-machete $(NODE_MODULES) monitoring ## Formatting, clippy, rustdoc, contracts, dependencies, rules of Prometheus
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --quiet
	cd proto && ../tools/node_modules/.bin/buf lint
	$(TOOLS)/bin/cargo-deny --log-level error --locked check bans licenses sources
	$(TOOLS)/bin/cargo-machete
	scripts/advisories.sh
	npm run lint --prefix web --silent
	npm run lint --prefix web/browser --silent
	web/node_modules/.bin/prettier --config web/.prettierrc.json --check --log-level warn tools/monitoring 'tests/monitoring/*.mjs'

advisories: $(TOOLS)/bin/cargo-deny ## Known weaknesses in what we depend on (part of lint)
	scripts/advisories.sh

sbom: $(TOOLS)/bin/cargo-cyclonedx ## Bills of materials (CycloneDX) of the program and the web app, in target/sbom
	scripts/sbom.sh

chart: ## Everything of the Helm chart that can be proven without a cluster (part of test)
	scripts/setup.sh chart
	scripts/chart.sh

chart-docs: ## Renew the chart's README from its values
	scripts/setup.sh chart
	scripts/chart.sh docs

chart-schemas: ## Renew what rendered charts are checked against, from Kubernetes' and others' own documents
	cd tools/chart && go run ./schemas ../../helm/schemas

monitoring: tools/node_modules/.package-lock.json ## Prometheus' rules with their tests, and whether dashboards are what their code makes (part of lint)
	scripts/setup.sh monitoring
	scripts/monitoring.sh

monitoring-live: web test-build ## Ask a real Prometheus whatever dashboards and rules ask, about a system of its own (part of check)
	scripts/setup.sh monitoring
	LOLJOA_BIN=$(CURDIR)/target/debug/loljoa node tests/monitoring/live.mjs

dashboards: tools/node_modules/.package-lock.json ## Renew Grafana's dashboards from tools/monitoring
	node tools/monitoring/dashboards.mjs

cluster-test: ## Prove the chart on the cluster that KUBECONFIG points to, with images brought in by IMAGE_LOAD
	tests/cluster/run.sh

cluster-bench: ## Measure on that cluster what sidecars and ingress gateway cost, beside the same chart without them
	tests/cluster/run.sh bench

fmt: ## Format the code
	cargo fmt --all

sqlx: setup $(TOOLS)/bin/sqlx ## Renew the committed query checks (.sqlx/) from a real database
	cargo build --locked -p loljoa-private-postgres
	target/debug/private-postgres -- scripts/prepare-sqlx.sh

clean: ## Remove what was built
	cargo clean
	rm -rf tools/node_modules web/node_modules web/browser/node_modules web/dist

# npm's own note of what it has installed, written last. What is installed runs no scripts of its own.
$(NODE_MODULES): %/node_modules/.package-lock.json: %/package-lock.json | setup
	npm ci --ignore-scripts --prefix $* --silent
	@touch $@

$(TOOLS)/bin/cargo-deny:
	cargo install --quiet --locked --root $(TOOLS) --version $(DENY_VERSION) cargo-deny

$(TOOLS)/bin/cargo-machete:
	cargo install --quiet --locked --root $(TOOLS) --version $(MACHETE_VERSION) cargo-machete

$(TOOLS)/bin/gungraun-runner: Cargo.lock
	cargo install --quiet --locked --root $(TOOLS) --version $(GUNGRAUN_VERSION) gungraun-runner
	@touch $@

$(TOOLS)/bin/cargo-auditable:
	cargo install --quiet --locked --root $(TOOLS) --version $(AUDITABLE_VERSION) cargo-auditable

$(TOOLS)/bin/sqlx:
	cargo install --quiet --locked --root $(TOOLS) --version $(SQLX_VERSION) sqlx-cli --no-default-features --features postgres,sqlx-toml

$(TOOLS)/bin/cargo-cyclonedx:
	cargo install --quiet --locked --root $(TOOLS) --version $(CYCLONEDX_VERSION) cargo-cyclonedx
