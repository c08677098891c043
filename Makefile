# `make help` lists what can be made. Everything runs in .venv, which the first target that needs it makes.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3,$(shell command -v $(name) 2>/dev/null)))
UV_VERSION := 0.13.8
VLLM_VERSION := 0.32.0
# pip's folder of wheels, where one is set, holds the CPU build of torch; without one, uv picks the build that suits.
export UV_FIND_LINKS ?= $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null)
TORCH := $(if $(strip $(UV_FIND_LINKS)),,--torch-backend=auto)
INSTALL = VIRTUAL_ENV=$(CURDIR)/.venv .venv/bin/uv pip install $(TORCH) \
	--constraints requirements/constraints.txt --overrides requirements/overrides.txt

# A stamp bears the digest of what it was made from: changed pins make a new environment, nothing else does.
PINS := pyproject.toml $(wildcard requirements/*.txt)
DIGEST := $(shell cat $(PINS) | $(PYTHON) -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])')
ALL := .venv/.all-$(DIGEST)
RUN := $(firstword $(wildcard $(ALL)) .venv/.run-$(DIGEST))
GPU := .venv-vllm/.gpu-$(DIGEST)
BIN := .venv/bin

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: run
run: $(RUN) ## Charts, index, model and service on 127.0.0.1:8000, until Ctrl-C
	@exec $(BIN)/python -m deploy.local

.PHONY: test
test: $(ALL) ## All tests, with a real vLLM server and a real browser
	$(BIN)/python -m tests.ensure_browser
	$(BIN)/python -m pytest tests

.PHONY: test-unit
test-unit: $(ALL) ## The unit tests alone, in seconds
	$(BIN)/python -m pytest -q tests/unit

.PHONY: test-crash
test-crash: $(ALL) ## Kill writers of an index at every step, print the tally [KILLS=1000]
	$(BIN)/python -m tests.crash --kills $(or $(KILLS),1000)

.PHONY: check
check: $(ALL) ## Style, types and the one-way rule of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: bench
bench: $(ALL) ## Measure, print a table, write bench/results/*.json
	$(BIN)/python -m bench

.PHONY: bench-store
bench-store: $(ALL) ## Measure the store at ten million chunks, 24 GB of disk for a while [SCRATCH=dir]
	$(BIN)/python -m bench.store $(if $(SCRATCH),--scratch '$(SCRATCH)')

.PHONY: bench-ingest
bench-ingest: $(ALL) ## Measure ingest and refresh, a million notes included [SCRATCH=dir]
	$(BIN)/python -m bench embedder
	$(BIN)/python -m bench.ingest $(if $(SCRATCH),--scratch '$(SCRATCH)')

.PHONY: bench-serve
bench-serve: $(ALL) ## Measure the serving path under load and faults [MODEL=url of a vLLM] [SCRATCH=dir]
	$(BIN)/python -m bench.serve $(if $(MODEL),--model-url '$(MODEL)') $(if $(SCRATCH),--scratch '$(SCRATCH)')

# Public data sets, where they lie beside the checkout; tasks that need them are skipped without.
DATA ?= $(wildcard ../shared/data)
EVALUATE = $(BIN)/python -m mlops.evaluation
GIVEN = $(if $(DATA),--data '$(DATA)') $(if $(MIMIC),--mimic '$(MIMIC)') $(if $(LONGHEALTH),--longhealth '$(LONGHEALTH)') \
	$(if $(ARCHEHR),--archehr '$(ARCHEHR)')

.PHONY: eval
eval: $(ALL) ## Measure quality in minutes, write the report [DATA=dir] [NO_MODEL=1] [ONLY=task,…]
	$(EVALUATE) run $(GIVEN) $(if $(NO_MODEL),--no-model) $(if $(ONLY),--only '$(ONLY)')

.PHONY: eval-full
eval-full: $(ALL) ## The same on more charts with the model at MODEL=url [NAME=its name]
	@test -n '$(MODEL)' || { echo 'say which server: make eval-full MODEL=http://127.0.0.1:8001/v1' >&2; exit 2; }
	$(EVALUATE) run --full --model-url '$(MODEL)' $(if $(NAME),--model '$(NAME)') $(GIVEN)

.PHONY: gate
gate: $(ALL) ## Compare the newest run with the accepted results; fails on any loss [NO_MODEL=1]
	$(EVALUATE) gate $(if $(DATA),,--no-data) $(if $(NO_MODEL),--no-model)

.PHONY: accept
accept: $(ALL) ## Make the newest run the accepted one, to be committed with the reason
	$(EVALUATE) accept

.PHONY: ingest
ingest: $(RUN) ## Refresh the index: NOTES='path …' [FORMAT=] [SOURCE=] [DEIDENTIFY=] [REBUILD=1] [ALLOW_SHRINK=1] …
	@test -n "$${NOTES:-}" || { echo 'say which notes: make ingest NOTES=path/to/notes.csv.gz' >&2; exit 2; }
	@set -f; if [ -e "$$NOTES" ]; then set -- "$$NOTES"; else set -- $$NOTES; fi; \
	$(BIN)/python -m ingest $(if $(FORMAT),--source-format '$(FORMAT)') $(if $(SOURCE),--source '$(SOURCE)') \
		$(if $(DEIDENTIFY),--deidentify '$(DEIDENTIFY)') $(if $(REBUILD),--rebuild) $(if $(NO_SKIP),--no-skip) \
		$(if $(ALLOW_SHRINK),--allow-shrink) $(if $(ALLOW_EMPTY),--allow-empty) -- "$$@"

.PHONY: rollback
rollback: $(RUN) ## Make the generation before the live one live, or another [TO=n] [DIR=] [LIST=1]
	$(BIN)/python -m vectorstore.rollback $(if $(DIR),--dir '$(DIR)') $(if $(LIST),--list,$(if $(TO),--to '$(TO)'))

.PHONY: erase
erase: $(RUN) ## Forget a patient everywhere, prove it: PATIENT=id [BY=who] [REASON=why] [ALSO=dir] [LIFT=1]
	@test -n '$(PATIENT)' || { echo 'say whom: make erase PATIENT=id' >&2; exit 2; }
	$(BIN)/python -m ingest.erase '$(PATIENT)' $(if $(BY),--requested-by '$(BY)') $(if $(REASON),--reason '$(REASON)') \
		$(if $(ALSO),--also '$(ALSO)') $(if $(LIFT),--lift)

.PHONY: lock
lock: $(RUN) ## Work out requirements/constraints.txt anew [UPGRADE=1]
	@cp requirements/constraints.txt .venv/constraints.new
	$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --python-version 3.11 $(TORCH) \
		--overrides requirements/overrides.txt --no-header --no-annotate $(if $(UPGRADE),--upgrade) \
		--output-file .venv/constraints.new
	@sed -E 's/^(torch==[0-9.]+)\+[a-z0-9]+$$/\1/; /^-/d' .venv/constraints.new > requirements/constraints.txt
	@rm .venv/constraints.new
	@cp requirements/vllm-gpu.txt .venv/gpu.new
	@echo 'vllm==$(VLLM_VERSION)' | UV_FIND_LINKS= $(BIN)/uv pip compile --quiet - --python-version 3.11 \
		--python-platform x86_64-unknown-linux-gnu --no-header --no-annotate $(if $(UPGRADE),--upgrade) \
		--output-file .venv/gpu.new
	@{ grep '^#' requirements/vllm-gpu.txt; grep -v '^[#-]' .venv/gpu.new; } > .venv/gpu.txt
	@mv .venv/gpu.txt requirements/vllm-gpu.txt
	@rm .venv/gpu.new

.PHONY: clean
clean: ## Remove environments and caches; var/ with its index, state and models stays
	rm -rf .venv .venv-vllm .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

.PHONY: gpu-env
gpu-env: $(GPU)

.venv/bin/uv:
	@test -n '$(PYTHON)' || { echo 'no python3 is installed; 3.11 is needed' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
		{ echo 'Python 3.11 or 3.12 is needed, $(PYTHON) is another: make PYTHON=/path/to/python3.11 …' >&2; exit 1; }
	@echo 'environment: making .venv'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.run-$(DIGEST): | .venv/bin/uv
	@echo 'environment: installing what the service and the embedded model need'
	@$(INSTALL) --editable '.[vllm]'
	@rm -f .venv/.run-* .venv/.all-*
	@touch $@

$(ALL): | .venv/bin/uv
	@echo 'environment: installing everything, tests and benches included'
	@$(INSTALL) --editable '.[vllm,bench,ray,mlops,dev]'
	@rm -f .venv/.run-* .venv/.all-*
	@touch $@

$(GPU): | .venv/bin/uv
	@$(PYTHON) -m venv .venv-vllm
	@VIRTUAL_ENV=$(CURDIR)/.venv-vllm UV_FIND_LINKS= $(BIN)/uv pip install --requirements requirements/vllm-gpu.txt
	@rm -f .venv-vllm/.gpu-*
	@touch $@
