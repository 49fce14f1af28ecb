"""What `make release` makes without a build: the templates, the zips, and the script that deploys with the AWS CLI."""

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import Loader

ROOT = Path(__file__).parents[1]
ACCOUNT = "123456789012"
BUCKET = f"iam-security-alert-{ACCOUNT}-us-east-1"

#: An AWS CLI that writes down its calls, and has the buckets that OWNED names.
AWS = """#!/bin/sh
{ for argument in "$@"; do printf '%s\\t' "$argument"; done; echo; } >> "$CALLS"
case "$1 $2" in
  "sts get-caller-identity") echo 123456789012 ;;
  "s3api head-bucket") case " $OWNED " in *" $4 "*) ;; *) exit 254 ;; esac ;;
  "s3 mb") if [ "$3" = "s3://$TAKEN" ]; then echo "make_bucket failed: BucketAlreadyExists" >&2; exit 1; fi ;;
  "cloudformation describe-stacks") printf 'Step2Try\\ttry\\nStep1Confirm\\tconfirm\\n' ;;
esac
"""


@pytest.fixture(scope="module")
def release():
    spec = importlib.util.spec_from_file_location("make", ROOT / "release/make.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    return make


@pytest.fixture(scope="module")
def released(release):
    return yaml.load(release.released_template(), Loader)


@pytest.fixture
def folder(release, tmp_path, monkeypatch):
    """The files of a release, with zips that have no function."""
    monkeypatch.setattr(release, "OUT", tmp_path / "files")
    release.templates()
    for architecture in release.ARCHITECTURES:
        release.pack(release.OUT / f"{release.NAME}-{architecture}.zip", {"bootstrap": (b"", 0o755)})
    release.checksums()
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "aws").write_text(AWS)
    (commands / "aws").chmod(0o755)
    return release.OUT


def deploy(folder, *arguments, owned=BUCKET, **more):
    """Runs the script; returns its result, and the calls of the AWS CLI."""
    calls = folder.parent / "calls"
    calls.write_text("")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = f"{folder.parent / 'bin'}:{os.environ['PATH']}"
    environment = inherited | {"PATH": path, "CALLS": str(calls), "OWNED": owned, "TAKEN": ""} | more
    # From elsewhere: the script finds its files.
    result = subprocess.run([folder / "deploy.sh", *arguments], env=environment, cwd="/", capture_output=True, text=True)
    return result, [line.split("\t")[:-1] for line in calls.read_text().splitlines()]


def changing(calls):
    return [call for call in calls if call[:2] in (["s3", "mb"], ["s3", "cp"], ["cloudformation", "deploy"])]


def test_the_released_template_is_the_template_without_sam(release, released, template):
    assert "Transform" not in released
    assert release.version() in released["Description"]
    assert set(released["Parameters"]) - set(template["Parameters"]) == {"CodeBucket", "CodeKey"}
    assert "Default" not in released["Parameters"]["CodeBucket"], "nobody's bucket is a default"
    assert released["Outputs"].keys() == template["Outputs"].keys()
    assert released["Rules"] == template["Rules"] and released["Mappings"] == template["Mappings"]

    ours, theirs = dict(released["Resources"]), dict(template["Resources"])
    function, by_sam = ours.pop("AlertFunction"), theirs.pop("AlertFunction")
    assert function["Type"] == "AWS::Lambda::Function" and "Metadata" not in function
    code = function["Properties"].pop("Code")
    assert code["S3Bucket"] == {"Ref": "CodeBucket"}
    default = f"{release.NAME}/{release.version()}/{release.NAME}-${{Architecture}}.zip"
    assert code["S3Key"] == {"If": ["CodeHasAKey", {"Ref": "CodeKey"}, {"Sub": default}]}
    assert by_sam["Properties"].pop("CodeUri") == "."
    assert function["Properties"] == by_sam["Properties"]

    members, by_file = ours.pop("Members"), theirs.pop("Members")
    assert members["Properties"].pop("TemplateBody") == (ROOT / by_file["Properties"].pop("TemplateURL")).read_text()
    assert members == by_file
    assert ours == theirs


def test_a_type_of_sam_does_not_stay(release):
    assert "AWS::Serverless" not in release.released_template()


def test_the_commands_of_the_outputs_name_files_of_the_release(folder, release):
    named = re.findall(r"--template-file (\S+)", (folder / f"{release.NAME}.yaml").read_text())
    assert named and all((folder / name).is_file() for name in named)


def test_every_architecture_of_the_template_has_a_zip(release, released):
    allowed = released["Parameters"]["Architecture"]
    assert set(allowed["AllowedValues"]) == set(release.ARCHITECTURES) and allowed["Default"] == "arm64"


def test_a_zip_depends_on_nothing_but_the_contents(release, tmp_path):
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    release.pack(first, {"bootstrap": (b"code", 0o755), "LICENSE": (b"text", 0o644)})
    os.utime(first, (0, 0))
    release.pack(second, {"LICENSE": (b"text", 0o644), "bootstrap": (b"code", 0o755)})
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as packed:
        entry = packed.getinfo("bootstrap")
        assert entry.external_attr >> 16 == 0o100755, "Lambda must be able to run it"
        assert packed.read(entry) == b"code"


def test_the_zip_of_the_module_has_all_that_it_reads(folder, release, tmp_path):
    release.terraform()
    with zipfile.ZipFile(folder / f"{release.NAME}-terraform.zip") as packed:
        names = packed.namelist()
    texts = "".join(path.read_text() for path in (ROOT / "terraform").glob("*.tf"))
    read = re.findall(r"\$\{path\.module\}/([\w./-]+)", texts)
    begin = f"{release.NAME}/terraform/"
    assert read and {begin + name for name in read} <= set(names)
    assert {begin + path.name for path in (ROOT / "terraform").glob("*.tf")} <= set(names)
    assert not any(name.endswith((".tfstate", ".py")) or "/." in name for name in names)


