"""Findings in Security Hub, with the real binary, and moto as AWS."""

import json
import time
from datetime import datetime, timezone

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from stage import ACCOUNT, HANG_UP, REGION, ROOT, SECRET, Reply, create_user, deployer_session, event_of, longest_chain_of, refusal_by_rest, sign_in

ON = {"SECURITY_HUB_MINIMUM_SEVERITY": "MEDIUM"}
IMPORT = "BatchImportFindings"


def instead(wire, answer):
    """Security Hub answers this instead."""
    wire.instead = lambda call: answer if call.action == IMPORT else None


def test_an_alert_is_a_finding(account, mailbox, security_hub, start):
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    alert = start(**ON).invoke(event)

    assert mailbox.mail()["Message"] == alert["text"]
    (finding,) = security_hub()
    assert finding["Id"] == f"iam-security-alert/{event['detail']['eventID']}"
    assert finding["ProductArn"] == f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"
    assert finding["Severity"] == {"Label": "CRITICAL", "Original": "CRITICAL"}
    assert finding["Title"] in alert["subject"]
    user, *_ = finding["Resources"]
    assert user["Type"] == "AwsIamUser" and user["Details"]["AwsIamUser"]["UserId"] == account.deploy_bot.id
    assert alert["steps"][0]["commands"][0] == finding["ProductFields"]["steps/1"]


def test_an_event_that_comes_again_updates_its_finding(account, mailbox, security_hub, start):
    function, event = start(**ON), sign_in(ROOT, "No")

    function.invoke(event)
    (first,) = security_hub()
    function.invoke(event)
    (again,) = security_hub()

    assert again["CreatedAt"] == first["CreatedAt"] and again["UpdatedAt"] > first["UpdatedAt"]


def test_what_is_below_the_minimum_is_no_finding(account, mailbox, security_hub, start, wire):
    function = start(SECURITY_HUB_MINIMUM_SEVERITY="CRITICAL")

    function.invoke(create_user(deployer_session(account.role), "idle-bot", account.idle_bot.id))

    assert len(mailbox.mails()) == 1 and wire.called(IMPORT) == []


def test_what_is_not_mailed_may_be_a_finding(account, mailbox, security_hub, start):
    function = start(SECURITY_HUB_MINIMUM_SEVERITY="LOW", MINIMUM_SEVERITY="CRITICAL")

    function.invoke(create_user(deployer_session(account.role), "idle-bot", account.idle_bot.id))

    assert mailbox.mails() == [] and len(security_hub()) == 1


def test_what_is_suppressed_in_a_burst_is_a_finding(account, mailbox, security_hub, start, history):
    function = start(**ON, **history.settings)

    for _ in range(8):
        function.invoke(create_user(deployer_session(account.role), "idle-bot", account.idle_bot.id))

    assert len(mailbox.mails()) == 5 and len(security_hub()) == 8


def failure(function, event):
    line = function.line_of(event)
    metrics = [metric["Name"] for it in line["_aws"]["CloudWatchMetrics"] for metric in it["Metrics"]]
    assert ("SecurityHubFailures" in metrics) == ("securityHubFailure" in line)
    return line.get("securityHubFailure")


@pytest.mark.parametrize(
    "answer, why",
    [
        (refusal_by_rest("AccessDeniedException"), "AccessDeniedException: as the test wants it"),
        (refusal_by_rest("InvalidAccessException", "somebody else's"), "InvalidAccessException: somebody else's"),
        (Reply(200, '{"FailedCount": 1, "FailedFindings": [{"ErrorCode": "InvalidInput", "ErrorMessage": "no"}]}'), "InvalidInput: no"),
        (Reply(500, "<html>", "text/html"), "HTTP 500: "),
    ],
)
def test_a_hub_that_fails_delays_no_mail_and_is_counted(account, mailbox, security_hub, start, wire, answer, why):
    function, event = start(**ON), sign_in(ROOT, "No")
    instead(wire, answer)

    alert = function.invoke(event)

    assert mailbox.mail()["Message"] == alert["text"] and alert["published"]
    assert failure(function, event) == f"Security Hub did not take the finding: {why}"


