# Two commands: `make demo` and `make test`. Each sets up what it needs; nothing has to be installed by hand first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.set-up

.PHONY: demo test check unit openxr pictures clean

demo: $(SETUP)
	$(BIN)/vrrehab demo

test: check unit openxr

# Style, types and the walls between the packages.
check: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(SETUP)
	$(BIN)/pytest --ignore tests/openxr

# On a real OpenXR runtime; tests/openxr/README.md says how one is had without a headset.
openxr: $(SETUP)
	tests/openxr/run

$(SETUP): pyproject.toml constraints.txt .ci/system-packages
	.ci/system-packages
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vrrehab needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist demo-data
