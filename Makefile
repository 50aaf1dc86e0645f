# `make demo` builds and starts a server with a demonstration account; `make test` runs every test.

CARGO ?= cargo
NPM ?= npm

.PHONY: demo build test lint openapi examples release-document try-api clients fuzz prove-kill bench bench-shop dashboard

demo: build
	$(CARGO) run --release --locked -p afsa -- demo

# The country database and the pages of the interactive reference come from npm packages; what only
# tests need is left out here.
build: node_modules/swagger-ui-dist/package.json
	$(CARGO) build --release --locked -p afsa

node_modules/swagger-ui-dist/package.json:
	$(NPM) ci --omit=dev --no-audit --no-fund --ignore-scripts

node_modules/.bin/spectral: package.json package-lock.json
	$(NPM) ci --no-audit --no-fund --ignore-scripts
	@touch $@

# Every test: formatting and lints, the crates' own, the borders between crates, the real binary.
test: node_modules/.bin/spectral
	./scripts/test

lint: node_modules/.bin/spectral
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) deny --log-level error check licenses bans sources
	./scripts/borders

# Writes openapi/afsa.json anew from the code.
openapi: node_modules/.bin/spectral
	$(CARGO) run -q -p afsa -- openapi > openapi/afsa.json.new
	mv openapi/afsa.json.new openapi/afsa.json

# Asks every operation of a small demonstration, and makes its answers the examples of the document.
examples: node_modules/.bin/spectral
	UPDATE=1 $(CARGO) test -q -p afsa --bin afsa recording
	$(MAKE) openapi

# Makes the document of today the one that later ones are compared with: at a release.
release-document:
	node tools/api/promise.mjs openapi/afsa.json > openapi/released.json

# The long form of what the tests prove in small: schemathesis with many cases for each operation,
# from another seed with AFSA_SEED=2.
try-api: node_modules/.bin/spectral
	$(CARGO) build -q -p afsa
	./scripts/schemathesis $${CARGO_TARGET_DIR:-target}/debug/afsa 200

# Generates clients in Python, TypeScript and PHP, and has each talk to a demonstration.
clients: node_modules/.bin/spectral
	$(CARGO) build -q -p afsa
	./scripts/clients $${CARGO_TARGET_DIR:-target}/debug/afsa

# Bundles the embedded dashboard anew from dashboard/.
dashboard: node_modules/.bin/spectral
	./scripts/dashboard

# A minute for each fuzz target.
fuzz:
	./scripts/fuzz 60

# The long form of what the tests prove in small: 500 kills under load.
prove-kill: build
	AFSA_KILLS=500 $(CARGO) test --release --locked -p afsa --test it kill -- --nocapture

# A generated year of ten million visits: import rate, dashboard times, memory, bytes a hit.
bench: build
	$(CARGO) run --release --locked -p afsa-bench -- --visits 10000000

# A year of a shop with a million orders of five products each: the reports of its first page.
bench-shop: build
	$(CARGO) run --release --locked -p afsa-bench -- --orders 1000000
