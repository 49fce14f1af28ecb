"""The digest and the proposals of expectations, with the real binary, and moto as AWS."""

import json
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from boto3.dynamodb.types import TypeSerializer
from stage import (
    ACCOUNT,
    BUILT,
    REGION,
    ROOT,
    Mailbox,
    Reply,
    create_user,
    event_of,
    refusal,
    refusal_in_json,
    sign_in,
)

#: What EventBridge sends when the time of a schedule has come.
CLOCK = {"source": "aws.events", "detail-type": "Scheduled Event", "account": ACCOUNT, "detail": {}}
DAY = timedelta(days=1)
DAILY = {"DIGEST": "daily"}


def text(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def end():
    """The end of the last period of a day whose digest may be sent."""
    now = datetime.now(timezone.utc) - timedelta(minutes=15)
    end = now.replace(hour=8, minute=0, second=0, microsecond=0)
    return end if end <= now else end - DAY


def progress(history):
    return history.table.get_item(Key={"pk": "DIGEST", "sk": "PROGRESS"})["Item"]


def is_due(history, end, **attributes):
    """Lets the digest of the day be due."""
    history.put("DIGEST", "PROGRESS", sentTo=text(end - DAY), **attributes)


def fact(mail, label):
    """The first line of a fact of a mail, without its label."""
    (line,) = [line for line in mail["Message"].splitlines() if line.startswith(f"  {label}  ")]
    return line.removeprefix(f"  {label}").strip()


def forge_line(put, number, time, account=ACCOUNT, **attributes):
    """A line of a day, as the function writes it."""
    line = {
        "pk": f"DAY#{account}#{text(time)[:10]}",
        "sk": f"{text(time)}#e-{number}",
        "eventId": f"e-{number}",
        "time": text(time),
        "call": "iam:AttachRolePolicy",
        "outcome": "succeeded",
        "actor": "deployer",
        "actorKey": f"arn:aws:iam::{account}:role/ci/deployer",
        "target": f"IAM role app-{number % 7}",
        "accountId": account,
        "steps": [],
        "severity": "MEDIUM",
        "subject": f"[MEDIUM] deployer attached something, {number}",
        "mail": "mailed",
    }
    put(Item=line | attributes)


# --- the digest -----------------------------------------------------------------------------------------------


def test_the_first_run_begins_the_digests_and_sends_none(account, mailbox, start, history):
    function = start(**history.settings, **DAILY)
    before = text(datetime.now(timezone.utc))

    assert function.invoke(CLOCK) == {"summaries": []} == function.invoke(CLOCK)
    assert before <= progress(history)["sentTo"] <= text(datetime.now(timezone.utc))
    assert mailbox.mails() == []


def test_without_the_setting_or_a_history_there_is_no_digest(account, mailbox, start, history, wire, end):
    is_due(history, end)
    assert start(**history.settings, DIGEST="none").invoke(CLOCK) == {"summaries": []}
    assert start(**DAILY).invoke(CLOCK) == {"summaries": []}
    assert mailbox.mails() == []


def test_a_digest_counts_what_happened_and_is_sent_once(account, mailbox, start, history, wire, aws, end):
    chat = Mailbox(aws, "chat-of-the-digest")
    settings = history.settings | DAILY | {"CHAT_TOPIC_ARN": chat.topic, "WATCHED_EVENT_NAMES": "*"}
    function = start(**settings)

    def at(hours):
        return {"eventTime": text(end - timedelta(hours=hours))}

    created = create_user(account.carol.identity, "idle-bot", account.idle_bot.id, **at(3))
    denied = create_user(account.carol.identity, "other-bot", **at(4), errorCode="AccessDenied")
    key = {"userName": "idle-bot", "accessKeyId": "AKIAEXAMPLE", "status": "Active"}
    critical, late = sign_in(ROOT, "No", **at(2)), sign_in(ROOT, "No", **at(-0.01))
    events = [
        created,
        denied,
        event_of(account.carol.identity, "CreateAccessKey", {"userName": "idle-bot"}, {"accessKey": key}, **at(3)),
        critical,
        late,
    ]
    answers = [function.invoke(event) for event in events]
    assert all("severity" in answer for answer in answers)
    mailbox.mails(), chat.mails()
    # What began and did not end, what has an owner, and what is muted.
    forge_line(history.table.put_item, 1, end - timedelta(hours=5), severity="?", mail="?")
    history.put("EVENT#e-1", "EVENT", state="claimed", claimedUntil=1)
    history.put("REVIEW", f"ACK#{text(end)}#{critical['detail']['eventID']}", eventId=critical["detail"]["eventID"])
    of_mute = {"action": "iam:TagRole", "upTo": "MEDIUM", "by": "arn:aws:iam::123456789012:user/dana", "held": 4}
    for name, reason, days in (("1", "Migration", 2), ("2", "Over", -1), ("3", "Forged", 9_999)):
        of_time = {"from": text(end - timedelta(days=2)), "until": text(datetime.now(timezone.utc) + timedelta(days=days))}
        history.put("REVIEW", f"MUTE#{name}", reason=reason, **of_mute, **of_time)
    is_due(history, end)

    answer = start(**settings).invoke(CLOCK)

    mail = mailbox.mail()
    assert answer == {"summaries": [], "digest": mail["Subject"], "published": True}
    assert mail["Subject"].startswith(f"[DIGEST] 1 day to {text(end)[:10]}: ") and "1 new user, 1 new credential" in mail["Subject"]
    assert mail["MessageAttributes"]["severity"]["Value"] == "LOW"
    assert "5 events were recorded in 1 account" in mail["Message"], mail["Message"]
    counted = fact(mail, "Severity")
    assert sum(int(part.split()[0]) for part in counted.replace("(", ", ").split(", ") if "denied" not in part) == 4
    assert "(1 denied)" in counted and fact(mail, "What became") == "4 mailed"
    assert fact(mail, "Failed") == "1 event begun and not finished: no alert is recorded"
    assert "IAM user idle-bot: AKIAEXAMPLE, by ops-carol" in fact(mail, "Credentials")
    muted = fact(mail, "Muted")
    assert muted.startswith("4 kept back until ") and muted.endswith(": Migration, by dana")
    assert "Over" not in mail["Message"] and "Forged" not in mail["Message"]
    assert critical["detail"]["eventID"] not in mail["Message"], "it has an owner"
    assert late["detail"]["eventID"] not in mail["Message"], "it is of the next period"
    (message,) = [json.loads(message["Message"]) for message in chat.mails()]
    assert message["content"]["title"].startswith("DIGEST: 1 day to") and "idle-bot" in message["content"]["description"]
    assert progress(history)["sentTo"] == text(end)

    for other in (function, start(**settings)):
        assert other.invoke(CLOCK) == {"summaries": []}
    assert mailbox.mails() == []


def test_two_schedules_at_once_send_one_digest(account, mailbox, start, history, end):
    is_due(history, end)
    functions = [start(**history.settings, **DAILY) for _ in range(4)]

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda function: function.invoke(CLOCK), functions))

    assert len([answer for answer in answers if "digest" in answer]) == 1
    assert "Nothing was seen" in mailbox.mail()["Subject"]


