# What can be done here. `make` alone lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

WORKS ?= examples/works
JOBS ?= 3
RUNS ?=
STEPS ?= 200000
SEED ?= 1
PYTHON := .venv/bin/python

.PHONY: help setup demo test check format compile clean distclean lock bench-gas bench-ledger bench-board bench-portal sim chaos chaos-deploy web test-web bench-page museum fuzz plant prove mutate

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## Fetch and build whatever is missing; quiet when nothing is
	@tools/setup

demo: setup ## Play a market day on a chain of its own (WORKS=folder with works to sell, SERVE=1: stay open)
	@.venv/bin/dokkaebi demo --works "$(WORKS)" $(if $(SERVE),--serve)

test: setup ## All tests: contracts first (JOBS=3 at once), then the rest
	@JOBS="$(JOBS)" tools/test

web: ## Build the wallet page into web/dist
	@tools/setup --no-compile

test-web: setup ## The wallet page in a real browser, and the examples of frontend-abi/
	@$(PYTHON) -m pytest tests/web

check: setup ## Formats, lints, types and the house rules; changes nothing
	@tools/check

format: ## Format Python, Solidity, TypeScript, JSON and Markdown in place
	@tools/setup --no-compile
	@tools/check --write

compile: ## Compile the contracts anew and write frontend-abi/ from them
	@tools/setup --no-compile
	@.venv/bin/brownie compile --all
	@.venv/bin/dokkaebi export

prove: setup ## Prove what can be proved (halmos), look for known faults (slither, solhint); ten minutes
	@tools/setup --prove
	@$(PYTHON) -m tests.proofs

mutate: setup ## Put small faults into contracts and money code and see them noticed; hours (ONLY=, LIMIT=, SEED=1); TRAPS=1: is every branch reached? AGAIN=1: what survived
	@$(PYTHON) -m tests.mutation --only "$(ONLY)" --limit $(or $(LIMIT),0) --seed $(SEED) $(if $(TRAPS),--traps) $(if $(AGAIN),--again)

bench-gas: setup ## Measure the gas of each call into bench/gas/
	@$(PYTHON) -m bench.gas

bench-ledger: setup ## Index a long chain, beside ponder, cryo and a web3.py loop (ten minutes)
	@$(PYTHON) -m bench.ledger

bench-board: setup ## Post offers to a board as fast as it takes them, search 100,000 works (twenty minutes)
	@$(PYTHON) -m bench.board

bench-portal: setup ## Score a million contributions, build a tree of as many leaves, import a gigabyte
	@$(PYTHON) -m bench.portal

bench-page: setup ## Open the wallet page with 10,000 works on its board
	@$(PYTHON) -m bench.page

sim: setup ## Search for an adversary that farms the reward pool, and others' pools beside it
	@$(PYTHON) -m tests.sim.portal

chaos: setup ## Rewrite, kill and mislead the ledger RUNS=300 times, from SEED=1 on
	@$(PYTHON) -m tests.dokkaebi.ledger.chaos --runs $(or $(RUNS),300) --seed $(SEED)

chaos-deploy: setup ## Each fault at each place of a deployment, then RUNS=200 by dice, from SEED=1 on
	@$(PYTHON) -m tests.dokkaebi.deploy.chaos --runs $(or $(RUNS),200) --seed $(SEED)

museum: setup ## How others froze or lost money, against them and against us
	@$(PYTHON) -m pytest tests/museum -v --no-header

fuzz: setup ## Random lives of all contracts in process, against their models (STEPS=200000, from SEED=1 on)
	@$(PYTHON) -m tests.lane --steps $(STEPS) --seed $(SEED)

plant: setup ## Put bugs into copies of the contracts, and see that each is found (five minutes)
	@$(PYTHON) -m tests.lane.plants

lock: ## Choose the newest fitting versions anew (requirements.in, package.json)
	@tools/lock

clean: ## Remove what was made: build, reports, var, caches
	@tools/clean

distclean: clean ## Remove what was fetched as well: .venv, node_modules, .solcx
	@rm -rf .venv .venv-prove node_modules .solcx