def test_the_sums_are_read_by_sha256sum(folder):
    assert subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True).returncode == 0


def test_the_document_names_every_file(release):
    """The names in `release/make.py`, as its last lines write them."""
    text = (ROOT / "docs/install.md").read_text()
    written = re.findall(r"`([^`]+)`", text[: text.index("\n## ")])
    named = {f"{release.NAME}-{architecture}{end}" for architecture in release.ARCHITECTURES for end in (".zip", ".cdx.json")}
    named |= {f"{release.TOOL}-linux-{architecture}.zip" for architecture in release.ARCHITECTURES} | {f"{release.NAME}-terraform.zip"}
    named |= {f"{release.NAME}.yaml", *release.OTHER_TEMPLATES.values(), "deploy.sh", "demo.html", "NOTES.md", "SHA256SUMS"}
    missing = {name for name in named if not any(re.fullmatch(re.escape(it).replace("…", ".+"), name) for it in written)}
    assert not missing


def test_the_script_makes_a_bucket_copies_and_deploys(folder, release):
    result, calls = deploy(folder, "you@example.com", "CreateTrail=true", owned="")
    assert result.returncode == 1 and "not of this account" in result.stderr, "the bucket is still not ours"

    result, calls = deploy(folder, "you@example.com", "CreateTrail=true")
    assert result.returncode == 0, result.stderr
    copy, stack = changing(calls)
    zip_file = folder / f"{release.NAME}-arm64.zip"
    of_the_sum = hashlib.sha256(zip_file.read_bytes()).hexdigest()[:16]
    key = f"{release.NAME}/{release.version()}/{of_the_sum}/{zip_file.name}"
    assert copy == ["s3", "cp", "--no-progress", zip_file.name, f"s3://{BUCKET}/{key}", "--region", "us-east-1"]
    assert "CAPABILITY_NAMED_IAM" in stack and "CAPABILITY_AUTO_EXPAND" not in stack
    overrides = stack[stack.index("--parameter-overrides") + 1 :]
    expected = ["AlertEmail=you@example.com", f"CodeBucket={BUCKET}", f"CodeKey={key}", "CreateTrail=true", "Architecture=arm64"]
    assert overrides == expected
    assert result.stdout.count("\n+ aws ") == 2, "what changes something is shown"
    assert result.stdout.endswith("Step1Confirm\tconfirm\nStep2Try\ttry\n")


def test_a_new_bucket_is_made_once(folder):
    """The first look finds no bucket, the second one the bucket that was made."""
    aws = folder.parent / "bin/aws"
    aws.write_text(AWS.replace('case " $OWNED " in', 'if grep -q "^s3.mb" "$CALLS"; then OWNED=$4; fi; case " $OWNED " in'))
    result, calls = deploy(folder, "you@example.com", owned="")
    assert result.returncode == 0, result.stderr
    assert [call[:2] for call in changing(calls)] == [["s3", "mb"], ["s3", "cp"], ["cloudformation", "deploy"]]
    looks = [call for call in calls if call[:2] == ["s3api", "head-bucket"]]
    assert len(looks) == 2 and all(call[call.index("--expected-bucket-owner") + 1] == ACCOUNT for call in looks)


def test_a_bucket_of_somebody_else_gets_and_gives_nothing(folder):
    result, calls = deploy(folder, "you@example.com", owned="", TAKEN=BUCKET)
    assert result.returncode != 0
    assert [call[:2] for call in changing(calls)] == [["s3", "mb"]]


@pytest.mark.parametrize("name", ["iam-security-alert-arm64.zip", "iam-security-alert.yaml"])
def test_a_changed_file_is_not_deployed(folder, name):
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    result, calls = deploy(folder, "you@example.com")
    assert result.returncode == 1 and name in result.stderr
    assert calls == []


def test_the_other_architecture_region_stack_and_bucket(folder, release):
    more = {"AWS_REGION": "us-gov-west-1", "STACK": "alerts", "BUCKET": "mine", "owned": "mine"}
    result, calls = deploy(folder, "you@example.com", "Architecture=x86_64", **more)
    assert result.returncode == 0, result.stderr
    copy, stack = changing(calls)
    assert copy[3] == f"{release.NAME}-x86_64.zip" and copy[4].startswith("s3://mine/")
    assert stack.count("Architecture=x86_64") == 1 and "Architecture=arm64" not in stack
    assert stack[stack.index("--stack-name") + 1] == "alerts"
    assert {call[call.index("--region") + 1] for call in calls if "--region" in call} == {"us-gov-west-1"}


@pytest.mark.parametrize("arguments", [[], ["you"], ["you@example.com", "CreateTrail"]])
def test_a_wrong_command_line_does_nothing(folder, arguments):
    result, calls = deploy(folder, *arguments)
    assert result.returncode == 2 and calls == []


def test_the_workflow_runs_what_a_person_runs():
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yaml").read_text())
    steps = workflow["jobs"]["release"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert "make release" in commands and "make advisories" in commands
    actions = [step["uses"] for step in steps if "uses" in step]
    assert actions and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions), "a tag can be moved"
    assert workflow["permissions"] == {}, "only the job that needs it may write"


def test_the_version_stands_in_one_place(release):
    metadata = subprocess.check_output(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT)
    assert json.loads(metadata)["packages"][0]["version"] == release.version()


def test_the_document_has_the_version_in_its_commands(release):
    keys = re.findall(rf"{release.NAME}/([0-9][^/]*)/", (ROOT / "docs/install.md").read_text())
    assert keys and set(keys) == {release.version()}
