# Everything runs in .venv, which the first target that needs it makes from pyproject.toml and constraints.txt.
PYTHON ?= $(shell command -v python3.11 || echo python3)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test test-long bench models lint clean

setup: $(READY)

demo: $(READY) ## the whole chain, from a teacher to an upscaled clip; goes on where it was interrupted
	$(BIN)/pocketlens demo -o out/demo --resume

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

test: lint
	$(BIN)/pytest -n 2 --dist loadfile --max-worker-restart 0 -m "not long"

test-long: $(READY) ## soaks and statistics; alone on the machine, so one at a time
	$(BIN)/pytest -m long

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
		{ echo "make: needs Python 3.11 and $(PYTHON) is not; name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean: ## what the other targets made; runs/ is yours and stays
	rm -rf .venv build dist out/demo out/models pocketlens.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

bench: WEIGHTS = $(if $(FSRCNN_PB),--fsrcnn-pb $(FSRCNN_PB))
bench: $(READY) .venv-peers ## the claims of benchmarks/, next to other programs; FSRCNN_PB=FSRCNN_x2.pb for dnn_superres
	$(BIN)/python benchmarks/spine.py $(WEIGHTS)
	$(BIN)/python benchmarks/floor.py
	$(BIN)/python benchmarks/steps.py
	$(BIN)/python benchmarks/runtime_cost.py
	$(BIN)/python benchmarks/sizes.py
	$(BIN)/python benchmarks/against_peers.py $(WEIGHTS)
	$(BIN)/python benchmarks/c_face.py
	$(BIN)/python benchmarks/tables.py

models: $(READY) ## the smallest model again, from scratch in minutes, held to its bar
	$(BIN)/python benchmarks/smallest.py

.venv-peers: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@
