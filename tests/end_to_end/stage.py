"""What the tests act with.

The function runs as it does in Lambda: the real binary, started by the Lambda Runtime Interface Emulator (it
comes with SAM CLI). moto plays AWS. Between the two is a wire that notes every call, and that a test can make
slow or make refuse. A mailbox shows what was published.
"""

import http.client
import json
import os
import platform
import random
import re
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import parse_qsl

import jsonschema
from moto.events.models import EventPattern

ACCOUNT = "123456789012"  # moto's own
REGION = "us-east-1"
SECRET = "test-secret-that-no-log-may-show"
#: How long anything may take that should take no time at all: long, for machines that are busy.
PATIENCE = 30


def until(something, what):
    """Waits until `something()` is true, and returns that."""
    deadline = time.monotonic() + PATIENCE
    while not (found := something()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


# --- the wire -------------------------------------------------------------------------------------------------


@dataclass
class Call:
    """One call to AWS, with when it was on the wire (time.monotonic)."""

    service: str
    action: str
    parameters: dict
    begun: float
    ended: float = float("inf")
    #: As it was sent: path, headers and body.
    sent: tuple = ()

    @property
    def region(self):
        """The region for which it is signed."""
        headers = {name.lower(): value for name, value in self.sent[1].items()}
        return headers["authorization"].split("Credential=")[1].split("/")[2]


@dataclass
class Reply:
    """An answer that the wire gives instead of AWS."""

    status: int
    body: str
    kind: str = "text/xml"
    headers: dict = field(default_factory=dict)


#: No answer at all: the connection is closed.
HANG_UP = object()


def refusal(code, message="as the test wants it"):
    """An error as the services of AWS write it that speak the query protocol."""
    return Reply(
        400 if code != "AccessDenied" else 403,
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-1</RequestId></ErrorResponse>",
    )


def refusal_in_json(code, **more):
    """An error as DynamoDB writes it."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "as the test wants it"} | more
    return Reply(400, json.dumps(body), "application/x-amz-json-1.0")


def refusal_by_rest(code, message="as the test wants it", status=403):
    """An error as Security Hub writes it."""
    body = json.dumps({"Code": code, "Message": message})
    return Reply(status, body, "application/json", {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/"})


#: What DynamoDB answers where another transaction is about the same items: the event, and its three lines.
COLLISION = refusal_in_json("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}] * 4)


#: The actions that are no part of the call, by the end of their path.
BY_REST = {
    "accounts": "DescribeHub",
    "concurrency": "GetFunctionConcurrency",
    "configuration": "GetFunctionConfiguration",
    "credentials": "GetRoleCredentials",
    "import": "BatchImportFindings",
}


class Wire:
    """An HTTP proxy in front of moto."""

    def __init__(self, upstream):
        self.calls = []
        #: Seconds that each call to IAM takes longer.
        self.delay = 0.0
        #: What is answered instead of AWS: given a call, a Reply or None.
        self.instead = lambda call: None
        self._upstream = upstream
        self._closing = threading.Event()
        #: Whether a transaction is refused while another is under way, as DynamoDB does where the items are the same,
        #: or waits for it.
        self.collide = False
        #: moto loses what another transaction wrote where it takes one back, and fails where something is written while it
        #: copies its tables for one. So it gets one write at a time.
        self._one_write = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def iam(self, *actions, of=None):
        """The calls to IAM: of these actions, about the user, group or role of this name or the policy of this ARN."""
        kinds = ("UserName", "GroupName", "RoleName", "PolicyArn")
        return [
            call
            for call in list(self.calls)
            if call.service == "iam"
            and (not actions or call.action in actions)
            and (of is None or of in (call.parameters.get(kind) for kind in kinds))
        ]

    def called(self, *actions):
        """The calls of these actions, of whatever service."""
        return [call for call in list(self.calls) if call.action in actions]

    def hold_up(self, action):
        """Holds up the first call of this action that comes, until what this gives is set."""
        go_on, held = threading.Event(), []

        def hold(call):
            if call.action == action and not held:
                held.append(call)
                go_on.wait(PATIENCE)

        self.instead = hold
        return go_on

    def _answer(self, call, handler, body):
        if call.service == "iam" and self.delay:
            self._closing.wait(self.delay)
        reply = self.instead(call)
        if reply is HANG_UP:
            raise ConnectionAbortedError
        if reply:
            return reply.status, {"Content-Type": reply.kind} | reply.headers, reply.body.encode()
        if call.action in ("TransactWriteItems", "UpdateItem", "PutItem"):
            if not self._one_write.acquire(blocking=call.action != "TransactWriteItems" or not self.collide):
                return COLLISION.status, {"Content-Type": COLLISION.kind}, COLLISION.body.encode()
            try:
                return self._forward(handler, body)
            finally:
                self._one_write.release()
        return self._forward(handler, body)

    def _forward(self, handler, body):
        upstream = http.client.HTTPConnection(self._upstream, timeout=PATIENCE)
        try:
            upstream.request(handler.command, handler.path, body, dict(handler.headers))
            response = upstream.getresponse()
            return response.status, {"Content-Type": response.getheader("Content-Type")}, response.read()
        finally:
            upstream.close()

    def _handler(wire):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                if target := self.headers["X-Amz-Target"]:  # "DynamoDB_20120810.Query", and JSON
                    parameters, action = json.loads(body), target.split(".")[-1]
                elif (resource := self.path.split("?")[0].rsplit("/", 1)[-1]) in BY_REST:
                    parameters, action = json.loads(body or "{}"), BY_REST[resource]
                else:
                    parameters = dict(parse_qsl(body.decode()))
                    action = parameters.pop("Action", "")
                # What somebody asks for credentials is not signed.
                scope = re.search(r"Credential=[^/]+/\d+/[^/]+/(\w+)/", self.headers["Authorization"] or "")
                sent = (self.path, dict(self.headers), body)
                call = Call(scope[1] if scope else "", action, parameters, time.monotonic(), sent=sent)
                wire.calls.append(call)
                try:
                    status, headers, answer = wire._answer(call, self, body)
                except ConnectionAbortedError:
                    self.close_connection = True
                    return
                call.ended = time.monotonic()
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    self.close_connection = True  # the client did not wait for it

            do_GET = do_POST

            def log_message(self, *_):
                pass

        return Handler


def longest_chain(calls):
    """How many of these calls came one after another at most, each begun when the one before it had ended."""
    chain, free_from = 0, 0.0
    for call in sorted(calls, key=lambda call: call.ended):
        if call.begun >= free_from:
            chain, free_from = chain + 1, call.ended
    return chain


# --- the function ---------------------------------------------------------------------------------------------


#: What an alert has to look like. Every one that the function answers is held against it.
SCHEMA = jsonschema.Draft202012Validator(json.loads((Path(__file__).parents[2] / "schema" / "alert.json").read_text()))


def emulator():
    """Where SAM CLI keeps the Lambda Runtime Interface Emulator for this machine."""
    import samcli

    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    return Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{machine}"


#: Where `cargo build` puts what it makes.
BUILT = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target")) / "debug"


def binary():
    """The function's binary: what `cargo build` makes, unless the environment names another."""
    path = Path(os.environ.get("IAM_SECURITY_ALERT", BUILT / "iam-security-alert"))
    assert path.is_file(), f"{path} is not there: build it first, or name another one in IAM_SECURITY_ALERT"
    return path.resolve()


def free_port(candidates=count(random.randrange(20_000, 29_000))):
    """A port that nobody listens on. Not one that the system picks: it would give the same to the next connection that
    somebody makes, before the emulator has it."""
    for port in candidates:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Function:
    """The function, started by the emulator when it is first invoked, and warm from then on."""

    def __init__(self, wire, topic, log, settings):
        self._log = log
        self._port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SECRET,
            "AWS_ENDPOINT_URL": wire.url,
            "AWS_LAMBDA_FUNCTION_NAME": "alerter",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
            "ALERT_TOPIC_ARN": topic,
            # Long, so that a busy machine does not run out of it. The tests of the budget set their own.
            "LOOKUP_BUDGET_SECONDS": "15",
        }
        command = [
            emulator(),
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{self._port}",
            "--runtime-api-address",
            f"127.0.0.1:{free_port()}",
            binary(),
        ]
        with open(log, "wb") as out:
            self._process = subprocess.Popen(
                command, env=environment | settings, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    def close(self):
        # The emulator puts the function that it starts into a process group of its own.
        children = subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True).stdout
        for process in children.split():
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def invoke(self, event):
        """What the function answers."""

        def connected():
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
                return True
            except ConnectionRefusedError:
                assert self._process.poll() is None, self.output()
                return False

        until(connected, "the emulator")
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
            answer = json.loads(connection.getresponse().read())
            if "severity" in answer:
                SCHEMA.validate(answer)
            return answer
        finally:
            connection.close()

    def output(self):
        """All that the emulator and the function wrote."""
        return self._log.read_text()

    def log(self):
        """The function's own lines: those that are neither the emulator's nor the platform's."""
        platforms = re.compile(r"\d+ \w+ \d{4} [\d:,]+ \[\w+\] |(START|END|REPORT|INIT_START|EXTENSION) |\s*$")
        return [json.loads(line) for line in self.output().splitlines() if not platforms.match(line)]

    def line_of(self, event):
        """The one line that says how the handling of an event went."""

        def lines():
            return [line for line in self.log() if line.get("eventID") == event["detail"]["eventID"]]

        until(lines, "the line of the log")
        assert len(lines()) == 1
        return lines()[0]


