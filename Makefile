# The whole developer interface. Needs npm and make; everything else comes through npm.
SHELL := /bin/sh
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
INSTALLED := node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help start dev demo mock-llm test test-system check format openapi tables bench bench-upload bench-materials rehearse

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

start: $(INSTALLED) ## run everything here: API, worker, embedded PostgreSQL, files under .data/
	@exec node src/bin/course-supporter.js start

dev: $(INSTALLED) ## the same, restarted when a source file changes
	@exec node --watch --watch-preserve-output src/bin/course-supporter.js start

demo: $(INSTALLED) ## the whole product once on examples/ (MOCK=1: with a mock language model)
	@exec $(if $(MOCK),node test/fakes/llm/serve.ts) node src/bin/demo.ts

mock-llm: $(INSTALLED) ## a mock language model on this machine, until Ctrl-C
	@exec node test/fakes/llm/serve.ts

test: $(INSTALLED) ## the tests; needs no root, no Docker, no network
	@vitest run

test-system: $(INSTALLED) ## tests against nginx, Chromium, Redis, Swift, ffmpeg and poppler from Debian's packages (root)
	@test/system/install.sh
	@vitest run --config vitest.system.config.ts

bench: bench-upload bench-materials ## all measurements

bench-upload: $(INSTALLED) ## what uploads cost, beside others (MIB=1024 ROUNDS=3; Linux)
	@node bench/upload.ts --mib $(or $(MIB),1024) --rounds $(or $(ROUNDS),3)

bench-materials: $(INSTALLED) ## what reading materials takes (ROUNDS=3; Linux, ffmpeg)
	@node bench/materials.ts --rounds $(or $(ROUNDS),3)

rehearse: $(INSTALLED) ## deploys, failures, alarms, backup and restore, all of deploy/ on this machine (root, Debian 12, 20 minutes)
	@deploy/rehearse.sh

check: $(INSTALLED) ## types, lint, format, import rules, unused code, OpenAPI
	@test/check.sh

format: $(INSTALLED) ## put the code in its one form
	@biome check --write .

openapi: $(INSTALLED) ## write openapi.json anew
	@node src/bin/openapi.ts

tables: $(INSTALLED) ## write the types of the database's tables anew
	@node test/write-tables.ts

$(INSTALLED): package.json package-lock.json
	@npm ci --no-fund --no-audit --no-update-notifier --loglevel=error
	@touch $@
