"""Expectations in parameters of Systems Manager, with the real function."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from stage import ACCOUNT, Reply, deployer_session, event_of

ROOT = Path(__file__).parents[2]
CHECK = ROOT / "target/debug/examples/expectations"
SCHEMA = json.loads((ROOT / "schema/expectations.json").read_text())
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/deployer"
GOOD = f"expectations:\n  - who: {ROLE}\n    why: The pipeline creates groups (OPS-12)\n    what: [iam:CreateGroup, grants]\n"


@pytest.fixture
def parameters(aws, mailbox):
    """Writes and removes the parameters of a test's stack."""
    path = f"/{mailbox.topic.rsplit(':', 1)[1]}/expectations"

    class Parameters:
        def write(self, text, name="main"):
            aws.ssm.put_parameter(Name=f"{path}/{name}", Value=text, Type="String", Overwrite=True)

    Parameters.path = path
    return Parameters()


def by_deployer(account, group, name="CreateGroup", **request):
    return event_of(deployer_session(account.role), name, {"groupName": group} | request)


def test_what_is_expected_is_not_mailed_and_an_administrator_is(aws, account, mailbox, start, history, parameters):
    parameters.write(GOOD)
    function = start(**history.settings, WATCHED_EVENT_NAMES="*")
    aws.iam.create_group(GroupName="readers-expected")
    expected = by_deployer(account, "readers-expected")
    answer = function.invoke(expected)
    assert answer["severity"] == "LOW" and not answer["published"], answer
    assert f"\"The pipeline creates groups (OPS-12)\", line 2 of {parameters.path}/main" in answer["text"]
    assert history.event(expected)["mail"] == "belowMinimum"

    policy = "arn:aws:iam::aws:policy/AdministratorAccess"
    beyond = by_deployer(account, "readers-expected", "AttachGroupPolicy", policyArn=policy)
    answer = function.invoke(beyond)
    assert answer["severity"] == "CRITICAL" and answer["published"]
    assert "but it does not cover: administrator access" in mailbox.mail()["Message"]
    assert "administrator" in history.event(beyond)["limits"]


def test_a_bad_row_is_named_with_its_line_and_the_last_good_version_counts(account, mailbox, start, parameters):
    parameters.write(GOOD)
    parameters.write(GOOD + "    upto: HIGH\n")
    function = start(WATCHED_EVENT_NAMES="*")
    answer = function.invoke(by_deployer(account, "readers-bad-row"))
    assert "The pipeline creates groups" in answer["text"], "version 1 counts"

    (line,) = [line for line in function.log() if "expectationsFailure" in line]
    said = f"{parameters.path}/main, version 2: line 5: \"upto\" is no field of an expectation"
    assert line["expectationsFailure"].startswith(said) and line["expectationsFailure"].endswith("Version 1 counts")
    assert line["ExpectationsFailures"] == 1


def test_without_the_parameters_nothing_is_silenced_and_the_alarm_goes_off(account, mailbox, start, wire, parameters):
    parameters.write(GOOD)
    denied = Reply(400, json.dumps({"__type": "AccessDeniedException", "message": "no"}), "application/x-amz-json-1.1")
    wire.instead = lambda call: denied if call.service == "ssm" else None
    function = start(WATCHED_EVENT_NAMES="*")
    event = by_deployer(account, "readers-denied")
    assert "Expected: " not in function.invoke(event)["text"]
    assert "ssm:GetParametersByPath" in function.line_of(event)["expectationsFailure"]


def test_the_parameters_are_read_at_the_start_and_not_for_each_event(account, mailbox, start, wire, parameters):
    parameters.write(GOOD)
    function = start(WATCHED_EVENT_NAMES="*")
    for number in range(3):
        function.invoke(by_deployer(account, f"readers-{number}"))
    assert [call.action for call in wire.calls if call.service == "ssm"] == ["GetParametersByPath"]


@pytest.mark.parametrize("text, what", [(GOOD, None), (GOOD + "    upto: HIGH\n", ":5:"), ("expectations: [", ":1:")])
def test_the_check_says_what_the_function_would(tmp_path, text, what):
    file = tmp_path / "expectations.yaml"
    file.write_text(text)
    done = subprocess.run([CHECK, "check", file], capture_output=True, text=True)
    assert (done.returncode == 0) == (what is None), done
    assert what is None or what in done.stdout


def test_the_schema_accepts_a_row_of_every_kind():
    row = {"who": ROLE, "why": "x", "what": "grants", "target": ["role/a-*"], "where": "r-ab12", "up_to": "HIGH"}
    row |= {"including": ["chains", "administrator"], "until": "2027-03-01"}
    jsonschema.validate({"expectations": [row, {"who": [ROLE], "why": "y"}]}, SCHEMA)
    for bad in ({"who": ROLE}, row | {"wat": 1}, row | {"who": f"arn:aws:iam::{ACCOUNT}:role/*"}, row | {"up_to": "LOW"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"expectations": [bad]}, SCHEMA)