def longest_chain_of(function, event, wire):
    """How many calls came one after another at most when a warm function handled the event, each call taking long
    enough that nothing else does."""
    function.invoke(event_like(event))  # opens connections
    wire.calls.clear()
    wire.instead = lambda call: time.sleep(0.3)
    function.invoke(event)
    wire.instead = lambda call: None
    return longest_chain(wire.calls)


# --- the mailbox ----------------------------------------------------------------------------------------------


class Mailbox:
    """A topic, and what was published to it."""

    def __init__(self, aws, name):
        self._aws = aws
        self.topic = aws.sns.create_topic(Name=name)["TopicArn"]
        self._queue = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
        aws.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")

    def remove_topic(self):
        self._aws.sns.delete_topic(TopicArn=self.topic)

    def mails(self):
        """What came since it was last looked into."""
        mails = []
        while messages := self._aws.sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                mails.append(json.loads(message["Body"]))
                self._aws.sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return mails

    def mail(self):
        """The one mail that came."""
        mails = self.mails()
        assert len(mails) == 1, f"{len(mails)} mails came"
        return mails[0]


# --- the history ----------------------------------------------------------------------------------------------


class History:
    """The table of a history, as the template makes it."""

    def __init__(self, aws, name):
        self.settings = {"HISTORY_TABLE": name}
        keys = {"pk": "HASH", "sk": "RANGE"}
        self.table = aws.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        )
        # IAM was read a moment ago: no scheduled run of these tests reads it. Those of the baseline take the item away.
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.put("BASELINES", ACCOUNT, progress=json.dumps({"last": [now, now]}))

    def items(self, *kinds):
        """The events and their lines, or the items of a kind: EVENT, ACTOR, TARGET, DAY, FLOOD (a burst), CHAIN or
        HISTORY. In the order of their keys."""
        kinds = kinds or ("EVENT", "ACTOR", "TARGET", "DAY")
        items, page = [], {}
        while page.get("LastEvaluatedKey", not page):
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if page else {}
            page = self.table.scan(ConsistentRead=True, **start)
            items += page["Items"]
        items = [item for item in items if item["pk"].startswith(kinds)]
        return sorted(items, key=lambda item: (item["pk"], item["sk"]))

    def put(self, pk, sk, **attributes):
        """Writes an item, as somebody could who may write to the table."""
        self.table.put_item(Item={"pk": pk, "sk": sk} | attributes)

    def forge(self, event, **attributes):
        """Writes the item of an event."""
        self.put(f"EVENT#{event['detail']['eventID']}", "EVENT", **attributes)

    def event(self, event):
        """The item of an event."""
        return self.table.get_item(Key={"pk": f"EVENT#{event['detail']['eventID']}", "sk": "EVENT"}).get("Item")


