# Everything a newcomer needs: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
LOWEST_TESTS := $(addprefix tests/unit/test_, lowest.py imports.py data.py solution.py surrogate.py estimate.py posterior_file.py)

.PHONY: demo test test-slow test-lowest bench experiments lint weights clean

.venv/package: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e .
	touch $@

.venv/development: .venv/package
	$(BIN)/python -m pip install -q --group dev
	touch $@

demo: .venv/package            ## solve nk, check it, estimate it on simulated data
	$(BIN)/hanknn demo --out runs/demo --force

test: .venv/development        ## what CI runs
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-slow: .venv/development   ## everything, the long training runs included
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-lowest:                   ## the oldest versions that pyproject.toml allows, in an environment of their own
	$(PYTHON) -m venv --clear .venv-lowest
	$(PYTHON) .ci/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install -q --upgrade pip
	.venv-lowest/bin/python -m pip install -q -c .venv-lowest/constraints.txt -e . --group dev
	.venv-lowest/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" \
	    -W ignore::DeprecationWarning -W ignore::FutureWarning $(LOWEST_TESTS)

bench: .venv/development       ## the figures in the README
	$(BIN)/python benchmarks/nk.py
	$(BIN)/python benchmarks/brock_mirman.py
	$(BIN)/python benchmarks/procedures.py
	$(BIN)/python benchmarks/rank.py
	$(BIN)/python benchmarks/filters.py
	$(BIN)/python benchmarks/estimation.py
	$(BIN)/python benchmarks/calibration.py

experiments: .venv/development ## published results, in full
	$(BIN)/hanknn reproduce kmr-julia --force
	$(BIN)/hanknn reproduce table5 --force
	$(BIN)/hanknn reproduce figure6 --force
	$(BIN)/hanknn reproduce figure7 --force
	$(BIN)/hanknn reproduce figure8 --force
	$(BIN)/hanknn reproduce figure11 --force

lint: .venv/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

weights: .venv/package         ## solve the weights that ship with the package anew
	$(BIN)/hanknn steady-states --out src/hanknn/models/weights/hank_steady.npz --force \
	    --summaries src/hanknn/models/weights/hank_summaries.npz --frontier src/hanknn/models/weights/hank_frontier.npz
	$(BIN)/hanknn solve nk --recipe thorough --out runs/thorough --force
	$(BIN)/hanknn solve rank --recipe constrained-thorough --out runs/rank-thorough --force
	$(BIN)/hanknn solve hank --out runs/hank --force
	mkdir -p src/hanknn/models/weights && cp runs/thorough/solution.npz src/hanknn/models/weights/nk.npz
	cp runs/rank-thorough/solution.npz src/hanknn/models/weights/rank.npz
	cp runs/hank/solution.npz src/hanknn/models/weights/hank.npz

clean:
	rm -rf .venv .venv-lowest build dist
