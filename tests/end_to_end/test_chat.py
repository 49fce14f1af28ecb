"""The chat's topic beside that of the mails, with the real binary, and moto as AWS."""

import json
import time
from itertools import count

import pytest
from stage import (
    ACCOUNT,
    REGION,
    ROOT,
    Mailbox,
    create_user,
    deployer_session,
    longest_chain_of,
    refusal,
    shown_reasons,
    sign_in,
)

MISSING = f"arn:aws:sns:{REGION}:{ACCOUNT}:no-such-topic"


@pytest.fixture
def chat(aws, numbers=count(1)):
    """What Amazon Q Developer would carry into a channel."""
    return Mailbox(aws, f"chat-{next(numbers)}")


def notification(chat):
    return json.loads(chat.mail()["Message"])


def test_an_alert_is_mailed_and_sent_to_the_chat(account, mailbox, chat, start):
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    alert = start(CHAT_TOPIC_ARN=chat.topic).invoke(event)

    assert mailbox.mail()["Message"] == alert["text"]
    message = chat.mail()
    assert message["MessageAttributes"]["severity"]["Value"] == "CRITICAL"
    sent = json.loads(message["Message"])
    assert (sent["version"], sent["source"], sent["id"]) == ("1.0", "custom", event["detail"]["eventID"])
    assert sent["content"]["title"].startswith("CRITICAL: IAM user deploy-bot created by ops-carol")
    description = sent["content"]["description"].replace("`", "")
    for reason in shown_reasons(alert):
        assert reason in description


def test_one_actor_is_one_thread(account, mailbox, chat, start):
    function = start(CHAT_TOPIC_ARN=chat.topic)

    def thread(caller):
        function.invoke(create_user(caller, "idle-bot", account.idle_bot.id))
        return notification(chat)["metadata"]["threadId"]

    monday, tuesday = (deployer_session(account.role, name) for name in ("monday", "tuesday"))
    assert thread(monday) == thread(tuesday) != thread(account.carol.identity)


def test_what_is_not_mailed_is_not_sent(account, mailbox, chat, start):
    start(CHAT_TOPIC_ARN=chat.topic, MINIMUM_SEVERITY="CRITICAL").invoke(
        create_user(account.carol.identity, "idle-bot", account.idle_bot.id)
    )

    assert mailbox.mails() == chat.mails() == []


def test_a_chat_that_fails_delays_no_mail_and_is_counted(account, mailbox, start):
    function, event = start(CHAT_TOPIC_ARN=MISSING), sign_in(ROOT, "No")

    alert = function.invoke(event)

    assert alert["published"] and mailbox.mail()["Message"] == alert["text"]
    line = function.line_of(event)
    assert line["level"] == "INFO" and "NotFound" in line["chatFailure"] and line["ChatFailures"] == 1
    assert any(
        metric["Name"] == "ChatFailures"
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    )


def test_a_chat_that_does_not_answer_is_given_up(account, mailbox, chat, start, wire):
    function = start(CHAT_TOPIC_ARN=chat.topic)
    function.invoke(sign_in(ROOT, "No"))
    mailbox.mails()
    wire.instead = lambda call: time.sleep(4) if call.parameters.get("TopicArn") == chat.topic else None
    begun, event = time.monotonic(), sign_in(ROOT, "No")

    alert = function.invoke(event)

    assert time.monotonic() - begun < 3.5
    assert mailbox.mail()["Message"] == alert["text"]
    assert "SNS did not answer in time" in function.line_of(event)["chatFailure"]


def test_where_the_mail_fails_the_chat_waits_for_the_retry(account, mailbox, chat, start, wire):
    refuse = lambda call: call.parameters.get("TopicArn") == mailbox.topic and refusal("AuthorizationError")
    wire.instead = lambda call: refuse(call) or None

    assert start(CHAT_TOPIC_ARN=chat.topic).invoke(sign_in(ROOT, "No"))["errorType"] == "NotPublished"

    assert chat.mails() == []


def test_the_chat_is_informed_between_the_mail_and_the_record(account, mailbox, chat, start, history, wire):
    settings = (history.settings, history.settings | {"CHAT_TOPIC_ARN": chat.topic})
    without, beside = (longest_chain_of(start(**it), sign_in(ROOT, "No"), wire) for it in settings)

    assert without + 1 == beside
    mail, chat_message = wire.called("Publish")
    assert chat_message.begun >= mail.ended


def test_without_a_chat_nothing_is_sent(account, mailbox, start, wire):
    start(CHAT_TOPIC_ARN=" ").invoke(sign_in(ROOT, "No"))

    assert len(wire.called("Publish")) == 1
