"""What came before an event, and how it changes the alert: chains, first activity, bursts and storms."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import permutations

import pytest
from stage import (
    ACCOUNT,
    HANG_UP,
    ROOT,
    Mailbox,
    Reply,
    create_user,
    deployer_session,
    event_of,
    refusal,
    refusal_in_json,
    sign_in,
    until,
)

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


# --- bursts and storms ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bots(aws, account):
    """Makes the users of the bursts: the function waits for one that IAM does not show yet."""
    for number in range(1, 22):
        aws.iam.create_user(UserName=f"bot-{number}")


def burst(caller, count, **changes):
    return [create_user(caller, f"bot-{number}", **changes) for number in range(1, count + 1)]


def pass_time(history, seconds=60):
    """Makes what was suppressed have been suppressed that many seconds earlier."""
    for item in history.items("FLOOD#suppressed"):
        history.table.put_item(Item=item | {"leftOutAt": item["leftOutAt"] - seconds * 1000})


def use_up_places(history, **shares):
    """Makes the mails of a share for this minute and the next be used up."""
    for minutes in (0, 1):
        minute = (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:00Z")
        history.table.put_item(Item={"pk": "FLOOD#mails", "sk": minute} | shares)


def listed(mail):
    """The ids of the events that a summary lists."""
    section = mail["Message"].split("WHAT WAS SUPPRESSED")[1].split("REFERENCE")[0]
    return re.findall(r"  ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9]{12})\n", section)


def ids(events):
    return [event["detail"]["eventID"] for event in events]


def test_five_of_a_burst_are_mailed_and_a_summary_lists_the_others(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    events = burst(role, 12)

    alerts = [function.invoke(event) for event in events]

    assert [alert["published"] for alert in alerts] == [True] * 5 + [False] * 7
    assert [mail["Message"] for mail in mailbox.mails()] == [alert["text"] for alert in alerts[:5]]
    assert "Burst: the 12th successful call of this caller since " in alerts[-1]["summary"]
    assert alerts[-1]["burst"].keys() == {"position", "stillMailed"}
    assert alerts[-1]["steps"][-1]["text"] == "List the suppressed alerts:"
    kept = history.items("EVENT")
    assert len(kept) == 12 and {event["state"] for event in kept} == {"done"} and sum(event["mailed"] for event in kept) == 5
    assert function.line_of(events[-1])["message"] == "alert suppressed"

    assert function.invoke(CLOCK) == {"summaries": []}, "others may still be on their way to the table"
    pass_time(history)
    with ThreadPoolExecutor() as pool:
        others = [start(**history.settings) for _ in range(2)]
        answers = list(pool.map(lambda function: function.invoke(CLOCK), [function, *others]))

    mail = mailbox.mail()
    assert sorted(answers, key=str) == [
        {"summaries": [mail["Subject"]], "published": True},
        {"summaries": []},
        {"summaries": []},
    ]
    assert mail["Subject"] == "[MEDIUM] Summary of 7 alerts on iam:CreateUser by deployer (build-42) in acme-prod"
    assert sorted(listed(mail)) == sorted(ids(events[5:]))
    assert mail["MessageAttributes"]["severity"]["Value"] == "MEDIUM"
    assert function.invoke(CLOCK) == {"summaries": []}


def test_what_comes_after_a_summary_is_in_the_next_one(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    events = burst(role, 9)
    for event in events[:7]:
        function.invoke(event)
    pass_time(history)
    function.invoke(CLOCK)
    for event in events[7:]:
        function.invoke(event)
    mailbox.mails()
    pass_time(history)

    assert function.invoke(CLOCK)["published"] and sorted(listed(mailbox.mail())) == sorted(ids(events[7:]))


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


def test_what_is_more_severe_and_other_actors_are_no_part_of_a_burst(account, bots, mailbox, start, history):
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


def test_names_that_a_caller_chooses_split_no_burst(account, bots, mailbox, start, history):
    """Twelve names of calls, a source identity of its own for each session, and nothing but denials."""
    function = start(**history.settings)
    names = ["CreateUser", "CreateRole", "CreateGroup", "CreatePolicy", "AttachUserPolicy", "PutUserPolicy"]
    names += ["CreateAccessKey", "CreateLoginProfile", "AddUserToGroup", "PutRolePolicy", "AttachRolePolicy", "DeleteUser"]
    noise = []
    for i in range(24):
        caller = deployer_session(account.role, f"session-{i}")
        caller["accessKeyId"] = f"ASIAEXAMPLE{i:09}"
        caller["sessionContext"]["sourceIdentity"] = f"somebody-{i}"
        noise.append(event_of(caller, names[i % 12], None, errorCode="AccessDenied", sourceIPAddress=f"203.0.113.{i}"))

    alerts = [function.invoke(event) for event in noise]

    assert [alert["published"] for alert in alerts] == [True] + [False] * 23
    mailbox.mails()
    pass_time(history)
    function.invoke(CLOCK)
    listed = "".join(mail["Message"] for mail in mailbox.mails())
    assert all(event["detail"]["eventID"] in listed for event in noise[1:])


def test_an_intruder_in_the_burst_of_a_pipeline_is_mailed(account, bots, mailbox, start, history):
    function, pipeline = start(**history.settings), deployer_session(account.role)
    for event in burst(pipeline, 10):
        function.invoke(event)
    more = create_user(pipeline, "bot-10")
    elsewhere = create_user(pipeline, "bot-11", sourceIPAddress="198.51.100.66")
    stolen = deployer_session(account.role, "stolen")
    stolen["accessKeyId"] = "ASIAEXAMPLESTOLEN001"

    alerts = [function.invoke(event) for event in (more, elsewhere, create_user(stolen, "bot-9"))]

    assert [alert["published"] for alert in alerts] == [False, True, True]


def test_a_storm_of_many_callers_is_a_few_mails_that_list_everything(account, bots, mailbox, start, history):
    function = start(**history.settings)
    use_up_places(history, others=20)
    callers = [
        {"type": "IAMUser", "principalId": f"AIDA{n}", "arn": f"arn:aws:iam::{ACCOUNT}:user/u{n}", "accountId": ACCOUNT}
        | {"userName": f"u{n}", "accessKeyId": "ASIAEXAMPLE"}
        for n in range(12)
    ]
    storm = [create_user(caller, "bot-1") for caller in callers]

    assert not any(function.invoke(event)["published"] for event in storm)
    bot = account.deploy_bot
    critical = function.invoke(create_user(deployer_session(account.role), "deploy-bot", bot.id))
    assert (critical["severity"], critical["published"]) == ("CRITICAL", True), "it has places of its own"

    mailbox.mails()
    pass_time(history)
    function.invoke(CLOCK)
    summaries = mailbox.mails()
    assert len(summaries) == 5, "four callers have a mail of their own, the others are one by their severity"
    assert sorted(event for mail in summaries for event in listed(mail)) == sorted(ids(storm))


def test_critical_alerts_are_summarized_when_their_own_places_are_used_up(account, bots, mailbox, start, history):
    function, bot = start(**history.settings), account.deploy_bot
    use_up_places(history, critical=20)
    event = create_user(deployer_session(account.role), "deploy-bot", bot.id)

    assert not function.invoke(event)["published"]
    assert function.invoke(create_user(deployer_session(account.role), "bot-1"))["published"], "the others have places"
    mailbox.mails()
    pass_time(history)
    function.invoke(CLOCK)

    mail = mailbox.mail()
    assert mail["Subject"].startswith("[CRITICAL] Summary of 1 alert ") and listed(mail) == ids([event])


def test_a_few_alerts_at_once_wait_for_each_other(account, bots, mailbox, start, history):
    functions = [start(**history.settings) for _ in range(4)]
    callers = [deployer_session(account.role), account.carol.identity]
    for function in functions:
        function.invoke(CLOCK)
    events = [create_user(callers[n % 2], f"bot-{n + 1}") for n in range(8)]
    with ThreadPoolExecutor(len(functions)) as pool:
        shares = [(function, events[n::4]) for n, function in enumerate(functions)]
        answers = list(pool.map(lambda share: [share[0].invoke(event) for event in share[1]], shares))

    assert all(answer["published"] for two in answers for answer in two) and len(mailbox.mails()) == 8
    for minute in history.items("FLOOD#mails"):
        assert all(count <= 4 for name, count in minute.items() if re.fullmatch(r"i\d+", name))


def test_what_cannot_be_recorded_as_suppressed_is_mailed(account, bots, mailbox, start, history, wire):
    function, role = start(**history.settings), deployer_session(account.role)
    for event in burst(role, 6):
        function.invoke(event)
    mailbox.mails()
    suppresses = lambda call: call.action == "TransactWriteItems" and "FLOOD#suppressed" in json.dumps(call.parameters)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if suppresses(call) else None
    event = create_user(role, "bot-7")

    alert = function.invoke(event)

    assert alert["published"] and len(mailbox.mails()) == 1
    assert "AccessDeniedException" in function.line_of(event)["historyFailure"]
    assert history.event(event)["mailed"] is True


def test_what_cannot_be_counted_is_mailed(account, bots, mailbox, start, history, wire):
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
    # Some of the first may be asked before the first five are counted.
    assert 5 <= mailed <= 10
    assert len(mailbox.mails()) == mailed
    assert len(history.items("EVENT")) == 60
    pass_time(history)
    functions[0].invoke(CLOCK)
    assert len(set(listed(mailbox.mail()))) == 60 - mailed


def test_the_retry_of_an_event_that_was_not_mailed_comes_at_once(account, bots, mailbox, start, history, wire):
    function = start(**history.settings)
    event = create_user(deployer_session(account.role), "bot-8")
    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else None
    assert function.invoke(event)["errorType"] == "NotPublished"
    wire.instead = lambda call: None

    begun = time.monotonic()
    alert = start(**history.settings).invoke(event)

    assert alert["published"] and time.monotonic() - begun < 10, "the claim was given back"
    assert "may have come before" not in alert["text"], "SNS definitely refused the first mail"


def test_a_mail_that_sns_may_have_taken_is_repeated_and_says_so(account, bots, mailbox, start, history, wire):
    function = start(**history.settings)
    asked = []

    def take_and_hang_up(call):
        if call.action == "Publish":
            asked.append(call)
            return HANG_UP if len(asked) == 1 else None

    wire.instead = take_and_hang_up
    event = create_user(deployer_session(account.role), "bot-8")

    assert function.invoke(event)["published"]
    assert "this mail may have come before" in mailbox.mail()["Message"]


def test_what_completes_a_chain_is_mailed_in_a_burst(account, bots, mailbox, start, history):
    function, role = start(**history.settings), deployer_session(account.role)
    for number in range(7):
        function.invoke(event_of(role, "DeleteUserPermissionsBoundary", {"userName": f"bot-{number + 1}"}))

    def grant(number):
        document = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
        request = {"userName": f"bot-{number}", "policyName": "p", "policyDocument": document}
        return function.invoke(event_of(role, "PutUserPolicy", request))

    assert all(grant(number)["published"] for number in range(1, 8))
    assert not grant(8)["published"], "it completes no chain"


def test_a_summary_that_could_not_be_sent_is_sent_later(account, bots, mailbox, start, history, wire):
    function, role = start(**history.settings), deployer_session(account.role)
    events = burst(role, 7)
    for event in events:
        function.invoke(event)
    mailbox.mails()
    pass_time(history)

    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else None
    assert function.invoke(CLOCK) == {"summaries": []}
    line = function.log()[-1]
    assert (line["level"], line["SummaryFailures"]) == ("ERROR", 1) and "AuthorizationError" in line["summaryFailure"]
    wire.instead = lambda call: refusal_in_json("InternalServerError") if call.action == "Query" else None
    assert function.invoke(CLOCK) == {"summaries": []}
    assert "InternalServerError" in function.log()[-1]["historyFailure"]
    wire.instead = lambda call: None

    function.invoke(CLOCK)

    assert function.log()[-1]["message"] == "schedule" and function.log()[-1]["listed"] == 2
    mail = mailbox.mail()
    assert sorted(listed(mail)) == sorted(ids(events[5:]))
    assert "may have come before" not in mail["Message"], "SNS definitely refused the first one"


def test_a_summary_that_is_not_noted_is_not_sent(account, bots, mailbox, start, history, wire):
    function = start(**history.settings)
    events = burst(deployer_session(account.role), 6)
    for event in events:
        function.invoke(event)
    mailbox.mails()
    pass_time(history)
    notes = lambda call: call.action == "UpdateItem" and "mailingTo" in json.dumps(call.parameters)
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if notes(call) else None

    assert function.invoke(CLOCK) == {"summaries": []} and mailbox.mails() == []
    assert "AccessDeniedException" in function.log()[-1]["historyFailure"]
    wire.instead = lambda call: None
    until(lambda: function.invoke(CLOCK).get("published"), "the end of the run that could not be noted")
    assert listed(mailbox.mail()) == ids(events[5:])


def test_a_summary_after_a_crash_says_that_it_may_be_the_second(account, bots, mailbox, start, history, wire):
    function = start(AWS_LAMBDA_FUNCTION_TIMEOUT="8", **history.settings)
    events = burst(deployer_session(account.role), 6)
    for event in events:
        function.invoke(event)
    mailbox.mails()
    pass_time(history)
    published = []

    def dead_after_the_mail(call):
        """For the table, this is a process that was killed."""
        if published:
            return HANG_UP
        if call.action == "Publish":
            published.append(call)

    wire.instead = dead_after_the_mail
    function.invoke(CLOCK)
    wire.instead = lambda call: None
    first = mailbox.mail()

    until(lambda: function.invoke(CLOCK).get("published"), "the end of the run that was killed")

    second = mailbox.mail()
    assert listed(first) == listed(second) == ids(events[5:])
    assert "may have come before" in second["Message"] and "may have come before" not in first["Message"]


def test_what_was_withdrawn_does_not_hold_up_the_rest(account, bots, mailbox, start, history):
    function = start(**history.settings)
    progress = {"pk": "FLOOD#summaries", "sk": "PROGRESS", "summingUp": 0, "listedTo": "", "mailed": 0, "begun": -1}
    # The alerts up to this place were to be mailed, and were mailed on their own after all.
    history.table.put_item(Item=progress | {"mailingTo": "2026-01-01T00:00:00.000Z#x", "groupsBy": 1})
    events = burst(deployer_session(account.role), 6)
    for event in events:
        function.invoke(event)
    mailbox.mails()
    pass_time(history)

    assert function.invoke(CLOCK)["published"] and listed(mailbox.mail()) == ids(events[5:])


def test_of_two_summaries_the_chat_that_failed_for_one_is_not_forgotten(aws, account, bots, mailbox, start, history, wire):
    chat = Mailbox(aws, "chat-of-bursts")
    function = start(CHAT_TOPIC_ARN=chat.topic, CHAT_WEBHOOK_FORMAT="slack", **history.settings)
    for caller in (deployer_session(account.role), account.carol.identity):
        for event in burst(caller, 6):
            function.invoke(event)
    pass_time(history)
    asked = []
    refuse_first = lambda call: call.parameters.get("TopicArn") == chat.topic and not asked and not asked.append(call)
    wire.instead = lambda call: refusal("AuthorizationError") if refuse_first(call) else None

    answer = function.invoke(CLOCK)

    first, other = (re.sub(r"\[(\w+)\]", r"\1:", subject) for subject in answer["summaries"])
    header, *_, line = answer["webhook"]["blocks"]
    assert answer["published"] and header["text"]["text"] == first and line["text"]["text"] == f"*{other}*"
    assert len(asked) == 1 and "AuthorizationError" in function.log()[-1]["chatFailure"]


def test_of_two_summaries_the_one_that_went_out_is_returned_though_the_other_did_not(account, bots, mailbox, start, history, wire):
    function = start(CHAT_WEBHOOK_FORMAT="teams", **history.settings)
    for caller in (deployer_session(account.role), account.carol.identity):
        for event in burst(caller, 6):
            function.invoke(event)
    mailbox.mails()
    pass_time(history)
    sent = []
    refuse_second = lambda call: call.action == "Publish" and (sent.append(call) or len(sent) > 1)
    wire.instead = lambda call: refusal("AuthorizationError") if refuse_second(call) else None

    answer = function.invoke(CLOCK)

    first = mailbox.mail()
    assert answer["summaries"] == [first["Subject"]] and answer["published"] and "webhook" in answer
    assert "AuthorizationError" in function.log()[-1]["summaryFailure"]
    wire.instead = lambda call: None
    assert function.invoke(CLOCK)["published"]
    assert not set(listed(mailbox.mail())) & set(listed(first)), "what was listed is not listed again"


# --- the schedule ---------------------------------------------------------------------------------------------


def test_the_schedule_counts_the_readers(account, mailbox, start, wire):
    function = start()
    counts = {"SubscriptionsConfirmed": 2, "SubscriptionsPending": 1}
    entries = "".join(f"<entry><key>{name}</key><value>{count}</value></entry>" for name, count in counts.items())
    attributes = f"<GetTopicAttributesResult><Attributes>{entries}</Attributes></GetTopicAttributesResult>"
    answer = Reply(200, f"<GetTopicAttributesResponse>{attributes}</GetTopicAttributesResponse>")
    wire.instead = lambda call: answer if call.action == "GetTopicAttributes" else None

    assert function.invoke(CLOCK) == {"summaries": []}
    line = function.log()[-1]
    assert {name: line[name] for name in counts} == counts
    assert {"Name": "SubscriptionsPending", "Unit": "Count"} in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    assert [call for call in wire.calls if call.service == "dynamodb"] == [], "there is no history"

    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "GetTopicAttributes" else None
    assert function.invoke(CLOCK) == {"summaries": []}
    assert "AuthorizationError" in function.log()[-1]["subscriptionsNotKnown"]
    assert "SubscriptionsConfirmed" not in function.log()[-1]


def test_without_a_history_an_instance_sends_one_mail_a_second(account, bots, mailbox, start, wire):
    function = start()
    for event in burst(deployer_session(account.role), 4):
        assert function.invoke(event)["published"]

    begun = [call.begun for call in wire.called("Publish")]
    assert all(later - earlier > 0.95 for earlier, later in zip(begun, begun[1:])) and len(mailbox.mails()) == 4