# --- events ---------------------------------------------------------------------------------------------------


@dataclass
class Person:
    """An IAM user, as moto made it."""

    name: str
    id: str
    key: str | None = None

    @property
    def arn(self):
        return f"arn:aws:iam::{ACCOUNT}:user/{self.name}"

    @property
    def identity(self):
        """The user as CloudTrail writes it."""
        identity = {"type": "IAMUser", "principalId": self.id, "arn": self.arn, "accountId": ACCOUNT}
        return identity | {"accessKeyId": self.key, "userName": self.name}


#: The root user as CloudTrail writes it.
ROOT = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}


def deployer_session(role, name="build-42", **context):
    """A session of the role deployer, as CloudTrail writes it. What else is given goes into its context."""
    issuer = {"type": "Role", "principalId": role.id, "arn": role.arn, "accountId": ACCOUNT, "userName": role.name}
    return {
        "type": "AssumedRole",
        "principalId": f"{role.id}:{name}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/{name}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": context
        | {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": "2026-11-22T05:00:00Z", "mfaAuthenticated": "false"},
        },
    }


def event_of(caller, name, request=None, response=None, service="iam", kind="API Call", **changes):
    """What EventBridge hands over when `caller`, a userIdentity, has made a call. `changes` go into the record."""
    event_of.count += 1
    time_of_call = (datetime.now(timezone.utc) - timedelta(seconds=14)).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {
        "eventVersion": "1.11",
        "userIdentity": caller,
        "eventTime": time_of_call,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.17.0",
        "requestParameters": request,
        "responseElements": response,
        "requestID": "0c1f4a52-6c1e-4b9f-9d0a-000000000001",
        "eventID": f"5b7c0000-0000-4000-8000-{event_of.count:012}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return {
        "version": "0",
        "id": "a1b2c3d4-0000-4000-8000-000000000000",
        "detail-type": f"AWS {kind} via CloudTrail",
        "source": f"aws.{service}",
        "account": ACCOUNT,
        "time": time_of_call,
        "region": REGION,
        "resources": [],
        "detail": record | changes,
    }


