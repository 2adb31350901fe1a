# Firn's commands for people who build it. Each one installs what it lacks and leaves nothing running.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Outside the clone; a value of the user wins.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/firn
export CARGO_TARGET_DIR ?= $(CACHE)/target
export PATH := $(PATH):$(CACHE)/tools/bin:$(HOME)/.cargo/bin

.PHONY: help deps demo test soak mutants bench bench-grid bench-window fuzz lint

help:
	@echo 'make demo   run the sample: a private PostgreSQL, the first sync, the window'
	@echo 'make test   run every test'
	@echo 'make soak   a random history of ten minutes, then 500 kills (FIRN_SOAK_SECONDS, FIRN_KILLS)'
	@echo 'make mutants  turn the protections off one by one; a test has to miss each'
	@echo 'make bench  measure against the raw limit and a peer (CASES="deletes idle": some of it)'
	@echo 'make bench-grid  measure a scrolled frame of the window'"'"'s grid beside AG Grid'
	@echo 'make bench-window  measure the window: its start, its memory, its answers'
	@echo 'make fuzz   give each fuzz target 60 s, or as many as SECONDS says'
	@echo 'make deps   install what is missing; afterwards a plain cargo build works'
	@echo 'make lint   run the linters'

deps:
	@scripts/deps.sh all

demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

soak:
	@scripts/soak.sh

mutants:
	@scripts/mutants.sh

bench:
	@scripts/bench.sh $(CASES)

bench-grid:
	@scripts/bench-grid.sh

bench-window:
	@scripts/deps.sh test
	@tests/window/run.sh figures

# bash counts in a variable of the same name.
fuzz:
	@SECONDS_EACH=$(or $(SECONDS),60) scripts/fuzz.sh

lint:
	@scripts/deps.sh test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	npm --prefix ui run --if-present lint
