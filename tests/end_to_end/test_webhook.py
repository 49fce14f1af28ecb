"""What a webhook of a chat is sent, from the function to the rule on the bus, with the real binary, and moto as AWS.

moto asks an API destination without a body; that the body arrives was seen in an emulator to which the whole stack was
deployed.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from jsonpath_ng import parse
from stage import ACCOUNT, REGION, ROOT, create_user, event_of, shown_reasons, sign_in


@pytest.fixture
def channel():
    """A server in place of the chat's, which notes the paths that it is asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.asked = asked
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def bus(aws, template, channel, monkeypatch):
    """The bus with the template's rule: what the rule takes out of what is put on it. Besides the channel it feeds a
    queue, since moto gives the channel no body."""
    monkeypatch.setenv("MOTO_EVENTS_INVOKE_HTTP", "true")
    rule = template["Resources"]["WebhookRule"]["Properties"]
    connection = aws.events.create_connection(
        Name="webhook",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "X-Sent-By", "ApiKeyValue": "test"}},
    )["ConnectionArn"]
    destination = aws.events.create_api_destination(
        Name="webhook",
        ConnectionArn=connection,
        HttpMethod="POST",
        InvocationEndpoint=f"http://127.0.0.1:{channel.server_port}/hook",
    )["ApiDestinationArn"]
    queue = aws.sqs.create_queue(QueueName="webhook")["QueueUrl"]
    aws.events.create_event_bus(Name="alerts")
    aws.events.put_rule(Name="webhook", EventBusName="alerts", EventPattern=json.dumps(rule["EventPattern"]))
    (target,) = rule["Targets"]
    targets = [
        {"Id": "channel", "Arn": destination, "InputPath": target["InputPath"]},
        {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:webhook"},
    ]
    aws.events.put_targets(Rule="webhook", EventBusName="alerts", Targets=targets)

    def put(answer):
        """Puts an answer of the function on the bus as Lambda does; returns what is sent to the channel for it."""
        entry = {
            "EventBusName": "alerts",
            "Source": "lambda",
            "DetailType": "Lambda Function Invocation Result - Success",
            "Detail": json.dumps({"version": "1.0", "requestPayload": {}, "responsePayload": answer}),
        }
        aws.events.put_events(Entries=[entry])
        messages = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        events = [json.loads(message["Body"]) for message in messages]
        return [found.value for event in events for found in parse(target["InputPath"]).find(event)]

    yield put
    aws.events.remove_targets(Rule="webhook", EventBusName="alerts", Ids=["channel", "queue"])
    aws.events.delete_rule(Name="webhook", EventBusName="alerts")
    aws.events.delete_event_bus(Name="alerts")
    aws.events.delete_api_destination(Name="webhook")
    aws.events.delete_connection(Name="webhook")
    aws.sqs.delete_queue(QueueUrl=queue)


def test_slack_is_sent_the_alert_in_block_kit(account, mailbox, start, bus, channel):
    alert = start(CHAT_WEBHOOK_FORMAT="slack").invoke(create_user(account.carol.identity, "deploy-bot"))

    (sent,) = bus(alert)

    assert channel.asked == ["/hook"]
    assert sent == alert["webhook"] and sent["text"].startswith("CRITICAL: IAM user deploy-bot created by ops-carol")
    why = "\n".join(block["text"]["text"] for block in sent["blocks"] if "text" in block).replace("`", "")
    for reason in shown_reasons(alert):
        assert reason in why


def test_teams_is_sent_the_alert_as_an_adaptive_card(account, mailbox, start, bus, channel):
    alert = start(CHAT_WEBHOOK_FORMAT="teams").invoke(create_user(account.carol.identity, "deploy-bot"))

    (sent,) = bus(alert)

    assert channel.asked == ["/hook"]
    body = sent["attachments"][0]["content"]["body"]
    lines = ["".join(run["text"] for run in block["inlines"]) for block in body if "inlines" in block]
    assert lines[0].startswith("CRITICAL: IAM user deploy-bot created by ops-carol")
    for reason in shown_reasons(alert):
        assert f"• {reason}" in lines


def test_what_is_not_mailed_is_not_sent(account, mailbox, start, bus, channel):
    function = start(CHAT_WEBHOOK_FORMAT="slack", MINIMUM_SEVERITY="CRITICAL", WATCHED_EVENT_NAMES="CreateUser")
    below = function.invoke(create_user(account.carol.identity, "idle-bot", account.idle_bot.id))
    not_alerted = function.invoke(event_of(account.carol.identity, "TagUser", {"userName": "idle-bot"}))
    clock = function.invoke({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})

    assert below["published"] is False and "webhook" not in below
    assert "notAlerted" in not_alerted and clock == {"summaries": []}
    assert [bus(answer) for answer in (below, not_alerted, clock)] == [[], [], []]
    assert channel.asked == []


def test_without_a_webhook_the_alert_has_no_message_for_it(account, mailbox, start):
    assert "webhook" not in start(CHAT_WEBHOOK_FORMAT=" ").invoke(sign_in(ROOT, "No"))
