"""From the event to the mail, with the real binary and moto as AWS."""

import re
import shlex

import pytest
from conftest import IN_POLICIES
from stage import ACCOUNT, PATIENCE, SECRET, create_user, longest_chain, refusal


def values(fact):
    """The values of a fact in the JSON: a list where there are several."""
    return [fact] if isinstance(fact, str) else fact


def deployer_session(role, name="build-42"):
    """A session of the role deployer, as CloudTrail writes it."""
    issuer = {"type": "Role", "principalId": role.id, "arn": role.arn, "accountId": ACCOUNT, "userName": role.name}
    return {
        "type": "AssumedRole",
        "principalId": f"{role.id}:{name}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": "2026-11-22T05:00:00Z", "mfaAuthenticated": "false"},
        },
    }


# --- what the alert says --------------------------------------------------------------------------------------


def test_the_alert_says_who_did_what_and_how_bad_it_is(account, mailbox, start):
    carol, bot = account.carol, account.deploy_bot

    alert = start().invoke(create_user(carol.identity, "deploy-bot", bot.id))

    assert alert["severity"] == "CRITICAL"
    assert alert["subject"] == "[CRITICAL] IAM user deploy-bot created by ops-carol in acme-prod"
    assert [reason["rule"] for reason in alert["reasons"]] == [
        "target_is_administrator",
        "target_has_credentials",
        "long_lived_key_without_mfa",
        "action",
    ]
    who = alert["who"]
    assert who["arn"] == carol.arn
    assert who["groups"] == "Admins"
    assert who["power"].startswith("administrator: AdministratorAccess")
    assert carol.key in who["credential"] and "created" in who["credential"]
    assert who["mfa"].endswith("0 devices registered")
    assert who["tags"] == "team=platform"
    what = alert["what"]
    assert (what["arn"], what["id"]) == (bot.arn, bot.id)
    assert what["groups"] == "Bots"
    assert what["power"] == "administrator: everything (through the group Bots)"
    assert what["console"] == "no password"
    assert bot.key in what["accessKeys"] and "active" in what["accessKeys"]
    for section in (who, what):
        assert "unknown" not in section and "replaced" not in section
    assert any(bot.key in command for step in alert["steps"] for command in step["commands"])
    urls = [link["url"] for link in alert["links"]]
    assert "https://console.aws.amazon.com/iam/home#/users/details/deploy-bot" in urls
    assert any(url.endswith(f"#/events/{alert['eventId']}") for url in urls)


def test_the_mail_is_what_the_function_answers(account, mailbox, start):
    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    mail = mailbox.mail()
    assert alert["published"] is True
    assert (mail["Subject"], mail["Message"]) == (alert["subject"], alert["text"])
    assert mail["MessageAttributes"]["severity"]["Value"] == "CRITICAL"
    assert mail["Message"].startswith("CRITICAL - IAM user created\nops-carol created the IAM user deploy-bot")
    for fact in (account.carol.key, account.deploy_bot.key, "acme-prod (123456789012)", alert["eventId"]):
        assert fact in mail["Message"]


def test_of_a_role_session_the_role_is_looked_up(account, mailbox, start):
    session = deployer_session(account.role)

    alert = start().invoke(create_user(session, "idle-bot", account.idle_bot.id))

    who = alert["who"]
    assert alert["subject"].endswith("IAM user idle-bot created by deployer (build-42) in acme-prod")
    assert alert["severity"] == "MEDIUM"
    assert who["role"] == account.role.arn
    assert who["description"] == "Deploys from the pipeline"
    assert who["tags"] == "team=delivery"
    assert who["power"].startswith("administrator: manage-users")
    assert values(who["policies"]) == ["manage-users (attached)", "read-logs (inline)"]
    assert "unknown" not in who
    assert alert["what"]["power"].startswith("none yet")
    assert mailbox.mail()["Subject"] == alert["subject"]


def test_a_denied_attempt_names_the_user_that_was_to_be(account, mailbox, start):
    message = (
        f"User: {account.carol.arn} is not authorized to perform: iam:CreateUser on resource: "
        f"arn:aws:iam::{ACCOUNT}:user/backdoor because no identity-based policy allows the iam:CreateUser action"
    )
    event = create_user(
        account.carol.identity,
        "backdoor",
        errorCode="AccessDenied",
        errorMessage=message,
        requestParameters=None,
        responseElements=None,
    )

    alert = start().invoke(event)

    assert alert["outcome"] == "denied"
    assert alert["subject"] == "[HIGH] Denied: create IAM user backdoor by ops-carol in acme-prod"
    assert alert["what"]["lookup"] == "no user of this name exists"
    assert alert["who"]["groups"] == "Admins"
    assert mailbox.mail()["Subject"] == alert["subject"]