@pytest.mark.parametrize("action, log", [("Publish", "summaryFailure"), ("Query", "historyFailure")])
def test_a_digest_that_failed_is_sent_by_the_next_run(account, mailbox, start, history, wire, end, action, log):
    is_due(history, end)
    function = start(**history.settings, **DAILY)
    refused = refusal("AuthorizationError") if action == "Publish" else refusal_in_json("AccessDeniedException")
    of_day = lambda call: action == "Publish" or ":from" in call.parameters["ExpressionAttributeValues"]
    wire.instead = lambda call: refused if call.action == action and of_day(call) else None

    assert function.invoke(CLOCK) == {"summaries": []}
    assert function.log()[-1][log] and progress(history)["sentTo"] == text(end - DAY)
    wire.instead = lambda call: None
    assert "digest" in function.invoke(CLOCK)
    # SNS definitely refused the first one.
    assert "may have come before" not in mailbox.mail()["Message"]


def test_after_a_crash_the_digest_comes_again_and_says_so(account, mailbox, start, history, end):
    is_due(history, end, begunTo=text(end), claimedUntil=int(time.time() * 1000) - 1)
    start(**history.settings, **DAILY).invoke(CLOCK)
    assert "it may have come before" in mailbox.mail()["Message"]


def test_forged_progress_keeps_no_digest_back(account, mailbox, start, history, end):
    forged = int((time.time() + 86_400) * 1000)
    history.put("DIGEST", "PROGRESS", sentTo="2099-01-01T00:00:00Z", claimedUntil=forged)
    assert "digest" in start(**history.settings, **DAILY).invoke(CLOCK)
    assert progress(history)["sentTo"] == text(end)