event_of.count = 0


def event_like(event):
    """The same once more, as another event."""
    event_of.count += 1
    detail = event["detail"] | {"eventID": f"5b7c0000-0000-4000-8000-{event_of.count:012}"}
    return event | {"detail": detail}


def in_region(event, region):
    """The event as it comes from another region, by the rule there."""
    return event | {"region": region, "detail": event["detail"] | {"awsRegion": region}}


def create_user(caller, name, user_id=None, **changes):
    """The event of a user that was created."""
    user = {"path": "/", "userName": name, "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}"}
    if user_id:
        user["userId"] = user_id
    return event_of(caller, "CreateUser", {"userName": name}, {"user": user}, **changes)


def sign_in(caller, mfa, outcome="Success", **changes):
    """The event of a sign-in to the console: `mfa` is whether MFA was used, "Yes" or "No"."""
    return event_of(
        caller,
        "ConsoleLogin",
        response={"ConsoleLogin": outcome},
        service="signin",
        kind="Console Sign In",
        eventType="AwsConsoleSignIn",
        additionalEventData={"MobileVersion": "No", "MFAUsed": mfa},
        **changes,
    )


#: What the patterns of the template refer to. The topics of the mailboxes are `alerts-` with a number.
REFERENCES = {
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "stack",
    "AlertTopicName": "alerts",
    "AlertTopic": f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts-",
    "AlertFunction": "alerter",
    "AlertRole": "stack-AlertRole-0A1B",
}


def resolved(value):
    """A value of the template with the references of a deployed stack."""
    if isinstance(value, list):
        # What stands there only under a condition belongs to an organization.
        return [resolved(part) for part in value if not (isinstance(part, dict) and "If" in part)]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return REFERENCES[value["Ref"]]
    if "Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda it: REFERENCES[it[1]], value["Sub"])
    return {name: resolved(part) for name, part in value.items()}


def rules_that_match(template, event):
    """The template's rules of the default bus that deliver an event, by their logical ids. EventBridge delivers no call
    that only reads, by the state of these rules; moto does not know that."""
    matching = []
    for name, resource in template["Resources"].items():
        rule = resource["Properties"] if resource["Type"] == "AWS::Events::Rule" else {}
        if "EventPattern" in rule and "EventBusName" not in rule:
            assert rule["State"] == "ENABLED"
            if EventPattern.load(json.dumps(resolved(rule["EventPattern"]))).matches_event(event):
                matching.append(name)
    return matching


# --- answers --------------------------------------------------------------------------------------------------


def values(fact):
    """The values of a fact in the JSON: a list where there are several."""
    return [fact] if isinstance(fact, str) else fact


def shown_reasons(alert):
    """The texts of the reasons that people are shown: in the mail, under WHY. Only the action's own reason may be
    missing there, where it repeats the headline and a stronger reason stands."""
    why = alert["text"].split(f"\nWHY {alert['severity']}\n")[1].split("\n\n")[0]
    shown = [reason["text"] for reason in alert["reasons"] if reason["text"] in why.replace("\n    ", " ")]
    assert shown and set(reason["rule"] for reason in alert["reasons"] if reason["text"] not in shown) <= {"action"}
    return shown