def test_a_user_that_iam_does_not_show_yet_is_asked_for_again(account, mailbox, start, wire):
    def not_there_at_first(call):
        if call.parameters.get("UserName") != "deploy-bot":
            return None
        asked = wire.iam("GetUser", of="deploy-bot")
        # The function pauses for longer than this before it asks again.
        there = asked and asked[0].ended + 0.2 < call.begun
        return None if there else refusal("NoSuchEntity", "The user with name deploy-bot cannot be found.")

    wire.instead = not_there_at_first

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    # Once with all else, once alone to see whether it is there, once with all else again.
    assert len(wire.iam("GetUser", of="deploy-bot")) == 3
    assert alert["what"]["groups"] == "Bots"
    assert alert["severity"] == "CRITICAL"
    assert len(mailbox.mails()) == 1


def test_a_user_that_never_shows_is_told_as_not_visible_yet(account, mailbox, start, wire):
    alert = start().invoke(create_user(account.carol.identity, "nobody"))

    assert alert["what"]["lookup"].startswith("not visible yet")
    assert len(wire.iam("GetUser", of="nobody")) == 3
    assert "power" not in alert["what"]
    assert "not visible yet" in mailbox.mail()["Message"]


def test_what_iam_shows_in_part_only_is_not_told_as_none(account, mailbox, start, wire):
    def only_the_user_itself(call):
        if call.parameters.get("UserName") == "deploy-bot" and call.action != "GetUser":
            return refusal("NoSuchEntity", "The user with name deploy-bot cannot be found.")
        return None

    wire.instead = only_the_user_itself

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    assert "none" not in alert["what"]["power"]
    unknown = " ".join(values(alert["what"]["unknown"]))
    for fact in ("groups", "access keys", "MFA devices", "attached policies"):
        assert fact in unknown


def test_a_hostile_name_deceives_neither_the_reader_nor_the_shell(account, mailbox, start):
    name = "x\n\nWHY LOW\n  * all is well\u202e https://evil.example/ $(reboot)'`id`\";\u2028--profile\tz"
    event = create_user(account.carol.identity, name, userAgent="curl\r\nSubject: [LOW] nothing\u200b")

    alert = start().invoke(event)

    mail = mailbox.mail()
    assert re.fullmatch(r"\[HIGH\] IAM user [ -~]{1,92}", mail["Subject"]), mail["Subject"]
    lines = mail["Message"].splitlines()
    assert [line for line in lines if line.startswith("WHY")] == ["WHY HIGH"]
    assert not [line for line in lines if line.startswith("Subject:")]
    assert not set("\r\t\u202e\u2028\u200b") & set(mail["Message"])
    assert set(re.findall(r"https?://[^/\s]*", mail["Message"])) == {"https://console.aws.amazon.com"}
    for command in (command for step in alert["steps"] for command in step["commands"]):
        words = shlex.split(command)
        assert words[0] == "aws" and "\n" not in command
        assert not any("reboot" in word for word in words) or name in words


# --- what is refused, and what fails --------------------------------------------------------------------------


def test_an_event_of_another_source_is_refused(account, mailbox, start, wire):
    function = start()
    event = create_user(account.carol.identity, "deploy-bot") | {"source": "my.app"}

    answer = function.invoke(event)

    assert answer["errorType"] == "ForeignSource"
    assert event["detail"]["eventID"] in answer["errorMessage"]
    assert mailbox.mails() == []
    assert wire.iam("GetUser") == []


def test_an_alert_that_cannot_be_published_fails_the_invocation(account, mailbox, start):
    function = start()
    mailbox.remove_topic()
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    answer = function.invoke(event)

    assert answer["errorType"] == "NotPublished"
    assert event["detail"]["eventID"] in answer["errorMessage"]
    assert "NotFound" in answer["errorMessage"]
    line = function.line_of(event)
    assert (line["level"], line["message"]) == ("ERROR", "no alert")
    assert "_aws" not in line


def test_where_sns_refuses_the_subject_the_alert_goes_out_under_a_plain_one(account, mailbox, start, wire):
    def refuse_names(call):
        if "deploy-bot" in call.parameters.get("Subject", ""):
            return refusal("InvalidParameter", "Invalid parameter: Subject")
        return None

    wire.instead = refuse_names

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    mail = mailbox.mail()
    assert mail["Subject"] == "[CRITICAL] IAM security alert"
    assert mail["Message"] == alert["text"]


# --- what is not known ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code, words",
    [
        ("AccessDenied", "access denied (the function lacks iam:GetUser"),
        ("Throttling", "throttled by AWS"),
        ("ServiceFailure", "AWS answered ServiceFailure"),
    ],
)
def test_where_iam_refuses_the_alert_says_what_is_not_known(account, mailbox, start, wire, code, words):
    wire.instead = lambda call: refusal(code) if call.service == "iam" else None
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)
    function = start()

    alert = function.invoke(event)

    assert alert["subject"] == f"[HIGH] IAM user deploy-bot created by ops-carol in {ACCOUNT}"
    for section in (alert["who"], alert["what"]):
        unknown = " ".join(values(section["unknown"]))
        assert words in unknown
        for fact in ("the user's entry", "MFA devices", "access keys", "groups", "attached policies"):
            assert fact in unknown
        assert "groups" not in section and "accessKeys" not in section
        assert "not known" in section["power"]
    assert mailbox.mail()["Message"] == alert["text"]
    assert function.line_of(event)["LookupFailures"] > 10