def test_a_hub_that_cannot_be_reached_delays_no_mail_and_is_counted(account, mailbox, security_hub, start, wire):
    function, event = start(**ON), sign_in(ROOT, "No")
    instead(wire, HANG_UP)

    alert = function.invoke(event)

    assert mailbox.mail()["Message"] == alert["text"]
    assert failure(function, event).startswith("Security Hub could not be asked: ")
    assert len(wire.called(IMPORT)) == 2


def test_a_hub_that_does_not_answer_is_given_up(account, mailbox, security_hub, start, wire):
    function = start(**ON)
    function.invoke(sign_in(ROOT, "No"))
    mailbox.mails()
    # Then hung up on: a finding that arrived now would be found by a later test.
    wire.instead = lambda call: time.sleep(4) or HANG_UP if call.action == IMPORT else None
    begun, event = time.monotonic(), sign_in(ROOT, "No")

    alert = function.invoke(event)

    assert time.monotonic() - begun < 3.5
    assert mailbox.mail()["Message"] == alert["text"]
    assert failure(function, event) == "Security Hub did not answer in time"


def test_a_hub_that_is_busy_is_asked_once_more(account, mailbox, security_hub, start, wire):
    function, event = start(**ON), sign_in(ROOT, "No")
    busy = [refusal_by_rest("LimitExceededException", status=429)]
    wire.instead = lambda call: busy.pop() if call.action == IMPORT and busy else None

    function.invoke(event)

    assert len(wire.called(IMPORT)) == 2 and len(security_hub()) == 1
    assert failure(function, event) is None


@pytest.mark.parametrize(
    "answer",
    [
        refusal_by_rest("InvalidAccessException", f"Account {ACCOUNT} is not subscribed to AWS Security Hub"),
        Reply(200, '{"FailedCount": 1, "FailedFindings": [{"ErrorCode": "InvalidAccess", "ErrorMessage": "no"}]}'),
    ],
)
def test_that_the_account_does_not_use_it_is_logged_once_in_words(account, mailbox, security_hub, start, wire, answer):
    function, events = start(**ON), [sign_in(ROOT, "No") for _ in range(3)]
    instead(wire, answer)

    for event in events:
        function.invoke(event)

    assert [failure(function, event) for event in events] == [
        "the account is not subscribed to Security Hub CSPM in us-east-1: enable it there, or deploy with "
        "EnableSecurityHub=false",
        None,
        None,
    ]
    assert len(wire.called(IMPORT)) == 1 and len(mailbox.mails()) == 3


def test_where_the_mail_fails_the_finding_waits_for_the_retry(account, mailbox, security_hub, start):
    mailbox.remove_topic()

    assert start(**ON).invoke(sign_in(ROOT, "No"))["errorType"] == "NotPublished"

    assert security_hub() == []


def test_the_finding_is_imported_between_the_mail_and_the_record(account, mailbox, security_hub, start, history, wire):
    settings = (history.settings, history.settings | ON)
    without, beside = (longest_chain_of(start(**it), sign_in(ROOT, "No"), wire) for it in settings)

    assert without + 1 == beside
    (mail,), (imported,) = wire.called("Publish"), wire.called(IMPORT)
    assert imported.begun >= mail.ended


def test_the_call_is_signed_as_aws_wants_it(account, mailbox, security_hub, start, wire, monkeypatch):
    start(**ON).invoke(event_of(ROOT, "CreateUser", {"userName": "müller"}))

    path, headers, body = wire.called(IMPORT)[0].sent
    sent = {name.lower(): value for name, value in headers.items()}
    signed = sent["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(signed)
    then = datetime.strptime(sent["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda remove_tzinfo=True: then.replace(tzinfo=None))
    request = AWSRequest("POST", wire.url + path, data=body, headers={name: sent[name] for name in signed if not name.startswith("x-amz-")})
    SigV4Auth(Credentials("test", SECRET, SECRET), "securityhub", REGION).add_auth(request)
    assert request.headers["Authorization"] == headers["authorization"]
    assert json.loads(body)["Findings"][0]["Title"].isascii()


def test_without_it_nothing_is_imported(account, mailbox, start, wire):
    start(SECURITY_HUB_MINIMUM_SEVERITY=" ").invoke(sign_in(ROOT, "No"))

    assert wire.called(IMPORT) == []
