"""A table that the version with schema 1.1 wrote, read by this one.

`table_of_schema_1_1.json` was made by the binary of that version, in front of moto: it took the events that the file has,
and the items are those of its table afterwards. ops-carol created a user, gave it a key, tagged it, and was denied a policy; of
eight users that a session of deployer created, three were left out as a flood and not summed up; of an attached policy, the mail
failed.
"""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from stage import event_of, values
from test_history import ALERTED_BEFORE, WATCH_ALL
from test_stories import CLOCK, ids, listed

TABLE = Path(__file__).with_name("table_of_schema_1_1.json")
MOMENTS = ("leftOutAt", "leftOutSince", "summedUpTo")


@pytest.fixture
def former(history):
    """What the file has, with its items in the history. The floods are those of the day before."""
    former = json.loads(TABLE.read_text())
    written = datetime.fromisoformat(former["writtenAt"])
    today = datetime.now(timezone.utc).replace(hour=written.hour, minute=written.minute, second=written.second)
    later = timedelta(days=(today - written + timedelta(hours=1)).days - 1)
    for item in former["items"]:
        for moment in item.keys() & set(MOMENTS):
            item[moment] += int(later.total_seconds() * 1000)
        if item["pk"].startswith("FLOOD#"):
            day = datetime.fromisoformat(item["pk"].removeprefix("FLOOD#")) + later
            item["pk"] = f"FLOOD#{day:%Y-%m-%d}"
        history.table.put_item(Item=item)
    return former


@pytest.mark.parametrize("name", ["tag", "denied"])
def test_what_was_alerted_on_is_not_alerted_on_again(former, mailbox, start, history, name):
    event = former["events"][name]
    answer = start(**history.settings, **WATCH_ALL).invoke(event)

    assert answer == {"eventId": event["detail"]["eventID"], "notAlerted": ALERTED_BEFORE}
    assert mailbox.mails() == []


@pytest.mark.parametrize("name", ["created", "key"])
def test_a_critical_alert_says_that_it_may_be_the_second(former, mailbox, start, history, name):
    """Nothing that stands in the table only keeps a CRITICAL alert back, whatever version wrote it."""
    answer = start(**history.settings).invoke(former["events"][name])

    assert answer["severity"] == "CRITICAL"
    assert "The history says that this event was alerted on before" in mailbox.mail()["Message"]


def test_an_alert_that_was_never_sent_is_sent(former, mailbox, start, history):
    event = former["events"]["untold"]
    answer = start(**history.settings).invoke(event)

    assert answer["published"] and mailbox.mail()["Message"] == answer["text"]


def test_what_it_recorded_is_related_activity(former, mailbox, start, history):
    carol = former["events"]["created"]["detail"]["userIdentity"]
    request = {"userName": "idle-bot", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    event = event_of(carol, "AttachUserPolicy", request, eventTime="2026-11-20T10:05:00Z", eventID="0e000000-0000-4000-8000-000000000001")

    alert = start(**history.settings, **WATCH_ALL).invoke(event)

    done = values(alert["relatedActivity"]["byCaller"])
    for call in ("iam:CreateUser", "iam:CreateAccessKey", "iam:TagUser", "iam:PutUserPolicy"):
        assert any(call in line for line in done), (call, done)
    assert any("denied" in line for line in done if "iam:PutUserPolicy" in line)
    severities = {former["answers"]["created"]["severity"], former["answers"]["key"]["severity"]}
    assert all(any(severity in line for line in done) for severity in severities)


def test_what_it_left_out_of_a_flood_is_in_the_first_summary_and_in_no_other(former, mailbox, start, history):
    left_out = [event for event in former["flood"] if not former["answers"][event["detail"]["eventID"]]["published"]]
    assert len(left_out) == 3
    function = start(**history.settings)

    answer = function.invoke(CLOCK)

    assert answer["published"], answer
    assert sorted(listed(mailbox.mail())) == sorted(ids(left_out))
    assert function.invoke(CLOCK) == {"summaries": []} and mailbox.mails() == []


def test_what_it_summed_up_is_not_summed_up_again(former, mailbox, start, history):
    for item in history.items("FLOOD"):
        if "leftOut" in item:
            history.table.put_item(Item=item | {"summedUp": item["leftOut"], "summedUpTo": item["leftOutAt"]})

    assert start(**history.settings).invoke(CLOCK) == {"summaries": []} and mailbox.mails() == []


def test_a_history_that_begins_with_this_version_has_nothing_to_take_over(mailbox, start, history, wire):
    function = start(**history.settings)
    assert function.invoke(CLOCK) == {"summaries": []}
    asked = len(wire.called("Query"))
    function.invoke(CLOCK)
    assert len(wire.called("Query")) - asked < asked, "it looks once"
