"""Mutes, acknowledgements and the mode that only observes: with the real binary, the real tool, and moto as AWS."""

import json
import os
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest
from stage import ACCOUNT, BUILT, REGION, ROOT, SECRET, create_user, deployer_session, event_of, refusal_in_json, sign_in

#: Every alert is mailed, so that a mute is what keeps it back.
LOW = {"MINIMUM_SEVERITY": "LOW", "WATCHED_EVENT_NAMES": "*"}
#: moto's answer to GetCallerIdentity.
WHO = f"arn:aws:sts::{ACCOUNT}:user/moto"


@pytest.fixture
def tool(aws, history):
    """The tool, with the table of the test. Gives what it printed."""

    def run(*arguments, fails=None):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": f"http://{aws.address}",
            "NO_PROXY": "127.0.0.1",
        }
        command = [BUILT / "examples" / "history", "--table", history.settings["HISTORY_TABLE"], *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if fails is None:
            assert done.returncode == 0, done.stderr
            return done.stdout
        assert done.returncode == 1 and fails in done.stderr, (done.returncode, done.stderr)

    return run


def remove_boundary(caller, name="idle-bot"):
    """An event that is worth a mail, and that completes no chain."""
    return event_of(caller, "DeleteUserPermissionsBoundary", {"userName": name})


def event_id(event):
    return event["detail"]["eventID"]


def mutes(tool):
    return [json.loads(line) for line in tool("--mutes", "--format", "json").splitlines()]


def forge(history, **changes):
    """Writes a mute, as somebody could who may write to the table."""
    now = datetime.now(timezone.utc)
    at = lambda **delta: (now + timedelta(**delta)).strftime("%Y-%m-%dT%H:%M:%SZ")
    mute = {"action": "iam:DeleteUserPermissionsBoundary", "upTo": "HIGH", "incomplete": True, "from": at(), "until": at(hours=1)}
    mute |= {"reason": "forged", "by": "arn:aws:iam::123456789012:user/mallory"}
    mute |= {name: at(**value) if isinstance(value, dict) else value for name, value in changes.items()}
    history.put("REVIEW", "MUTE#forged", **{name: value for name, value in mute.items() if value is not None})


# --- mutes ----------------------------------------------------------------------------------------------------


def test_an_alert_like_the_muted_one_is_recorded_and_counted_but_not_mailed(account, mailbox, start, history, tool):
    function, carol = start(**history.settings | LOW), account.carol.identity
    first = remove_boundary(carol)
    alert = function.invoke(first)
    mailbox.mail()

    said = tool("--mute", event_id(first), "--hours", "24", "--reason", "OPS-12", "--by", "dana")
    again, other = remove_boundary(carol), remove_boundary(carol, "build-bot")
    muted = function.invoke(again)

    assert alert["severity"] in said and "iam:DeleteUserPermissionsBoundary" in said and "OPS-12" in said and WHO in said
    assert (muted["mail"], muted["published"], muted["severity"]) == ("muted", False, alert["severity"])
    assert f"Not mailed: a mute by dana ({WHO}), until " in muted["summary"]
    assert mailbox.mails() == []
    (mute,) = mutes(tool)
    assert (mute["inEffect"], mute["held"], mute["name"], mute["reason"]) == (True, 1, "dana", "OPS-12")
    recorded = history.event(again)
    assert (recorded["state"], recorded["mail"], recorded["mute"], recorded["mailed"]) == ("done", "muted", mute["id"], False)
    assert [line["mail"] for line in history.items("ACTOR")] == ["mailed", "muted"]
    line = function.line_of(again)
    assert (line["message"], line["Reason"], line["AlertsNotMailed"]) == ("alert muted", "muted", 1)
    # Another target is not muted.
    assert function.invoke(other)["mail"] == "mailed"


def test_a_muted_alert_takes_no_place_in_a_burst(account, mailbox, start, history, tool):
    function, carol = start(**history.settings | LOW), account.carol.identity
    tool("--mute", "--action", "iam:DeleteUserPermissionsBoundary", "--up-to", "HIGH", "--reason", "a migration")
    for _ in range(7):
        assert function.invoke(remove_boundary(carol))["mail"] == "muted"

    alert = function.invoke(event_of(carol, "UpdateUser", {"userName": "idle-bot"}))

    assert alert["mail"] == "mailed" and "burst" not in alert
    assert mutes(tool)[0]["held"] == 7


def test_the_commands_of_the_mail_are_the_ones_of_the_tool(account, mailbox, start, history, tool):
    function, carol = start(**history.settings | LOW), account.carol.identity
    event = remove_boundary(carol)
    alert = function.invoke(event)

    text = mailbox.mail()["Message"]
    mute, acknowledge, expect = [step["commands"][0] for step in alert["ifExpected"]]

    assert text.index("\nIF THIS WAS EXPECTED\n") < text.index("\nLINKS\n") and f"\n{mute}\n" in text
    table = history.settings["HISTORY_TABLE"]
    begin = f"iam-security-alert-tool history --region {REGION} --table {table}"
    assert mute == f'{begin} --mute {event_id(event)} --hours 24 --reason "..."'
    assert acknowledge.startswith(f"{begin} --acknowledge {event_id(event)} --verdict ")
    who = carol["arn"]
    assert expect == f'iam-security-alert-tool expectations row --who {who} --what iam:DeleteUserPermissionsBoundary --target user/idle-bot --why "..."'
    tool("--region", REGION, "--mute", event_id(event), "--hours", "24", "--reason", "as the mail says")
    assert function.invoke(remove_boundary(carol))["mail"] == "muted"


def test_what_is_more_severe_than_what_was_muted_is_mailed_and_says_so(account, mailbox, start, history, tool):
    function, role = start(**history.settings | LOW), deployer_session(account.role)
    low = event_of(role, "TagUser", {"userName": "idle-bot", "tags": []})
    alert = function.invoke(low)
    tool("--mute", "--actor", account.role.arn, "--up-to", alert["severity"], "--days", "2", "--reason", "tagging")
    assert function.invoke(event_of(role, "TagUser", {"userName": "idle-bot", "tags": []}))["mail"] == "muted"
    mailbox.mails()

    higher = function.invoke(create_user(role, "build-bot", account.build_bot.id))

    assert (alert["severity"], higher["severity"], higher["mail"]) == ("LOW", "HIGH", "mailed")
    text = mailbox.mail()["Message"]
    assert f"A mute by {WHO}, until " in text and f'("tagging"), covers LOW alerts of this kind; this one is HIGH.' in text


def test_no_critical_alert_is_muted(account, mailbox, start, history, tool):
    function, event = start(**history.settings), sign_in(ROOT, "No")
    function.invoke(event)
    forge(history, action="signin:ConsoleLogin", upTo="CRITICAL")

    tool("--mute", event_id(event), "--reason", "it is me", fails="a CRITICAL alert cannot be muted")
    alert = function.invoke(sign_in(ROOT, "No"))

    assert (alert["severity"], alert["mail"]) == ("CRITICAL", "mailed")
    (step,) = alert["ifExpected"]
    assert step["text"].startswith("A CRITICAL alert cannot be muted. ") and "--acknowledge" in step["commands"][0]


def test_an_alert_that_completes_a_chain_is_mailed_unless_that_chain_is_muted(account, mailbox, start, history, tool):
    function, role = start(**history.settings | LOW), deployer_session(account.role)
    tool("--mute", "--actor", account.role.arn, "--up-to", "HIGH", "--reason", "probing")
    for _ in range(5):
        function.invoke(event_of(role, "AttachUserPolicy", {"userName": "build-bot"}, errorCode="AccessDenied"))
    assert mailbox.mails() == []

    completes = lambda: remove_boundary(role, "build-bot")
    alert = function.invoke(completes())

    assert "denied_then_succeeded" in [reason["rule"] for reason in alert["reasons"]]
    assert alert["mail"] == "mailed" and "alerts of this kind; this one completes a chain." in mailbox.mail()["Message"]
    tool("--mute", "--chain", "denied_then_succeeded", "--up-to", "HIGH", "--reason", "probing")
    assert function.invoke(completes())["mail"] == "muted"


def test_a_mute_ends_when_somebody_ends_it_or_when_its_time_is_over(account, mailbox, start, history, tool):
    function, carol = start(**history.settings | LOW), account.carol.identity
    tool("--mute", "--action", "iam:DeleteUserPermissionsBoundary", "--up-to", "HIGH", "--reason", "a migration")
    (mute,) = mutes(tool)
    assert function.invoke(remove_boundary(carol))["mail"] == "muted"

    tool("--unmute", mute["id"])

    assert function.invoke(remove_boundary(carol))["mail"] == "mailed"
    (ended,) = mutes(tool)
    assert (ended["inEffect"], ended["held"], ended["endedBy"]) == (False, 1, WHO)
    assert f"by {WHO}" in tool("--mutes")
    tool("--unmute", mute["id"], fails="no mute")
    tool("--unmute", "other", fails="no mute")
    forge(history, until={"seconds": 2})
    assert function.invoke(remove_boundary(carol))["mail"] == "muted"
    time.sleep(2.1)
    assert function.invoke(remove_boundary(carol))["mail"] == "mailed"


@pytest.mark.parametrize(
    "forged, malformed",
    [
        pytest.param({"until": {"days": 60}}, 1, id="too long"),
        pytest.param({"from": {"days": 40}, "until": {"days": 60}}, 0, id="too late"),
        pytest.param({"action": None}, 1, id="about nothing"),
        pytest.param({"reason": None}, 1, id="without a reason"),
        pytest.param({"by": " "}, 1, id="by nobody"),
        pytest.param({"upTo": "CRITICAL"}, 1, id="up to CRITICAL"),
        pytest.param({"upTo": 3}, 1, id="another type"),
        pytest.param({"until": "soon"}, 1, id="no time"),
    ],
)
def test_a_mute_that_nobody_can_have_meant_has_no_effect(account, mailbox, start, history, forged, malformed):
    function, event = start(**history.settings | LOW), remove_boundary(account.carol.identity)
    forge(history, **forged)

    alert = function.invoke(event)

    assert alert["mail"] == "mailed" and "mute" not in alert["summary"]
    assert function.line_of(event).get("malformedReviews", 0) == malformed
    mailbox.mail()


def test_if_the_reviews_cannot_be_read_nothing_is_muted(account, mailbox, start, history, tool, wire):
    function, event = start(**history.settings | LOW), remove_boundary(account.carol.identity)
    tool("--mute", "--action", "iam:DeleteUserPermissionsBoundary", "--up-to", "HIGH", "--reason", "a migration")
    is_reviews = lambda call: call.action == "Query" and "REVIEW" in str(call.parameters)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if is_reviews(call) else None

    assert function.invoke(event)["mail"] == "mailed"
    assert "AccessDenied" in function.line_of(event)["historyFailure"]


def test_what_was_not_alerted_on_cannot_be_muted(account, mailbox, start, history, tool):
    tool("--mute", "no-such-event", "--reason", "why not", fails="no event")
    tool("--acknowledge", "no-such-event", "--verdict", "expected", fails="no event")
    assert tool("--mutes") == "Nothing is muted, and no mute ended within seven days.\n"
    assert tool("--acknowledgements") == "Nobody acknowledged an alert within seven days.\n"


# --- acknowledgements -----------------------------------------------------------------------------------------


def test_a_later_mail_says_who_looked_at_an_alert_on_the_same_actor_or_target(account, mailbox, start, history, tool):
    function, carol, role = start(**history.settings | LOW), account.carol.identity, deployer_session(account.role)
    first = remove_boundary(carol)
    function.invoke(first)
    tool("--acknowledge", event_id(first), "--verdict", "expected", "--note", "OPS-12\nWHY LOW", "--by", "dana")
    mailbox.mails()

    same_actor = function.invoke(remove_boundary(carol, "build-bot"))
    same_target = function.invoke(event_of(role, "DeleteUserPermissionsBoundary", {"userName": "idle-bot"}))
    neither = function.invoke(event_of(role, "DeleteUserPermissionsBoundary", {"userName": "build-bot"}))

    acknowledged = f"Acknowledged by dana ({WHO}) at "
    assert all(acknowledged in alert["summary"] for alert in (same_actor, same_target))
    assert f"for an alert on the same actor (event {event_id(first)})" in same_actor["summary"]
    assert f"for an alert on the same target (event {event_id(first)})" in same_target["summary"]
    assert acknowledged not in neither["summary"]
    assert all("\nWHY LOW\n" not in mail["Message"].split("IF THIS")[0] or "[LOW]" in mail["Subject"] for mail in mailbox.mails())
    assert f"expected  {event_id(first)}" in tool("--acknowledgements")
    (listed,) = tool("--acknowledgements", "--format", "json").splitlines()
    assert (json.loads(listed)["verdict"], json.loads(listed)["name"]) == ("expected", "dana")


def test_the_latest_acknowledgement_is_shown_and_the_others_counted(account, mailbox, start, history, tool):
    function, carol = start(**history.settings | LOW), account.carol.identity
    first = remove_boundary(carol)
    function.invoke(first)
    tool("--acknowledge", event_id(first), "--verdict", "suspicious", "--by", "erin")
    time.sleep(1.1)
    tool("--acknowledge", event_id(first), "--verdict", "false-positive", "--by", "dana")

    alert = function.invoke(remove_boundary(carol))

    assert "Acknowledged by dana" in alert["summary"] and ": false-positive, for an alert" in alert["summary"]
    assert "There is 1 earlier one within the last 24 hours." in alert["summary"] and "erin" not in alert["summary"]


# --- the mode -------------------------------------------------------------------------------------------------


def test_a_stack_that_observes_records_everything_and_mails_only_what_is_critical(account, mailbox, start, history):
    function, carol = start(MODE="observe", **history.settings | LOW), account.carol.identity
    event = remove_boundary(carol)

    observed = function.invoke(event)
    critical = function.invoke(sign_in(ROOT, "No"))

    assert (observed["mail"], observed["published"]) == ("observed", False)
    assert (history.event(event)["mail"], history.event(event)["severity"]) == ("observed", observed["severity"])
    assert (function.line_of(event)["message"], function.line_of(event)["Reason"]) == ("alert observed", "observed")
    assert critical["mail"] == "mailed"
    assert "The stack only observes (parameter Mode): of its alerts, only CRITICAL ones are mailed." in mailbox.mail()["Message"]


def test_a_stack_that_observes_mails_nothing_incomplete_and_needs_no_history(account, mailbox, start, wire):
    wire.instead = lambda call: refusal_in_json("AccessDenied") if call.service == "iam" else None
    function = start(MODE="observe", **LOW)

    assert function.invoke(event_of(account.carol.identity, "AttachUserPolicy", {"userName": "idle-bot"}))["mail"] == "observed"
    assert mailbox.mails() == []