def test_where_iam_cannot_be_reached_the_alert_says_so(account, mailbox, start):
    function = start(AWS_ENDPOINT_URL_IAM="http://127.0.0.1:1")

    alert = function.invoke(create_user(account.carol.identity, "deploy-bot"))

    assert "AWS could not be reached" in " ".join(values(alert["what"]["unknown"]))
    assert mailbox.mail()["Message"] == alert["text"]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"LOOKUP_BUDGET_SECONDS": "1"}, id="the budget ends"),
        # Of 8 seconds, 6 are kept for publishing.
        pytest.param({"AWS_LAMBDA_FUNCTION_TIMEOUT": "8"}, id="the time of the invocation ends"),
    ],
)
def test_where_iam_does_not_answer_the_alert_still_comes_in_time(account, mailbox, start, wire, settings):
    wire.delay = PATIENCE
    function = start(**settings)
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    alert = function.invoke(event)

    for section in (alert["who"], alert["what"]):
        assert "no answer in time" in " ".join(values(section["unknown"]))
    assert mailbox.mail()["Message"] == alert["text"]
    # One second, or two; the SDK alone would wait for 6.
    assert function.line_of(event)["lookup_ms"] < 4_000


def test_a_call_that_is_throttled_once_is_tried_again(account, mailbox, start, wire):
    def throttle_the_first(call):
        if call.action == "ListGroupsForUser" and len(wire.iam("ListGroupsForUser", of="deploy-bot")) == 1:
            return refusal("Throttling", "Rate exceeded")
        return None

    wire.instead = throttle_the_first

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    assert alert["what"]["groups"] == "Bots"
    assert "unknown" not in alert["what"]


# --- how it goes about it -------------------------------------------------------------------------------------


def test_a_caller_is_remembered_and_a_new_user_is_not(account, mailbox, start, wire):
    function = start()
    function.invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))
    first = wire.iam()
    wire.calls.clear()

    alert = function.invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    assert any("ops-carol" in call.parameters.values() for call in first)
    assert wire.iam(of="ops-carol") == wire.iam(of="Admins") == wire.iam("GetAccessKeyLastUsed") == []
    assert wire.iam("ListAccountAliases") == []
    assert len(wire.iam("GetUser", of="deploy-bot")) == 1
    assert alert["who"]["groups"] == "Admins"
    assert len(mailbox.mails()) == 2


@pytest.mark.parametrize(
    "bot, calls",
    [
        pytest.param("deploy_bot", 3, id="groups, their inline policies, the policy"),
        pytest.param("build_bot", 4, id="groups, their managed policies, the default version, the policy"),
    ],
)
def test_lookups_run_side_by_side(account, mailbox, start, wire, bot, calls):
    bot = getattr(account, bot)
    function = start()
    function.invoke(create_user(deployer_session(account.role), "idle-bot"))  # opens connections
    wire.calls.clear()
    wire.delay = 0.5
    event = create_user(account.carol.identity, bot.name, bot.id)

    function.invoke(event)

    assert len(wire.iam()) > 15
    assert longest_chain(wire.iam()) == calls
    assert longest_chain(wire.calls) == calls + 1  # and then it is published
    # Half a second a call, and some for moto.
    assert function.line_of(event)["lookup_ms"] < (calls + 1.6) * 500


def test_the_log_has_one_line_with_the_metrics(account, mailbox, start):
    function = start()
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    function.invoke(event)

    line = function.line_of(event)
    assert line == function.log()[-1]
    assert (line["level"], line["message"]) == ("INFO", "alert published")
    assert (line["action"], line["outcome"], line["severity"]) == ("CreateUser", "succeeded", "CRITICAL")
    assert line["lookup_ms"] > 0 and line["publish_ms"] > 0
    assert (line["Alerts"], line["LookupFailures"], line["Function"]) == (1, 0, "alerter")
    assert 14_000 <= line["EventAge"] < (14 + PATIENCE) * 1_000
    metrics = [metric["Name"] for each in line["_aws"]["CloudWatchMetrics"] for metric in each["Metrics"]]
    assert sorted(metrics) == ["Alerts", "EventAge", "LookupFailures"]


@pytest.mark.parametrize(
    "level",
    [
        "INFO",
        "DEBUG",
        "TRACE",
    ],
)
def test_no_log_holds_a_secret_or_a_policy(account, mailbox, start, wire, level):
    function = start(AWS_LAMBDA_LOG_LEVEL=level)
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    alert = function.invoke(event)

    assert alert["severity"] == "CRITICAL", "the policy was read"
    assert function.line_of(event)
    assert IN_POLICIES not in function.output()
    assert SECRET not in function.output()
