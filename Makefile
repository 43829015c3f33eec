# Everything one needs to know is printed by `make help`. Each target installs what it lacks, and says so.

PORT ?= 8080

module := pkg/wasm/embedded.js
built := pkg/wasm/core.js

.PHONY: help bench demo test pkg size matrix docs lint figures soak coherence test-native test-core test-server test-simulation test-web test-pkg test-size test-adapters test-matrix test-e2e

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done

demo: ## builds and starts the demo; the address to open is printed (PORT=8080)
	@scripts/demo --port $(PORT)

test: ## all tests, as CI runs them, and what they counted
	@scripts/test lint test-native test-simulation pkg test-pkg test-size test-matrix test-web test-adapters test-e2e

figures: ## what they counted, once more
	@scripts/figures

pkg: ## the npm package, ready for `npm pack ./pkg`
	@scripts/build-pkg

size: $(built) ## what a bundle that uses the whole API weighs, beside the peers'
	@scripts/setup peers && scripts/size

matrix: $(built) ## the package in its users' bundlers and frameworks, all of them
	@scripts/matrix

$(built): $(module) $(wildcard pkg/*.js) scripts/core.mjs
	@scripts/setup node-modules && node scripts/core.mjs

$(module): Cargo.toml Cargo.lock LICENSE examples/words.rs $(shell find src -name '*.rs') $(addprefix scripts/,build-pkg words embed.mjs glue.mjs glue-runtime.js wasm.mjs)
	@scripts/build-pkg

docs: ## writes docs/api from the package's types
	@scripts/docs

lint: ## format, clippy on both halves, documentation
	@scripts/lint

test-native: ## test-core and test-server in one go
	@scripts/setup rust && cargo test --workspace

test-core: ## the core: units, properties, simulation, examples
	@scripts/setup rust && cargo test --package tokenkeeper

test-server: ## the demo's servers
	@scripts/setup rust && cargo test --package demo-server

test-simulation: ## 100,000 seeds, each rule broken once, small worlds completely
	@scripts/setup rust && cargo test --release --features breakable-rules --test simulation

test-web: ## the shell, in headless Chromium, Firefox and WebKit
	@scripts/test-web

test-pkg: $(built) ## the tarball: its files, its exports, its types under each resolution
	@scripts/check-pkg

test-size: $(built) ## the size, and that it keeps to the budget
	@scripts/size --check

test-adapters: $(built) ## the entries for React, Vue, axios and tests, and the recipes
	@scripts/setup chromium node-modules adapters && scripts/with-tools node --test --test-reporter=spec tests/adapters/*.test.mjs

test-matrix: $(built) ## the matrix, as far as it is quick
	@scripts/matrix --fast

test-e2e: $(built) ## whole scenarios: browser, package and servers
	@scripts/setup chromium && scripts/with-tools node tests/e2e/run.mjs

bench: $(built) ## the speed, beside peers; writes the README's table (5 minutes, best on a quiet machine)
	@scripts/bench

soak: $(built) ## five tabs under random faults (SOAK_MINUTES=10)
	@scripts/setup chromium && scripts/with-tools node tests/e2e/soak.mjs

coherence: ## which engines show a write late though a lock was passed on
	@scripts/setup chromium firefox webkit && scripts/with-tools node tests/e2e/coherence.mjs
