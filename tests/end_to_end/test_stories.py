"""What came before an event, and how it changes the alert: chains, first activity and bursts."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import permutations

import pytest
from stage import ACCOUNT, ROOT, Mailbox, create_user, deployer_session, event_of, refusal, refusal_in_json, sign_in

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
#: What EventBridge sends when the time of a schedule has come.
CLOCK = {"source": "aws.events", "detail-type": "Scheduled Event", "account": ACCOUNT, "detail": {}}


def at(seconds):
    """A time so many seconds after 10 o'clock of a day."""
    return (datetime(2026, 11, 20, 10) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def rules(alert):
    return [reason["rule"] for reason in alert["reasons"]]


def reason(alert, rule):
    (text,) = [reason["text"] for reason in alert["reasons"] if reason["rule"] == rule]
    return text


# --- chains ---------------------------------------------------------------------------------------------------


def intrusion(caller):
    """A user that is created, gets a key and becomes an administrator."""
    bot = {"userName": "idle-bot"}
    new = bot | {"accessKeyId": "AKIAEXAMPLE", "status": "Active"}
    return [
        create_user(caller, "idle-bot", eventTime=at(10)),
        event_of(caller, "CreateAccessKey", bot, {"accessKey": new}, eventTime=at(50)),
        event_of(caller, "AttachUserPolicy", bot | {"policyArn": ADMINISTRATOR}, eventTime=at(95)),
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_a_chain_is_named_once_in_whatever_order_its_steps_arrive(account, mailbox, start, history, order):
    function, events = start(**history.settings), intrusion(account.carol.identity)

    alerts = [function.invoke(events[step]) for step in order]

    naming = [alert for alert in alerts if "new_user_with_access" in rules(alert)]
    assert len(naming) == 1 and naming[0]["severity"] == "CRITICAL"
    sentence = reason(naming[0], "new_user_with_access")
    created = "The IAM user idle-bot was created at 10:00:10 UTC"
    assert sentence.startswith(f"{created} and got a credential, a policy or a group at ")
    # It is complete with what came first of the two that complete it.
    done = {0: "10:00:50 UTC (iam:CreateAccessKey), 40 seconds", 1: "10:01:35 UTC (iam:AttachUserPolicy), 85 seconds"}
    second = 1 if order.index(2) < order.index(1) and order.index(0) < order.index(1) else 0
    assert f"{done[second]} later, both by ops-carol." in sentence
    # An alert before the chain is complete cannot name it; an alert after that continues it.
    known = alerts[alerts.index(naming[0]) + 1 :]
    assert all("chain_continued" in rules(alert) and alert["severity"] == "CRITICAL" for alert in known)
    assert sum("chain_continued" in rules(alert) for alert in alerts) == len(known)


def test_a_chain_whose_steps_are_handled_at_once_is_named_once(account, mailbox, start, history):
    functions = [start(**history.settings) for _ in range(3)]
    for function in functions:
        function.invoke(sign_in(ROOT, "No"))  # starts it

    with ThreadPoolExecutor() as pool:
        events = intrusion(account.carol.identity)
        alerts = list(pool.map(lambda function, event: function.invoke(event), functions, events))

    assert sum("new_user_with_access" in rules(alert) for alert in alerts) == 1


def test_a_retry_names_the_chain_that_the_failed_attempt_took(account, mailbox, start, history, wire):
    first, second, _ = intrusion(account.carol.identity)
    function = start(AWS_LAMBDA_FUNCTION_TIMEOUT="7", **history.settings)
    function.invoke(first)
    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else None
    assert function.invoke(second)["errorType"] == "NotPublished"
    assert len(history.items("CHAIN")) == 1
    wire.instead = lambda call: None

    assert "new_user_with_access" in rules(start(**history.settings).invoke(second))


def test_a_chain_that_cannot_be_taken_is_named(account, mailbox, start, history, wire):
    first, second, _ = intrusion(account.carol.identity)
    function = start(**history.settings)
    function.invoke(first)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if call.action == "PutItem" else None

    assert "new_user_with_access" in rules(function.invoke(second))


def test_calls_that_are_denied_until_one_succeeds_are_a_chain(account, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    for second in range(5):
        function.invoke(
            event_of(role, "AttachUserPolicy", eventTime=at(second), errorCode="AccessDenied", errorMessage="no")
        )

    alert = function.invoke(create_user(role, "idle-bot", eventTime=at(60)))

    assert alert["severity"] == "HIGH"
    assert reason(alert, "denied_then_succeeded").startswith(
        "5 calls by deployer (build-42) were denied from 10:00:00 UTC; at 10:01:00 UTC iam:CreateUser succeeded, "
    )


# --- first activity -------------------------------------------------------------------------------------------


def begin(history, days_ago):
    """Makes the history begin so many days ago."""
    then = (datetime.now(timezone.utc) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
    history.table.put_item(Item={"pk": "HISTORY", "sk": "BEGIN", "time": then})


def test_the_first_change_of_an_actor_is_more_severe_once_the_history_is_old_enough(account, mailbox, start, history):
    begin(history, 20)
    function, role = start(**history.settings), deployer_session(account.role)

    first = function.invoke(create_user(role, "idle-bot"))
    second = function.invoke(create_user(role, "idle-bot"))

    assert reason(first, "first_activity").endswith(
        "in the 19 days that the history covers (severity raised one level)."
    )
    assert (first["severity"], second["severity"]) == ("HIGH", "MEDIUM")
    assert "first_activity" not in rules(second)


@pytest.mark.parametrize("settings", [{}, {"HISTORY_RETENTION_DAYS": "7"}])
def test_a_history_that_is_young_or_short_raises_nothing(account, mailbox, start, history, settings):
    begin(history, 20 if settings else 3)

    alert = start(**history.settings | settings).invoke(create_user(deployer_session(account.role), "idle-bot"))

    assert "is recorded, but the history starts only on" in reason(alert, "first_activity")
    assert alert["severity"] == "MEDIUM"


def test_the_first_event_notes_when_the_history_begins_and_no_other_changes_it(account, mailbox, start, history):
    function = start(**history.settings)
    function.invoke(sign_in(ROOT, "No"))
    begun = history.items("HISTORY")

    function.invoke(sign_in(ROOT, "No"))
    start(**history.settings).invoke(sign_in(ROOT, "No"))

    assert len(begun) == 1 and history.items("HISTORY") == begun
    noted = datetime.strptime(begun[0]["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert abs((datetime.now(timezone.utc) - noted).total_seconds()) < 60


# --- bursts ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bots(aws, account):
    """Makes the users of the bursts: the function waits for one that IAM does not show yet."""
    for number in range(1, 22):
        aws.iam.create_user(UserName=f"bot-{number}")


def burst(caller, count, **changes):
    return [create_user(caller, f"bot-{number}", **changes) for number in range(1, count + 1)]


def pass_time(history, minutes):
    """Makes what was suppressed have arrived that many minutes earlier, and ends what was taken on."""
    for item in history.items("FLOOD", "ACTOR"):
        if "leftOutAt" in item:
            for moment in item.keys() & {"leftOutAt", "leftOutSince", "summedUpTo"}:
                item[moment] -= minutes * 60_000
            item.pop("summingUp", None)
            history.table.put_item(Item=item)


def test_the_mails_of_a_burst_thin_out(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)

    alerts = [function.invoke(event) for event in burst(role, 21)]

    mailed = [number for number, alert in enumerate(alerts, 1) if alert["published"]]
    assert mailed == [1, 2, 3, 4, 5, 10, 20]
    assert [mail["Message"] for mail in mailbox.mails()] == [alerts[number - 1]["text"] for number in mailed]
    twentieth = alerts[19]
    assert twentieth["burst"]["position"] == "20th" and twentieth["burst"]["suppressedCount"] == "13"
    assert "stillMailed" in twentieth["burst"]
    assert "Burst: the 20th iam:CreateUser by this caller since " in twentieth["summary"]
    assert "; 13 similar alerts suppressed; a summary follows." in twentieth["summary"]
    assert twentieth["steps"][-1]["text"] == "List the suppressed alerts:"
    events = history.items("EVENT")
    assert len(events) == 21 and {event["state"] for event in events} == {"done"}
    assert sum(event["mailed"] for event in events) == 7
    assert function.log()[10]["message"] == "alert suppressed in a burst"


def test_what_is_more_severe_than_before_or_critical_is_mailed_in_a_burst(account, bots, mailbox, start, history):
    function = start(**history.settings)
    for event in burst(deployer_session(account.role), 7):
        function.invoke(event)
    # The session of an instance, which is HIGH, of the same role.
    instance = deployer_session(account.role, "i-0123456789abcdef0")

    high = [function.invoke(create_user(instance, f"bot-{number}"))["published"] for number in (1, 2)]
    bot = account.deploy_bot
    critical = [
        function.invoke(create_user(deployer_session(account.role), "deploy-bot", bot.id)) for _ in range(3)
    ]

    assert high == [True, False]
    assert [(alert["severity"], alert["published"]) for alert in critical] == [("CRITICAL", True)] * 3


def test_other_calls_and_other_actors_are_no_part_of_a_burst(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 8):
        function.invoke(event)

    assert function.invoke(event_of(role, "CreateLoginProfile", {"userName": "idle-bot"}))["published"]
    assert function.invoke(create_user(account.carol.identity, "idle-bot"))["published"]


def test_what_is_below_the_minimum_is_no_part_of_a_burst(account, bots, mailbox, start, history):
    function = start(MINIMUM_SEVERITY="HIGH", **history.settings)
    for event in burst(deployer_session(account.role), 8):
        function.invoke(event)
    assert mailbox.mails() == [] and history.items("FLOOD") == []

    instance = deployer_session(account.role, "i-0123456789abcdef0")
    assert all(function.invoke(event)["published"] for event in burst(instance, 5))


def test_calls_that_are_minutes_apart_are_no_burst(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)

    alerts = [function.invoke(create_user(role, f"bot-{i}", eventTime=at(i * 150))) for i in range(12)]

    assert all(alert["published"] for alert in alerts)


@pytest.mark.parametrize("action", ["UpdateItem", "TransactWriteItems"])
def test_what_cannot_be_recorded_as_suppressed_is_mailed(account, bots, mailbox, start, history, wire, action):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 6):
        function.invoke(event)
    mailbox.mails()

    # As the name of an attribute: the mail has a command that asks for it.
    marks = ("SET summedUp", '"leftOutAt": {')
    suppresses = lambda call: call.action == action and any(mark in json.dumps(call.parameters) for mark in marks)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if suppresses(call) else None
    event = create_user(role, "bot-7")
    alert = function.invoke(event)

    assert alert["published"] and len(mailbox.mails()) == 1
    assert "AccessDeniedException" in function.line_of(event)["historyFailure"]
    assert history.event(event)["mailed"] is True


def test_a_burst_whose_count_is_not_known_is_mailed(account, bots, mailbox, start, history, wire):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 8):
        function.invoke(event)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if call.action == "UpdateItem" else None

    assert function.invoke(create_user(role, "bot-9"))["published"]


def test_a_burst_of_five_at_a_time_is_counted_one_by_one(account, bots, mailbox, start, history):
    functions = [start(MINIMUM_SEVERITY="LOW", **history.settings) for _ in range(5)]
    # Nothing is looked up for it, so that moto is not what the history waits for.
    provider = {"type": "WebIdentityUser", "principalId": "accounts.example:app:dana", "userName": "dana"}
    events = [event_of(provider, "CreateAccountAlias", {"accountAlias": f"a{i}"}) for i in range(60)]

    with ThreadPoolExecutor(len(functions)) as pool:
        shares = [(function, events[i :: len(functions)]) for i, function in enumerate(functions)]
        answers = list(pool.map(lambda share: [share[0].invoke(event) for event in share[1]], shares))

    failures = [line for function in functions for line in function.log() if "historyFailure" in line]
    assert failures == [], [line["historyFailure"] for line in failures]
    mailed = sum(alert["published"] for alerts in answers for alert in alerts)
    # 1 to 5, 10, 20 and 50; besides, some of the first may be asked before the first five are counted.
    assert 8 <= mailed <= 13
    assert len(mailbox.mails()) == mailed
    (count,) = history.items("FLOOD")
    assert count["leftOut"] == 60 - mailed
    assert len(history.items("EVENT")) == 60


def test_a_burst_that_has_ended_is_summarized_in_one_mail(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    events = burst(role, 9)
    for event in events:
        function.invoke(event)
    mailbox.mails()

    assert function.invoke(CLOCK) == {"summaries": []}, "it has not ended yet"
    pass_time(history, 12)
    with ThreadPoolExecutor() as pool:
        others = [start(**history.settings) for _ in range(2)]
        answers = list(pool.map(lambda function: function.invoke(CLOCK), [function, *others]))

    mail = mailbox.mail()
    assert sorted(answers, key=str) == [
        {"summaries": [mail["Subject"]], "published": True},
        {"summaries": []},
        {"summaries": []},
    ]
    assert mail["Subject"] == "[MEDIUM] 4 suppressed: iam:CreateUser by deployer (build-42) in acme-prod"
    assert [f"IAM user bot-{number}\n" in mail["Message"] for number in range(1, 10)] == [False] * 5 + [True] * 4
    assert mail["MessageAttributes"]["severity"]["Value"] == "MEDIUM"
    assert function.invoke(CLOCK) == {"summaries": []}


def test_the_retry_of_an_event_of_a_burst_that_was_not_mailed_is_mailed(account, bots, mailbox, start, history, wire):
    function = start(AWS_LAMBDA_FUNCTION_TIMEOUT="8", **history.settings)
    for event in burst(deployer_session(account.role), 7):
        function.invoke(event)
    more_severe = create_user(deployer_session(account.role, "i-0123456789abcdef0"), "bot-8")
    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else None
    assert function.invoke(more_severe)["errorType"] == "NotPublished"
    wire.instead = lambda call: None

    alert = start(**history.settings).invoke(more_severe)

    assert (alert["severity"], alert["published"]) == ("HIGH", True)


def test_what_names_a_chain_is_mailed_in_a_burst(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    for number in range(7):
        function.invoke(event_of(role, "DeleteUserPermissionsBoundary", {"userName": f"bot-{number + 1}"}))

    def grant(number):
        document = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
        request = {"userName": f"bot-{number}", "policyName": "p", "policyDocument": document}
        return function.invoke(event_of(role, "PutUserPolicy", request))

    assert all(grant(number)["published"] for number in range(1, 8))
    assert not grant(8)["published"], "it completes no chain"


def test_what_comes_after_the_summary_of_a_burst_has_a_summary_of_its_own(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    events = burst(role, 9)
    for event in events[:7]:
        function.invoke(event)
    pass_time(history, 12)
    function.invoke(CLOCK)
    for event in events[7:]:
        function.invoke(event)
    mailbox.mails()
    pass_time(history, 12)

    function.invoke(CLOCK)

    mail = mailbox.mail()
    assert mail["Subject"].startswith("[MEDIUM] 2 suppressed: ")
    assert "bot-8\n" in mail["Message"] and "bot-7\n" not in mail["Message"]


def test_what_was_suppressed_on_another_day_has_a_summary_of_its_own(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 9):
        function.invoke(event)
    mailbox.mails()
    # Two of the four were suppressed the day before.
    (today,) = history.items("FLOOD")
    yesterday = (datetime.strptime(today["pk"], "FLOOD#%Y-%m-%d") - timedelta(days=1)).strftime("FLOOD#%Y-%m-%d")
    day = 86_400_000
    history.table.put_item(Item=today | {"pk": yesterday, "leftOut": 2, "leftOutAt": today["leftOutAt"] - day})
    history.table.put_item(Item=today | {"leftOut": 2, "leftOutAt": today["leftOutAt"] - 720_000})
    for item in [item for item in history.items("ACTOR") if "leftOutAt" in item]:
        earlier = day if item["target"] in ("IAM user bot-6", "IAM user bot-7") else 720_000
        history.table.put_item(Item=item | {"leftOutAt": item["leftOutAt"] - earlier})

    subjects = function.invoke(CLOCK)["summaries"]

    assert [subject[:22] for subject in subjects] == ["[MEDIUM] 2 suppressed:"] * 2
    named = [[f"IAM user bot-{number}\n" in mail["Message"] for number in range(6, 10)] for mail in mailbox.mails()]
    assert sorted(named) == [[False, False, True, True], [True, True, False, False]]


def test_a_burst_that_does_not_end_is_summarized_after_an_hour(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 8):
        function.invoke(event)
    pass_time(history, 62)
    function.invoke(create_user(role, "bot-9"))
    mailbox.mails()

    function.invoke(CLOCK)

    first = mailbox.mail()
    assert first["Subject"].startswith("[MEDIUM] 3 suppressed: ") and "The burst continues; " in first["Message"]
    assert function.invoke(CLOCK) == {"summaries": []}
    pass_time(history, 12)
    function.invoke(CLOCK)
    second = mailbox.mail()
    assert second["Subject"].startswith("[MEDIUM] 1 suppressed: ") and "IAM user bot-9\n" in second["Message"]


def test_what_was_counted_as_suppressed_but_mailed_makes_no_summary(account, bots, mailbox, start, history, wire):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 5):
        function.invoke(event)
    suppresses = lambda call: call.action == "TransactWriteItems" and '"leftOutAt": {' in json.dumps(call.parameters)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if suppresses(call) else None
    assert function.invoke(create_user(role, "bot-6"))["published"]
    wire.instead = lambda call: None
    mailbox.mails()
    pass_time(history, 12)

    assert function.invoke(CLOCK) == {"summaries": []}
    assert mailbox.mails() == []
    (count,) = history.items("FLOOD")
    assert count["leftOut"] == count["summedUp"] == 1


def test_a_burst_that_could_not_be_summarized_is_summarized_later(account, bots, mailbox, start, history, wire):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 7):
        function.invoke(event)
    mailbox.mails()
    pass_time(history, 12)

    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else None
    assert function.invoke(CLOCK)["errorType"] == "NotSummarized"
    assert ("ERROR", "bursts not summarized") in [(line["level"], line["message"]) for line in function.log()]
    wire.instead = lambda call: refusal_in_json("InternalServerError") if call.action == "Query" else None
    assert function.invoke(CLOCK) == {"summaries": []}
    assert "InternalServerError" in function.log()[-1]["historyFailure"]
    wire.instead = lambda call: None
    pass_time(history, 12)

    function.invoke(CLOCK)

    assert function.log()[-1]["message"] == "bursts summarized"
    assert mailbox.mail()["Subject"].startswith("[MEDIUM] 2 suppressed: ")


def test_of_two_bursts_the_chat_that_failed_for_one_is_not_forgotten(aws, account, bots, mailbox, start, history, wire):
    chat = Mailbox(aws, "chat-of-bursts")
    function = start(CHAT_TOPIC_ARN=chat.topic, CHAT_WEBHOOK_FORMAT="slack", **history.settings)
    for caller in (deployer_session(account.role), account.carol.identity):
        for event in burst(caller, 6):
            function.invoke(event)
    pass_time(history, 12)
    asked = []
    refuse_first = lambda call: call.parameters.get("TopicArn") == chat.topic and not asked and not asked.append(call)
    wire.instead = lambda call: refusal("AuthorizationError") if refuse_first(call) else None

    answer = function.invoke(CLOCK)

    first, other = (re.sub(r"\[(\w+)\]", r"\1:", subject) for subject in answer["summaries"])
    header, *_, line = answer["webhook"]["blocks"]
    assert answer["published"] and header["text"]["text"] == first and line["text"]["text"] == f"*{other}*"
    assert len(asked) == 1 and "AuthorizationError" in function.log()[-1]["chatFailure"]


def test_of_two_bursts_the_mail_that_went_out_is_returned_though_the_other_did_not(account, bots, mailbox, start, history, wire):
    function = start(CHAT_WEBHOOK_FORMAT="teams", **history.settings)
    for caller in (deployer_session(account.role), account.carol.identity):
        for event in burst(caller, 6):
            function.invoke(event)
    mailbox.mails()
    pass_time(history, 12)
    sent = []
    refuse_second = lambda call: call.action == "Publish" and (sent.append(call) or len(sent) > 1)
    wire.instead = lambda call: refusal("AuthorizationError") if refuse_second(call) else None

    answer = function.invoke(CLOCK)

    assert answer["summaries"] == [mailbox.mail()["Subject"]] and answer["published"] and "webhook" in answer
    assert any("a burst was not summarized" in line["message"] for line in function.log() if line["level"] == "WARN")


def test_a_summary_that_cannot_be_noted_is_returned(account, bots, mailbox, start, history, wire):
    function = start(CHAT_WEBHOOK_FORMAT="slack", **history.settings)
    for event in burst(deployer_session(account.role), 6):
        function.invoke(event)
    mailbox.mails()
    pass_time(history, 12)
    mailed = lambda: any(call.action == "Publish" for call in wire.calls[begun:])
    begun = len(wire.calls)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if call.service == "dynamodb" and mailed() else None

    answer = function.invoke(CLOCK)

    assert answer["summaries"] == [mailbox.mail()["Subject"]] and answer["webhook"]["blocks"]
    assert "AccessDeniedException" in function.log()[-1]["historyFailure"]


def test_without_a_history_the_clock_finds_nothing_to_do(account, mailbox, start, wire):
    assert start().invoke(CLOCK) == {"summaries": []}
    assert [call for call in wire.calls if call.service == "dynamodb"] == []
