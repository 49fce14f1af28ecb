"""The history of the function, with the real binary, and moto as AWS."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from stage import (
    ACCOUNT,
    COLLISION,
    HANG_UP,
    PATIENCE,
    ROOT,
    create_user,
    deployer_session,
    event_of,
    longest_chain,
    refusal,
    refusal_in_json,
    rules_that_match,
    sign_in,
    until,
    values,
)

ALERTED_BEFORE = "it was alerted on before"
MAY_COME_TWICE = "\nThe history could not be asked: this alert may come twice.\n"
WATCH_ALL = {"WATCHED_EVENT_NAMES": "*", "MINIMUM_SEVERITY": "LOW"}


def at(seconds):
    """A time so many seconds after 10 o'clock of a day."""
    return (datetime(2026, 11, 20, 10) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def tag(caller, seconds, name="idle-bot"):
    """The event of a user that was tagged."""
    return event_of(caller, "TagUser", {"userName": name, "tags": []}, eventTime=at(seconds))


def line(alert, actor, call, target):
    """How an alert stands in the list of a later one."""
    name = f"{alert['time'][5:10]} {alert['time'][11:19]}"
    return f"{name}  {alert['severity']:<8}  {actor}  {call}  {target}"


def claims(wire):
    """The calls that claim an event, with the event's item first."""
    return [call for call in wire.called("TransactWriteItems") if state(call) == "claimed"]


def state(call):
    return call.parameters["TransactItems"][0]["Put"]["Item"]["state"]["S"]


# --- one alert an event ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("collide", [pytest.param(False, id="one by one"), pytest.param(True, id="colliding")])
def test_an_event_that_is_delivered_fifty_times_is_mailed_once(account, mailbox, start, history, wire, collide):
    wire.collide = collide
    functions = [start(**history.settings) for _ in range(10)]
    # Nothing is looked up for it, so that moto is not what the claims wait for.
    event = sign_in(ROOT, "No")

    with ThreadPoolExecutor(len(functions)) as pool:
        answers = [
            answer
            for answers in pool.map(lambda function: [function.invoke(event) for _ in range(5)], functions)
            for answer in answers
        ]

    not_alerted = {"eventId": event["detail"]["eventID"], "notAlerted": ALERTED_BEFORE}
    others = [answer for answer in answers if "severity" not in answer]
    assert len(answers) == 50
    assert [answer for answer in others if answer != not_alerted and answer.get("errorType") != "InProgress"] == []
    # The sign-in is CRITICAL: an instance that knows only by the history that it was alerted on alerts again, once, and
    # says so. One that waited for the other, or collided with it, knows better.
    mails = mailbox.mails()
    assert len(others) == 50 - len(mails) and 1 <= len(mails) <= len(functions)
    assert sum("The history says that this event was alerted on before" in mail["Message"] for mail in mails) == len(mails) - 1
    assert functions[0].invoke(event) == not_alerted
    assert mailbox.mails() == []


def test_what_only_the_history_says_keeps_no_critical_alert_back(account, mailbox, start, history):
    critical = sign_in(ROOT, "No")
    medium = create_user(account.carol.identity, "idle-bot", account.idle_bot.id)
    for event in (critical, medium):
        history.forge(event, state="done")

    answers = [start(**history.settings).invoke(event) for event in (critical, medium)]

    assert answers[0]["published"] and "somebody has written to the history" in " ".join(mailbox.mail()["Message"].split())
    assert answers[1]["notAlerted"] == ALERTED_BEFORE


def test_a_claim_that_no_invocation_can_have_is_void(account, mailbox, start, history):
    event = create_user(account.carol.identity, "idle-bot", account.idle_bot.id)
    history.forge(event, state="claimed", claimedUntil=int((time.time() + 86_400) * 1000))

    assert start(**history.settings).invoke(event)["published"]
    assert len(mailbox.mails()) == 1


def test_forged_counts_keep_no_critical_alert_back(account, mailbox, start, history):
    function, bot = start(**history.settings), account.deploy_bot
    day, minute = time.strftime("%Y-%m-%d", time.gmtime()), int(time.time() % 86_400 // 60)
    history.put(f"FLOOD#{day}", f"{account.role.arn}#succeeded", **{f"m{minute}": 9_999, "CRITICAL": minute})

    answer = function.invoke(create_user(deployer_session(account.role), "deploy-bot", bot.id))

    assert (answer["severity"], answer["published"]) == ("CRITICAL", True)


def test_an_event_that_was_alerted_on_is_not_alerted_on_by_another_instance(account, mailbox, start, history, wire):
    event = create_user(account.carol.identity, "idle-bot", account.idle_bot.id)
    start(**history.settings).invoke(event)
    recorded = history.items()
    function = start(**history.settings)

    answer = function.invoke(event)

    assert answer == {"eventId": event["detail"]["eventID"], "notAlerted": ALERTED_BEFORE}
    assert function.line_of(event)["notAlerted"] == ALERTED_BEFORE
    assert len(mailbox.mails()) == 1
    assert history.items() == recorded


def test_an_event_that_another_instance_works_on_is_tried_again_later(account, mailbox, start, history, wire):
    event = sign_in(ROOT, "No")
    go_on = wire.hold_up("Publish")

    with ThreadPoolExecutor() as pool:
        first = pool.submit(start(**history.settings).invoke, event)
        until(lambda: wire.called("Publish"), "the mail")
        # Of 8 seconds, 4 are kept for publishing.
        function = start(AWS_LAMBDA_FUNCTION_TIMEOUT="8", **history.settings)
        answer = function.invoke(event)
        go_on.set()

    assert answer["errorType"] == "InProgress"
    assert event["detail"]["eventID"] in answer["errorMessage"]
    assert function.line_of(event)["level"] == "ERROR"
    assert first.result()["published"] is True
    assert len(mailbox.mails()) == 1


@pytest.mark.parametrize("crash", ["the process is killed", "SNS refuses"])
def test_after_a_crash_between_claim_and_mail_the_next_delivery_mails(account, mailbox, start, history, wire, crash):
    event = create_user(account.carol.identity, "idle-bot", account.idle_bot.id)
    # The claim ends with the function's time.
    first = start(AWS_LAMBDA_FUNCTION_TIMEOUT="7", **history.settings)
    if crash == "SNS refuses":
        wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else None
        assert first.invoke(event)["errorType"] == "NotPublished"
    else:
        dead = threading.Event()
        wire.instead = lambda call: dead.wait(PATIENCE) and refusal("TooLate") if call.action == "Publish" else None
        with ThreadPoolExecutor() as pool:
            invocation = pool.submit(first.invoke, event)
            until(lambda: wire.called("Publish"), "the mail")
            first.close()
            dead.set()
            assert invocation.exception()
    claimed = history.event(event)
    assert claimed["state"] == ("released" if crash == "SNS refuses" else "claimed")
    assert mailbox.mails() == []
    wire.instead = lambda call: None

    alert = start(**history.settings).invoke(event)

    # Whether a process that was killed had sent the mail is not known.
    dead = crash == "the process is killed"
    assert (time.time() * 1000 >= claimed["claimedUntil"]) == dead
    assert ("this alert may have come before" in alert["summary"]) == dead
    assert alert["published"] is True
    assert mailbox.mail()["Message"] == alert["text"]
    assert history.event(event)["state"] == "done"


def test_a_claim_ends_with_the_time_of_the_function_however_long_it_waited(account, mailbox, start, history, wire):
    function, event = start(**history.settings), sign_in(ROOT, "No")
    function.invoke(sign_in(ROOT, "No"))  # starts it
    begun = time.time() * 1000
    key = {"pk": f"EVENT#{event['detail']['eventID']}", "sk": "EVENT"}
    history.table.put_item(Item=key | {"state": "claimed", "claimedUntil": int(begun + 3_000)})

    function.invoke(event)

    item = claims(wire)[-1].parameters["TransactItems"][0]["Put"]["Item"]
    assert int(item["claimedUntil"]["N"]) < begun + 31_000  # and it has 30 seconds


def test_a_claim_that_collides_with_another_is_tried_again(account, mailbox, start, history, wire):
    function, event = start(**history.settings), sign_in(ROOT, "No")
    function.invoke(event)
    wire.calls.clear()
    wire.instead = lambda call: COLLISION if claims(wire) == [call] else None

    answer = function.invoke(event)

    assert answer.get("notAlerted") == ALERTED_BEFORE
    assert len(mailbox.mails()) == 1


def test_an_alert_is_recorded_though_a_claim_collides_with_it(account, mailbox, start, history, wire):
    def collide_once(call):
        done = [call for call in wire.called("TransactWriteItems") if state(call) == "done"]
        return COLLISION if done == [call] else None

    wire.instead = collide_once
    event = sign_in(ROOT, "No")
    function = start(**history.settings)

    function.invoke(event)

    assert "historyFailure" not in function.line_of(event)
    assert history.event(event)["state"] == "done"


# --- without it -----------------------------------------------------------------------------------------------


#: The other possible reason where the SDK's pauses between its attempts, which are random, outlast the patience.
TOO_LATE = "the history did not answer in time"


def deleted(history, wire):
    history.table.delete()


def slow(history, wire):
    wire.instead = lambda call: time.sleep(2.5) if call.service == "dynamodb" else None


def hung_up(history, wire):
    wire.instead = lambda call: HANG_UP if call.service == "dynamodb" else None


def refused(code):
    def refuse(history, wire):
        wire.instead = lambda call: refusal_in_json(code) if call.service == "dynamodb" else None

    return refuse


@pytest.mark.parametrize(
    "trouble, settings, why",
    [
        pytest.param(deleted, {}, "the history answered ResourceNotFoundException", id="deleted"),
        pytest.param(
            None,
            {"HISTORY_TABLE": "never-made"},
            "the history answered ResourceNotFoundException",
            id="never there",
        ),
        pytest.param(hung_up, {}, "the history could not be reached", id="not reached"),
        pytest.param(slow, {}, TOO_LATE, id="slow"),
        pytest.param(
            refused("ProvisionedThroughputExceededException"),
            {},
            "the history answered ProvisionedThroughputExceededException",
            id="throttled",
        ),
        pytest.param(
            refused("AccessDeniedException"), {}, "the history answered AccessDeniedException", id="not allowed"
        ),
    ],
)
def test_without_the_history_the_mail_says_what_is_not_known(
    request, account, mailbox, start, history, wire, trouble, settings, why
):
    if trouble:
        trouble(history, wire)
    function = start(**history.settings | settings)
    event = create_user(account.carol.identity, "idle-bot", account.idle_bot.id)

    alert = function.invoke(event)

    reported = alert["relatedActivity"].pop("notKnown")
    assert alert["relatedActivity"] == {}
    assert reported == why or (reported == TOO_LATE and request.node.callspec.id in ("throttled", "not reached"))
    assert mailbox.mail()["Message"] == alert["text"]
    assert f"RELATED ACTIVITY (24 h)\n  Not known          {reported}\n" in alert["text"]
    assert MAY_COME_TWICE in alert["text"] and MAY_COME_TWICE.strip() in alert["summary"]
    line = function.line_of(event)
    assert (line["message"], line["LookupFailures"]) == ("alert published", 0)
    assert line["historyFailure"] in (why, reported, TOO_LATE)
    # Two seconds of patience; the SDK alone would wait for 6.
    assert line["lookup_ms"] < 4_000


def test_where_only_the_related_activity_fails_the_alert_still_comes_once(account, mailbox, start, history, wire):
    wire.instead = lambda call: refusal_in_json("InternalServerError") if call.action == "Query" else None
    function = start(**history.settings)
    event = create_user(account.carol.identity, "idle-bot", account.idle_bot.id)

    alert = function.invoke(event)

    assert alert["relatedActivity"] == {"notKnown": "the history answered InternalServerError"}
    assert MAY_COME_TWICE not in alert["text"]
    assert "InternalServerError" in function.line_of(event)["historyFailure"]
    assert function.invoke(event)["notAlerted"] == ALERTED_BEFORE
    assert len(mailbox.mails()) == 1


def test_what_could_not_be_recorded_stands_in_the_log(account, mailbox, start, history, wire):
    def refuse_the_alert(call):
        if call.action == "TransactWriteItems" and state(call) == "done":
            return refusal_in_json("AccessDeniedException")
        return None

    wire.instead = refuse_the_alert
    function = start(**history.settings)
    event = sign_in(ROOT, "No")

    alert = function.invoke(event)

    assert mailbox.mail()["Message"] == alert["text"]
    assert "AccessDeniedException" in function.line_of(event)["historyFailure"]
    kept = history.event(event)
    assert kept["state"] == "done" and "alert" not in kept, "at least, there is no second mail"


def test_without_a_table_nothing_is_recorded_and_nothing_said(account, mailbox, start, wire):
    function, event = start(HISTORY_TABLE=" "), sign_in(ROOT, "No")

    alerts = [function.invoke(event) for _ in range(2)]

    assert [call for call in wire.calls if call.service == "dynamodb"] == []
    assert all("relatedActivity" not in alert and "RELATED ACTIVITY" not in alert["text"] for alert in alerts)
    assert len(mailbox.mails()) == 2


# --- what is recorded -----------------------------------------------------------------------------------------


def test_an_event_is_recorded_in_full_and_in_three_lists(account, mailbox, start, history):
    carol, bot = account.carol, account.deploy_bot
    event = create_user(carol.identity, "deploy-bot", bot.id)
    happened, event_id = event["detail"]["eventTime"], event["detail"]["eventID"]

    alert = start(**history.settings).invoke(event)

    line = {
        "eventId": event_id,
        "time": happened,
        "call": "iam:CreateUser",
        "outcome": "succeeded",
        "actor": "ops-carol",
        "actorKey": carol.arn,
        "target": "IAM user deploy-bot",
        "accountId": ACCOUNT,
        "steps": ["user-created", "worked"],
        "severity": "CRITICAL",
        "subject": alert["subject"],
        "mail": "mailed",
        "limits": ["administrator", "credentials"],
    }
    target = f"{ACCOUNT}:iam:user/deploy-bot"
    day = f"{ACCOUNT}#{happened[:10]}"
    items = history.items()
    expires = {item.pop("expiresAt") for item in items}
    of_event = items.pop(2)
    assert items == [
        line | {"pk": pk, "sk": f"{happened}#{event_id}"}
        for pk in (f"ACTOR#{carol.arn}", f"DAY#{day}", f"TARGET#{target}")
    ]
    assert json.loads(of_event.pop("record")) == event["detail"]
    assert of_event == line | {
        "pk": f"EVENT#{event_id}",
        "sk": "EVENT",
        "state": "done",
        "targetKey": target,
        "sourceAddress": "198.51.100.7",
        "reasons": [reason["text"] for reason in alert["reasons"]],
        "alert": alert["text"],
        "mailed": True,
        "cut": False,
    }
    in_a_year = time.time() + 365 * 86_400
    assert all(in_a_year - PATIENCE < moment <= in_a_year for moment in expires)


@pytest.mark.parametrize("days, kept_for", [("0", None), ("30", 30 * 86_400)])
def test_the_history_is_kept_as_long_as_is_set(account, mailbox, start, history, days, kept_for):
    start(HISTORY_RETENTION_DAYS=days, **history.settings).invoke(sign_in(ROOT, "No"))

    expires = [item.get("expiresAt") for item in history.items()]
    assert len(expires) == 4
    if kept_for is None:
        assert set(expires) == {None}
    else:
        assert all(0 <= time.time() + kept_for - int(moment) < PATIENCE for moment in expires)


@pytest.mark.parametrize(
    "padding",
    [
        pytest.param("x" * 300_000, id="plain"),
        pytest.param("\u00e9\U0001f511" * 50_000, id="characters of several bytes"),
        pytest.param('"\\' * 75_000, id="to be escaped"),
    ],
)
def test_a_record_that_is_too_long_is_cut_and_marked(account, mailbox, start, history, padding):
    function = start(**history.settings)
    event = create_user(account.carol.identity, "idle-bot", account.idle_bot.id, additionalEventData={"more": padding})

    alert = function.invoke(event)

    item = history.event(event)
    assert (item["state"], item["cut"]) == ("done", True)
    assert 119_990 < len(item["record"].encode()) <= 120_000
    assert item["alert"] == alert["text"]
    assert "historyFailure" not in function.line_of(event)
    assert len(mailbox.mails()) == 1


def test_an_event_below_the_minimum_severity_is_recorded_as_not_mailed(account, mailbox, start, history):
    function = start(MINIMUM_SEVERITY="CRITICAL", **history.settings)
    event = create_user(account.carol.identity, "idle-bot", account.idle_bot.id)

    alert = function.invoke(event)

    item = history.event(event)
    assert (item["mailed"], item["severity"], item["alert"]) == (False, alert["severity"], alert["text"])
    assert len(history.items()) == 4
    assert function.invoke(event)["notAlerted"] == ALERTED_BEFORE
    assert mailbox.mails() == []


def test_an_event_that_is_not_watched_is_recorded_with_why_and_not_mailed(template, account, mailbox, start, history):
    function = start(**history.settings)
    event = tag(account.carol.identity, 0)
    # The rule has no list of calls: the function decides.
    assert rules_that_match(template, event) == ["IamRule"]

    answers = [function.invoke(event) for _ in range(2)]

    item = history.event(event)
    assert len(history.items()) == 4
    assert [answer["notAlerted"] for answer in answers] == [item["notTold"]] * 2
    assert (item["state"], item["mailed"], item["actorKey"]) == ("untold", False, account.carol.arn)
    assert json.loads(item["record"]) == event["detail"]
    assert "severity" not in item
    assert mailbox.mails() == []
    # If it is watched from now on, it is alerted on.
    assert "severity" in start(**history.settings | WATCH_ALL).invoke(event)
    assert history.event(event)["state"] == "done"


def test_what_other_services_did_elsewhere_is_not_recorded(account, mailbox, start, history):
    event = event_of(account.carol.identity, "DeleteTopic", {"topicArn": "arn:aws:sns:us-east-1:1:x"}, service="sns")

    assert "notAlerted" in start(**history.settings).invoke(event)

    assert history.items() == []


def test_an_alert_stays_recorded_where_the_event_is_not_watched_any_more(account, mailbox, start, history):
    event = tag(account.carol.identity, 0)
    start(**history.settings | WATCH_ALL).invoke(event)
    recorded = history.items()

    answer = start(**history.settings).invoke(event)

    assert "notAlerted" in answer
    assert history.items() == recorded


def test_an_event_of_another_source_is_not_recorded(account, mailbox, start, history, wire):
    refused = create_user(account.carol.identity, "idle-bot") | {"source": "my.app"}

    assert start(**history.settings).invoke(refused)["errorType"] == "ForeignSource"

    assert [call for call in wire.calls if call.service == "dynamodb"] == []


def test_an_event_without_an_id_is_alerted_on_once_and_recorded(account, mailbox, start, history):
    function = start(**history.settings)
    event, other = sign_in(ROOT, "No", eventID=None), sign_in(ROOT, "Yes", eventID=None)

    alert = function.invoke(event)

    assert "notKnown" not in alert["relatedActivity"]
    assert function.invoke(event)["notAlerted"] == ALERTED_BEFORE
    assert "severity" in function.invoke(other)
    assert len(mailbox.mails()) == 2
    assert len(history.items("EVENT#without-id-")) == 2


def test_an_event_without_a_time_stands_once_in_each_list(account, mailbox, start, history, wire):
    event = sign_in(ROOT, "No", eventTime=None)
    del event["time"]
    # The clock goes on between the claim and what is recorded in the end.
    wire.instead = lambda call: time.sleep(1.5) if call.action == "Publish" else None

    start(**history.settings).invoke(event)

    assert len(history.items("ACTOR")) == len(history.items("TARGET")) == len(history.items("DAY")) == 1


# --- related activity -----------------------------------------------------------------------------------------


def test_a_mail_lists_what_the_caller_did_before(account, mailbox, start, history):
    function, carol, bot = start(**history.settings), account.carol, {"userName": "idle-bot"}
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    new = bot | {"accessKeyId": "AKIAEXAMPLE", "status": "Active"}

    created = function.invoke(create_user(carol.identity, "idle-bot", account.idle_bot.id, eventTime=at(1)))
    key = function.invoke(event_of(carol.identity, "CreateAccessKey", bot, {"accessKey": new}, eventTime=at(2)))
    attached = function.invoke(
        event_of(carol.identity, "AttachUserPolicy", bot | {"policyArn": administrator}, eventTime=at(3))
    )

    by_carol = [
        line(alert, "ops-carol", f"iam:{call}", "IAM user idle-bot")
        for alert, call in ((key, "CreateAccessKey"), (created, "CreateUser"))
    ]
    nothing = "none recorded"
    assert created["relatedActivity"] == {"byCaller": nothing, "toTarget": nothing}
    assert key["relatedActivity"] == {"byCaller": by_carol[1], "toTarget": nothing}
    assert attached["relatedActivity"] == {"byCaller": by_carol, "toTarget": nothing}
    assert "\n".join(
        [
            "RELATED ACTIVITY (24 h)",
            f"  By the caller      {by_carol[0]}",
            f"                     {by_carol[1]}",
            f"  To the target      {nothing}",
            "",
        ]
    ) in attached["text"]


def test_what_others_did_to_the_target_stands_apart(account, mailbox, start, history):
    function, carol, role = start(**history.settings), account.carol.identity, deployer_session(account.role)
    bot = {"userName": "idle-bot"}
    by_role = function.invoke(event_of(role, "CreateLoginProfile", bot, eventTime=at(1)))
    by_carol = function.invoke(event_of(carol, "CreateAccessKey", bot, eventTime=at(2)))
    denied = function.invoke(
        event_of(role, "AttachUserPolicy", {"userName": "build-bot"}, eventTime=at(3), errorCode="AccessDenied")
    )

    alert = function.invoke(event_of(carol, "DeleteUserPermissionsBoundary", bot, eventTime=at(4)))

    to_bot = "IAM user idle-bot"
    of_role = line(by_role, "deployer (build-42)", "iam:CreateLoginProfile", to_bot)
    assert by_carol["relatedActivity"]["toTarget"] == of_role
    assert alert["relatedActivity"] == {
        "byCaller": line(by_carol, "ops-carol", "iam:CreateAccessKey", to_bot),
        "toTarget": of_role,
    }
    assert denied["relatedActivity"]["byCaller"] == of_role
    again = function.invoke(event_of(role, "CreateUser", {"userName": "build-bot"}, eventTime=at(5)))
    by_role_again = line(denied, "deployer (build-42)", "iam:AttachUserPolicy (denied)", "IAM user build-bot")
    assert again["relatedActivity"]["byCaller"] == [by_role_again, of_role]


def test_ten_are_shown_and_the_others_counted(account, mailbox, start, history):
    function, carol = start(**history.settings | WATCH_ALL), account.carol.identity
    *alerts, last = [function.invoke(tag(carol, second)) for second in range(13)]

    tagged = [line(alert, "ops-carol", "iam:TagUser", "IAM user idle-bot") for alert in reversed(alerts)]
    assert last["relatedActivity"]["byCaller"] == [*tagged[:10], "and 2 more"]


def test_what_is_older_than_a_day_is_not_related(account, mailbox, start, history):
    function, carol = start(**history.settings | WATCH_ALL), account.carol.identity
    day = 86_400
    function.invoke(tag(carol, -day - 2))
    function.invoke(tag(carol, -day + 2))

    alert = function.invoke(tag(carol, 0))

    assert values(alert["relatedActivity"]["byCaller"])[0].startswith("11-19 10:00:02  ")
    assert len(values(alert["relatedActivity"]["byCaller"])) == 1


def test_what_arrives_late_finds_what_came_after_it(account, mailbox, start, history):
    function, carol = start(**history.settings | WATCH_ALL), account.carol.identity
    later = function.invoke(tag(carol, 5))

    alert = function.invoke(tag(carol, 1))

    assert alert["relatedActivity"]["byCaller"] == line(later, "ops-carol", "iam:TagUser", "IAM user idle-bot")


def test_of_two_events_at_once_the_later_finds_the_one_not_alerted_on_yet(account, mailbox, start, history, wire):
    go_on = wire.hold_up("Publish")
    carol = account.carol.identity

    with ThreadPoolExecutor() as pool:
        first = pool.submit(start(**history.settings | WATCH_ALL).invoke, tag(carol, 0))
        until(lambda: wire.called("Publish"), "the mail")
        second = start(**history.settings | WATCH_ALL).invoke(tag(carol, 1))
        go_on.set()

    not_alerted_yet = line(first.result() | {"severity": ""}, "ops-carol", "iam:TagUser", "IAM user idle-bot")
    assert second["relatedActivity"]["byCaller"] == not_alerted_yet


@pytest.mark.parametrize(
    "one, other, same",
    [
        pytest.param({"name": "monday"}, {"name": "tuesday"}, True, id="another session"),
        pytest.param({"sourceIdentity": "dana"}, {"sourceIdentity": "erin"}, False, id="another source identity"),
        pytest.param(
            {"name": "monday", "sourceIdentity": "dana"},
            {"name": "tuesday", "sourceIdentity": "dana"},
            True,
            id="another session of the same source identity",
        ),
        pytest.param({}, {"sourceIdentity": "erin"}, False, id="without and with a source identity"),
    ],
)
def test_a_role_with_its_source_identity_is_an_actor(account, mailbox, start, history, one, other, same):
    function = start(**history.settings | WATCH_ALL)
    function.invoke(tag(deployer_session(account.role, **one), 0, "idle-bot"))

    alert = function.invoke(tag(deployer_session(account.role, **other), 1, "build-bot"))

    assert ("TagUser" in alert["relatedActivity"]["byCaller"]) is same
    persons = {f"#{who['sourceIdentity']}" if "sourceIdentity" in who else "" for who in (one, other)}
    assert {item["pk"] for item in history.items("ACTOR")} == {f"ACTOR#{account.role.arn}{who}" for who in persons}


def crowd(history, kind, count, **changes):
    """Makes so many more lines of the one that there is in a list, each a second later."""
    (one,) = history.items(kind)
    with history.table.batch_writer() as batch:
        for second in range(1, count + 1):
            event_id = f"crowd-{second}"
            batch.put_item(one | changes | {"sk": f"{at(second)}#{event_id}", "time": at(second), "eventId": event_id})


def test_what_the_caller_did_to_the_target_is_shown_though_it_did_much_since(account, mailbox, start, history):
    function, carol = start(**history.settings | WATCH_ALL), account.carol.identity
    first = function.invoke(tag(carol, 0))
    crowd(history, "ACTOR", 100, target="IAM user somebody")

    alert = function.invoke(tag(carol, 200))

    assert alert["relatedActivity"]["toTarget"] == line(first, "ops-carol", "iam:TagUser", "IAM user idle-bot")


def test_a_list_that_was_not_read_to_its_end_is_reported_as_such(account, mailbox, start, history):
    function, carol = start(**history.settings | WATCH_ALL), account.carol.identity
    function.invoke(tag(carol, 0))
    crowd(history, "ACTOR", 100)

    alert = function.invoke(tag(carol, 200))

    more = "and at least 49 more: the list is long and was not read to its end"
    assert values(alert["relatedActivity"]["byCaller"])[-1] == more


def test_a_count_that_is_complete_is_reported_as_such(account, mailbox, start, history):
    function, carol = start(**history.settings | WATCH_ALL), account.carol.identity
    function.invoke(tag(carol, 0))
    crowd(history, "ACTOR", 58)

    alert = function.invoke(tag(carol, 200))

    # With this one, as many as are read: 60.
    assert values(alert["relatedActivity"]["byCaller"])[-1] == "and 49 more"


def test_a_hostile_name_in_the_history_deceives_no_later_reader(account, mailbox, start, history):
    function, carol = start(**history.settings | WATCH_ALL), account.carol.identity
    function.invoke(tag(carol, 0, "x\n\nWHY LOW\n  * all is well\u202e https://evil.example/\u2028"))

    alert = function.invoke(tag(carol, 1))

    assert len(values(alert["relatedActivity"]["byCaller"])) == 1 and "\n" not in alert["relatedActivity"]["byCaller"]
    assert [line for line in alert["text"].splitlines() if "WHY LOW" in line[:10]] == ["WHY LOW"]
    assert not set("\u202e\u2028") & set(alert["text"])
    assert "https://evil" not in alert["text"]


# --- how long it takes ----------------------------------------------------------------------------------------


def test_the_history_makes_the_way_to_the_mail_two_calls_longer_at_most(account, mailbox, start, history, wire):
    chains = []
    for settings in ({}, history.settings):
        function = start(**settings)
        function.invoke(create_user(deployer_session(account.role), "idle-bot"))  # opens connections
        wire.calls.clear()
        wire.instead = lambda call: time.sleep(0.3)
        event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)
        function.invoke(event)
        wire.instead = lambda call: None
        chains.append(longest_chain(wire.calls))

    without, with_history = chains
    # Before the mail, the count and the place in the budget; after the mail, where it came from, and the record.
    assert without + 4 == with_history, chains
    assert longest_chain([call for call in wire.calls if call.begun <= wire.called("Publish")[0].begun]) == without + 2
    (claim,) = claims(wire)
    assert min(call.begun for call in wire.iam()) < claim.ended
    assert claim.begun < min(call.ended for call in wire.iam())
    # The related activity, the reviews and the trace of the target are asked for after the claim, all at once, and the
    # alert is recorded after the mail.
    queries = wire.called("Query")
    lists = sorted(call.parameters["ExpressionAttributeValues"][":pk"]["S"].split("#")[0] for call in queries)
    assert lists == ["ACTOR", "ENTITY", "ENTITY", "REVIEW", "TARGET"] and longest_chain(queries) == 1
    assert all(claim.ended <= query.begun for query in queries)
    (mail,) = wire.called("Publish")
    (kept,) = [call for call in wire.called("TransactWriteItems") if state(call) == "done"]
    assert kept.begun >= mail.ended