def test_missed_digests_are_one(account, mailbox, start, history, end):
    history.put("DIGEST", "PROGRESS", sentTo=text(end - 30 * DAY))
    start(**history.settings, **DAILY).invoke(CLOCK)
    assert f"No digest was sent since {text(end - 30 * DAY)[:10]} 08:00 UTC." in mailbox.mail()["Message"]


def test_a_webhook_gets_the_digest(account, mailbox, start, history, end):
    is_due(history, end)
    answer = start(**history.settings, **DAILY, CHAT_WEBHOOK_FORMAT="slack").invoke(CLOCK)
    assert answer["published"] and answer["webhook"]["text"].startswith("DIGEST: Nothing was seen")


def test_ten_thousand_lines_are_counted_in_a_moment(account, mailbox, start, history, wire, end):
    end -= timedelta(days=end.weekday())
    history.put("DIGEST", "PROGRESS", sentTo=text(end - 7 * DAY))
    days = {}
    write = lambda Item: days.setdefault(Item["pk"], []).append(Item)
    for number in range(10_000):
        forge_line(write, number, end - timedelta(seconds=60 * number + 1))
    as_sent = TypeSerializer().serialize
    days = {day: [as_sent(line)["M"] for line in lines] for day, lines in days.items()}

    # moto needs seconds for a page.
    def pages(call):
        if ":to" not in call.parameters.get("ExpressionAttributeValues", {}) or "Limit" not in call.parameters:
            return None
        lines, size = days.get(call.parameters["ExpressionAttributeValues"][":pk"]["S"], []), call.parameters["Limit"]
        begin = int(call.parameters.get("ExclusiveStartKey", {"sk": {"S": "0"}})["sk"]["S"])
        page = {"Items": lines[begin : begin + size], "Count": size, "ScannedCount": size}
        if begin + size < len(lines):
            page["LastEvaluatedKey"] = {"pk": {"S": "day"}, "sk": {"S": str(begin + size)}}
        return Reply(200, json.dumps(page), "application/x-amz-json-1.0")

    function = start(**history.settings, DIGEST="weekly")
    function.invoke(event_of(ROOT, "GetUser"))  # starts it
    mailbox.mails(), wire.calls.clear()
    wire.instead = pages

    begun = time.monotonic()
    answer = function.invoke(CLOCK)
    took = time.monotonic() - begun

    assert "digest" in answer, function.log()[-1]
    mail = mailbox.mail()
    assert "NOT EVERYTHING WAS READ" not in mail["Message"] and fact(mail, "Severity").startswith("10000 MEDIUM")
    queries = [call for call in wire.called("Query") if "Limit" in call.parameters]
    children = subprocess.run(["pgrep", "-P", str(function._process.pid)], capture_output=True, text=True).stdout.split()
    peaks = [re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{child}/status").read_text()) for child in children]
    print(f"\n{took:.1f} s, {len(queries)} reads of days, {len(wire.calls)} calls, {[int(peak[1]) // 1024 for peak in peaks if peak]} MB")
    assert took < 25 and len(queries) < 60


# --- proposals ------------------------------------------------------------------------------------------------


def test_what_happens_every_week_is_proposed(aws, history):
    now = datetime.now(timezone.utc)
    for number in range(28):
        forge_line(history.table.put_item, number, now - number * DAY - timedelta(minutes=1))
        forge_line(
            history.table.put_item,
            100 + number,
            now - number * DAY - timedelta(minutes=2),
            call="iam:PutRolePolicy",
            target="IAM role admin",
            limits=["administrator"],
        )
    command = [BUILT / "examples" / "history", "--table", history.settings["HISTORY_TABLE"], "--suggest"]
    environment = os.environ | {
        "AWS_ENDPOINT_URL": f"http://{aws.address}",
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }

    def run(*more):
        return subprocess.run(command + list(more), env=environment, capture_output=True, text=True)

    assert "no account has sent a heartbeat" in run().stderr
    history.put("HEARTBEAT", ACCOUNT, lastAt=text(now))
    out = run().stdout
    print(out)
    assert f"  - who: arn:aws:iam::{ACCOUNT}:role/ci/deployer\n    what: [iam:AttachRolePolicy]\n    target: [role/app-*]\n" in out
    assert "  # 28 times in 4 of 4 weeks, since " in out and 'why: "TODO: ' in out
    assert "# not proposed: iam:PutRolePolicy on IAM role admin by " in out and "28 times: administrator" in out
    assert out == run("--account", ACCOUNT).stdout and "expectations: []" in run("--account", "1").stdout
    assert run("--weeks", "2").returncode == 2
