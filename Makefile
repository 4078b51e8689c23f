# Two commands: `make demo` and `make test`. Each sets up what it needs; nothing has to be installed by hand first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up

# The tests start hundreds of programs, each of which would else compile all of ours anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check unit openxr runtime clean

demo: $(SETUP)
	$(BIN)/vrrehab demo

# What is looked at leaves a core to the making of a place for the runtime.
test: $(SETUP)
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check runtime
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory openxr
	@printf '\n%s\n' 'make test: style, types, walls, unit tests and the tests on a real OpenXR runtime: none failed.' \
		'Whatever could not run on this machine says NOT RUN (or, in a box, DID NOT RUN) above, and what passed' \
		'only when it ran once more, alone, says FAILED ONCE.'

# Style, types and the walls between the packages.
check: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# $(1), and once more alone what failed in it: beside other work what is timed may fail by chance, what is broken fails
# twice. Status 1 is that tests failed; whatever else stops pytest, such as a process of it that crashes, stops here.
define once_more
$(1) || { [ $$? = 1 ] && printf '\n%s\n' 'FAILED ONCE: what is named above runs once more, alone.' && \
	$(1) --numprocesses 0 --last-failed --last-failed-no-failures none --verbose && \
	printf '%s\n' 'FAILED ONCE, PASSED ALONE: what is named above. Nothing is broken, but those tests want mending.'; }
endef

# As many as most machines have cores: with more, tests of what is timed fail by chance. The third gives way to the two
# and has only what no clock is watched by (tests/conftest.py).
unit: $(SETUP)
	@$(call once_more,$(BIN)/pytest --ignore tests/openxr --numprocesses 3)

# On a real OpenXR runtime; tests/openxr/README.md says how one is had without a headset.
openxr: $(SETUP)
	@$(call once_more,tests/openxr/run --numprocesses 2)

# Made beforehand, in silence: `openxr` says what is wrong with it.
runtime: $(SETUP)
	@tests/openxr/run --version >/dev/null 2>&1 || true

# Made once, and again whenever what it holds is written down differently.
$(SETUP): pyproject.toml constraints.txt .ci/system-packages
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vrrehab needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12 ...")'
	@PYTHON=$(PYTHON) .ci/system-packages
	@echo 'Setting up $(VENV), which takes a minute or two the first time.'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist demo-data
