# Everything a newcomer needs: `make run`, `make test`. Nothing but Python >= 3.11, make and a
# package index is required; pip's own settings (mirrors, proxies, certificates) are used as they are.

# The first of these that is Python 3.11 or newer; `make run PYTHON=/path/to/python` chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
HOME_DIR ?= data

.PHONY: run test bench bench-scale lint lock clean help
.DEFAULT_GOAL := help

help:
	@echo "make run    set up and build the warehouse from data/samples"
	@echo "make test   set up and run the tests"
	@echo "make bench  set up and measure: readers of PDFs and scans against other tools, 勾稽 by number of documents, a report (half an hour)"
	@echo "make bench-scale  set up and measure whole loads of 100, 1,000 and 10,000 documents (an hour); SCALE='1000 --modes 2' for some"
	@echo "make lint   ruff, mypy --strict, dg check defs"
	@echo "make lock   pin every version anew in requirements.lock"
	@echo "make clean  remove the environment (never the data)"

# The stamp is newer than what it was made from, so that set-up happens once.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "没有找到 Python 3.11 或更新的版本；请安装后重试，或用 make PYTHON=/路径/python3.11 指定。" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) 低于 3.11；请用 make PYTHON=/路径/python3.11 指定。" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

run: $(READY)
	$(BIN)/juesuan run data/samples --home $(HOME_DIR)
	@echo
	@echo '接着可以试：'
	@echo '  $(BIN)/juesuan sql "SELECT 单位, 年度, 表名, 状态, 行数, 非空 FROM 报表"'
	@echo '  $(BIN)/juesuan findings'
	@echo '  $(BIN)/juesuan status'
	@echo '  $(BIN)/juesuan dev        （Dagster 界面）'

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(READY)
	$(BIN)/python -m tests.benchmarks.bench_pdf
	$(BIN)/python -m tests.benchmarks.bench_reconcile
	$(BIN)/python -m tests.benchmarks.bench_report
	$(BIN)/python -m tests.benchmarks.bench_scans
	$(BIN)/python -m tests.benchmarks.bench_scans --rates
	$(BIN)/python -m tests.benchmarks.bench_scans --against --qualities clean200 all-together

bench-scale: $(READY)
	$(BIN)/python -m tests.benchmarks.bench_scale $(SCALE)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	VIRTUAL_ENV=$(CURDIR)/$(VENV) DAGSTER_DISABLE_TELEMETRY=1 $(BIN)/dg check defs

# One lock for every platform (--universal), with hashes and without index addresses. setuptools is
# in it because the project itself is built without isolation.
lock: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-strip-extras --upgrade --output-file requirements.lock

clean:
	rm -rf $(VENV)
