# make test      everything that CI runs; sets up .venv for the parts that need Python
# make preview   the alert of one event:  make preview EVENT=events/create_user_root.json
# make pictures  draws the README's pictures from the snapshots
# make measure   how small and fast the release binary is
# make clean     removes what these made
#
# Needs cargo, python3 with its venv module (another: PYTHON=python3.12) and nothing else.

PYTHON ?= python3
EVENT ?= events/create_user.json
VENV := .venv

export PYTHONDONTWRITEBYTECODE := 1
export SAM_CLI_TELEMETRY := 0

.PHONY: test rust template end-to-end preview pictures measure venv clean
.NOTPARALLEL:

test: template rust end-to-end

rust:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test

template: $(VENV)/installed
	$(VENV)/bin/cfn-lint template.yaml examples/*.yaml
	$(VENV)/bin/sam validate --lint --region us-east-1
	$(VENV)/bin/python -m pytest -q -p no:cacheprovider tests/test_template.py tests/test_pictures.py

# The example is built along because the binary then shares its dependencies with `cargo test`.
end-to-end: $(VENV)/installed
	cargo build --bin iam-security-alert --example preview
	$(VENV)/bin/python -m pytest -p no:cacheprovider tests/end_to_end

preview:
	cargo run --quiet --example preview -- $(EVENT)

pictures:
	$(PYTHON) tests/pictures.py

measure: $(VENV)/installed
	cargo build --release
	$(VENV)/bin/python tests/measure.py

venv: $(VENV)/installed

# From scratch when the requirements change, so that nothing older is left.
$(VENV)/installed: tests/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

clean:
	cargo clean
	rm -rf $(VENV) .aws-sam
