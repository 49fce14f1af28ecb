"""How small and fast the function is: `make measure`.

Starts the release binary against a Lambda Runtime API and an AWS of our own, in this process, in which every call
takes the same time. Beside it, where boto3 can be imported, a Python function that makes the same calls one after
another. Needs Linux and Python's standard library; with `openssl` on the PATH, AWS is behind TLS, as the real one is.
"""

import argparse
import asyncio
import importlib.util
import io
import json
import os
import selectors
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qsl, quote

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"
ORGANIZATION = "o-own1234567"
CALL = 0.025
PATIENCE = 20

# --- HTTP, with as little work as can be: what the servers need is not there for the function -----------------


class Http(asyncio.Protocol):
    """One connection. `answer(method, path, headers, body, reply)` calls `reply(status, headers, body)` when it likes."""

    def __init__(self, answer):
        self.answer = answer
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        if headers.get("transfer-encoding") == "chunked":
            if not body.endswith(b"0\r\n\r\n"):
                return
            body = unchunked(body)
        elif len(body) < int(headers.get("content-length", 0)):
            return
        self.buffer = b""
        method, path, _ = lines[0].split(" ", 2)
        self.answer(method, path, headers, body, self.reply)

    def reply(self, status, headers, body):
        head = f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(head.encode() + b"\r\n" + body)


def unchunked(body):
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        size = int(size.split(b";")[0], 16)
        whole, body = whole + body[:size], body[size + 2 :]
    return whole


# --- AWS ------------------------------------------------------------------------------------------------------

POLICY = quote('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}')


def answer_of_aws(call, account):
    """What STS, SNS and the IAM of an account say. Users named grouped-… have a policy in a group, all others one of
    their own."""
    action, name, role = call["Action"], call.get("UserName", ""), call.get("RoleArn", "::::")
    grouped = name.startswith("grouped")
    since = "<CreateDate>2026-11-22T05:59:57Z</CreateDate>"
    group = f"<member><Path>/</Path><GroupName>g</GroupName><GroupId>AGPA</GroupId><Arn>a</Arn>{since}</member>"
    in_an_hour = (datetime.now(timezone.utc) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = f"<PolicyName>p</PolicyName><PolicyDocument>{POLICY}</PolicyDocument>"
    items = {
        "ListAccountAliases": "<AccountAliases><member>acme-prod</member></AccountAliases>",
        "GetUser": f"<User><Path>/</Path><UserName>{name}</UserName><UserId>AIDA{name}</UserId>"
        f"<Arn>arn:aws:iam::{account}:user/{name}</Arn>{since}</User>",
        "ListGroupsForUser": f"<Groups>{group * grouped}</Groups>",
        "ListAttachedUserPolicies": "<AttachedPolicies/>",
        "ListUserPolicies": "<PolicyNames>" + "<member>p</member>" * (not grouped) + "</PolicyNames>",
        "GetUserPolicy": f"<UserName>{name}</UserName>{document}",
        "ListAttachedGroupPolicies": "<AttachedPolicies/>",
        "ListGroupPolicies": "<PolicyNames><member>p</member></PolicyNames>",
        "GetGroupPolicy": f"<GroupName>g</GroupName>{document}",
        "ListMFADevices": "<MFADevices/>",
        "ListAccessKeys": f"<AccessKeyMetadata><member><UserName>{name}</UserName>"
        f"<AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><Status>Active</Status>{since}</member></AccessKeyMetadata>",
        "GetAccessKeyLastUsed": "<UserName>x</UserName><AccessKeyLastUsed><ServiceName>s3</ServiceName>"
        "<LastUsedDate>2026-11-21T00:00:00Z</LastUsedDate><Region>eu-west-1</Region></AccessKeyLastUsed>",
        "GetLoginProfile": f"<LoginProfile><UserName>{name}</UserName>{since}</LoginProfile>",
        "Publish": "<MessageId>m-1</MessageId>",
        "AssumeRole": f"<Credentials><AccessKeyId>{role.split(':')[4]}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>t</SessionToken><Expiration>{in_an_hour}</Expiration></Credentials>",
    }[action]
    others = {"Publish": ("sns", "2010-03-31"), "AssumeRole": ("sts", "2011-06-15")}
    space, version = others.get(action, ("iam", "2010-05-08"))
    more = "<IsTruncated>false</IsTruncated>" if action.startswith("List") else ""
    return (
        f'<{action}Response xmlns="https://{space}.amazonaws.com/doc/{version}/"><{action}Result>{items}{more}'
        f"</{action}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


def answer_of_history(action, call, denied_before):
    """What DynamoDB says: nothing, or of the actor that five calls of its were denied just now."""
    if action != "Query":
        return b"{}"
    items, key = [], call["ExpressionAttributeValues"][":pk"]["S"]
    if key == "HISTORY":
        items = [{"time": "2026-01-01T00:00:00Z"}]
    elif denied_before and key.startswith("ACTOR#"):
        line = {"time": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "call": "iam:AttachUserPolicy"}
        line |= {"outcome": "denied", "actor": "x", "actorKey": key.removeprefix("ACTOR#"), "target": "IAM user x"}
        items = [line | {"eventId": f"denied-{number}"} for number in range(5)]
    items = [{name: {"S": value} for name, value in item.items()} for item in items]
    steps = {"steps": {"L": [{"S": "denied"}]}}
    return json.dumps({"Items": [item | steps for item in items], "Count": len(items)}).encode()


def answer_of_organizations(account):
    arn = f"arn:aws:organizations::{ACCOUNT}:account/{ORGANIZATION}/{account}"
    return json.dumps({"Account": {"Id": account, "Arn": arn, "Name": f"account-{account}"}}).encode()


class Aws:
    """Answers every call after the same time."""

    def __init__(self):
        self.calls = []
        self.published = self.looked_up = None
        self.denied_before = False

    def answer(self, _method, _path, headers, body, reply):
        answered = time.perf_counter() + CALL
        if target := headers.get("x-amz-target"):
            action, kind, call = target.split(".")[-1], "application/x-amz-json-1.0", json.loads(body)
            if action == "DescribeAccount":
                answer = answer_of_organizations(call["AccountId"])
            else:
                answer = answer_of_history(action, call, self.denied_before)
        else:
            call = dict(parse_qsl(body.decode()))
            # The access key of the reader role is the id of its account.
            key = headers.get("authorization", "").partition("Credential=")[2].partition("/")[0]
            action, kind, answer = call["Action"], "text/xml", answer_of_aws(call, key if key.isdigit() else ACCOUNT)
            if action == "Publish":
                self.published = answered
            else:
                self.looked_up = answered
        self.calls.append(action)
        asyncio.get_running_loop().call_later(CALL, reply, 200, {"Content-Type": kind}, answer)


@contextmanager
def certificate():
    """A certificate for 127.0.0.1 and the file that makes it trusted, beside the system's own roots as in Lambda;
    None where there is no openssl."""
    if not shutil.which("openssl"):
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        pem, roots, config = (Path(folder) / name for name in ("pem", "roots", "config"))
        config.write_text(
            "[req]\ndistinguished_name=n\nprompt=no\nx509_extensions=x\n[n]\nCN=measure\n"
            "[x]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1\n"
        )
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-keyout", pem]
        command = ["openssl", "req", "-x509", *key, "-out", pem.with_suffix(".crt"), "-days", "2", "-config", config]
        subprocess.run(command, check=True, capture_output=True)
        own = pem.with_suffix(".crt").read_text()
        pem.write_text(pem.read_text() + own)
        system = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
        system = Path(system).read_text() if Path(system).is_file() else ""
        roots.write_text(system + own)
        yield pem, roots


# --- Lambda ---------------------------------------------------------------------------------------------------


class Runtime:
    """The Lambda Runtime API (2018-06-01) for one function at a time."""

    def __init__(self):
        self.asks = asyncio.Queue()
        self.answers = asyncio.Queue()

    def answer(self, method, path, _headers, body, reply):
        now = time.perf_counter()
        if method == "GET":
            self.asks.put_nowait((now, reply))
        else:
            self.answers.put_nowait((now, path, body))
            reply(202, {}, b"")

    async def asked(self):
        return await asyncio.wait_for(self.asks.get(), PATIENCE)

    async def give(self, reply, event, alerted=True):
        """Hands over an event, which has to be alerted on or not; returns when it was handed over and when the answer
        came."""
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 30_000),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:alerter",
        }
        begun = time.perf_counter()
        reply(200, headers, json.dumps(event).encode())
        ended, path, body = await asyncio.wait_for(self.answers.get(), PATIENCE)
        alert = json.loads(body)
        facts = alert.get("who", {}) | alert.get("what", {}) | alert.get("relatedActivity", {})
        answered = alert.get("published") and "notKnown" not in facts if alerted else "notAlerted" in alert
        right = path.endswith("/response") and answered
        if not right:
            sys.exit(f"the function did not do what is measured: {path}: {body.decode()[:2000]}")
        return begun, ended


def event(target, number, account=ACCOUNT):
    """A CreateUser event. The caller is another one each time, so that nothing is cached."""
    caller = f"caller-{number}"
    arn = f"arn:aws:iam::{account}:user/"
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    identity = {"type": "IAMUser", "principalId": f"AIDA{caller}", "arn": arn + caller, "accountId": account}
    user = {"path": "/", "userName": target, "userId": f"AIDA{target}", "arn": arn + target}
    record = {
        "eventVersion": "1.11",
        "userIdentity": identity | {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": caller},
        "eventTime": now,
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.17.0",
        "requestParameters": {"userName": target},
        "responseElements": {"user": user},
        "requestID": "r-1",
        "eventID": f"e-{number}",
        "recipientAccountId": account,
    }
    envelope = {"version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam"}
    return envelope | {"account": account, "time": now, "region": "us-east-1", "resources": [], "detail": record}


# --- the Python function --------------------------------------------------------------------------------------

SEQUENTIAL = """
import boto3, json, sys
iam, sns = boto3.client("iam"), boto3.client("sns")
print("ready", flush=True)
def look_up(name):
    facts = [iam.get_user(UserName=name), iam.list_mfa_devices(UserName=name), iam.list_access_keys(UserName=name)]
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        group = group["GroupName"]
        facts.append(iam.list_attached_group_policies(GroupName=group))
        for policy in iam.list_group_policies(GroupName=group)["PolicyNames"]:
            facts.append(iam.get_group_policy(GroupName=group, PolicyName=policy))
    facts.append(iam.list_attached_user_policies(UserName=name))
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        facts.append(iam.get_user_policy(UserName=name, PolicyName=policy))
    return facts
for line in sys.stdin:
    record = json.loads(line)["detail"]
    caller, target = record["userIdentity"], record["requestParameters"]["userName"]
    facts = look_up(caller["userName"]) + [iam.get_access_key_last_used(AccessKeyId=caller["accessKeyId"])]
    facts += look_up(target) + [iam.get_login_profile(UserName=target)]
    sns.publish(TopicArn=TOPIC, Subject="IAM user created", Message=json.dumps(facts, default=str))
    print("done", flush=True)
"""


# --- a call by itself -----------------------------------------------------------------------------------------

BARE = """
import os, socket, ssl, statistics, time
host, port, roots = os.environ["HOST"], int(os.environ["PORT"]), os.environ.get("SSL_CERT_FILE")
connection = socket.create_connection((host, port))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
if roots:
    connection = ssl.create_default_context(cafile=roots).wrap_socket(connection, server_hostname=host)
body = b"Action=GetUser&Version=2010-05-08&UserName=plain-bot"
request = b"POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(body), body)
times = []
for _ in range(40):
    begun = time.perf_counter()
    connection.sendall(request)
    connection.recv(65536)
    times.append(time.perf_counter() - begun)
print(statistics.median(times))
"""


async def measure_call(environment, port):
    """How long a call takes for a client that does nothing but wait, in seconds."""
    environment = environment | {"HOST": "127.0.0.1", "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BARE, env=environment, stdout=subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    return float(said)


# --- what is measured -----------------------------------------------------------------------------------------


class Figures:
    """What came out, in milliseconds and megabytes."""

    def __init__(self):
        self.start, self.cold, self.warm, self.calls = [], [], {}, {}
        self.mailed, self.not_alerted = {}, []
        self.resident = self.peak = None

    def median(self, kind):
        return statistics.median(self.warm[kind])

    def until_mailed(self, kind):
        return statistics.median(self.mailed[kind])


#: Users to create, by how many calls must follow one another with the publishing.
KINDS = {3: "plain", 4: "grouped"}


def memory(process):
    """What the process has resident, now and at most, in MB of 10^6 bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return (int(fields[name].split()[0]) * 1024 / 1e6 for name in ("VmRSS", "VmHWM"))


async def measure_binary(binary, environment, runtime, aws, starts, events):
    figures, number = Figures(), 0
    for first in range(starts):
        begun = time.perf_counter()
        process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
        try:
            asked, reply = await runtime.asked()
            figures.start.append((asked - begun) * 1e3)
            number += 1
            _, ended = await runtime.give(reply, event("plain-bot", number))
            figures.cold.append((ended - begun) * 1e3)
            _, reply = await runtime.asked()
            if first == starts - 1:
                for kind, target in KINDS.items():
                    for _ in range(events):
                        number += 1
                        aws.calls.clear()
                        if not environment.get("HISTORY_TABLE"):
                            # Without a history, an instance sends one mail a second: the wait for that is no work.
                            await asyncio.sleep(1.1)
                        begun, ended = await runtime.give(reply, event(f"{target}-bot", number))
                        figures.warm.setdefault(kind, []).append((ended - begun) * 1e3)
                        figures.mailed.setdefault(kind, []).append((aws.published - begun) * 1e3)
                        figures.calls[kind] = len(aws.calls)
                        _, reply = await runtime.asked()
                for _ in range(events):
                    number += 1
                    tag = event("plain-bot", number)
                    tag["detail"] |= {"eventName": "TagUser", "responseElements": None}
                    begun, ended = await runtime.give(reply, tag, alerted=False)
                    figures.not_alerted.append((ended - begun) * 1e3)
                    _, reply = await runtime.asked()
                figures.resident, figures.peak = memory(process)
        finally:
            process.kill()
            process.wait()
    return figures


#: Events of the function of an organization, by what they are compared with.
OWN, FIRST, LATER = "an event of the own account", "the first event of an account", "a later event of an account"


async def measure_organization(binary, environment, runtime, aws, events):
    """For each kind of event: the calls, and the milliseconds until everything is looked up and until the mail. The kinds
    take turns in one process."""
    environment = environment | {"ORGANIZATION_ID": ORGANIZATION, "READER_ROLE": "reader"}
    calls, looked_up, mailed = {}, {}, {}
    process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL)
    try:
        _, reply = await runtime.asked()
        # The first round opens the connections.
        for number in range(events + 1):
            another = str(300_000_000_000 + number)
            for kind, account in ((OWN, ACCOUNT), (FIRST, another), (LATER, another)):
                aws.calls.clear()
                begun, _ = await runtime.give(reply, event("plain-bot", f"{number}-{len(kind)}", account))
                if number:
                    looked_up.setdefault(kind, []).append((aws.looked_up - begun) * 1e3)
                    mailed.setdefault(kind, []).append((aws.published - begun) * 1e3)
                    calls[kind] = aws.calls.copy()
                _, reply = await runtime.asked()
    finally:
        process.kill()
        process.wait()
    return calls, {"looked up": looked_up, "mailed": mailed}


async def measure_python(environment, aws, starts, events):
    figures, number = Figures(), 0
    code = SEQUENTIAL.replace("TOPIC,", f"{TOPIC!r},")
    for first in range(starts):
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

        async def said(word):
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
            if line.strip() != word:
                sys.exit(f"the Python function said {line!r}")
            return time.perf_counter()

        async def handle(target):
            nonlocal number
            number += 1
            begun = time.perf_counter()
            process.stdin.write(json.dumps(event(target, number)).encode() + b"\n")
            return begun, await said(b"done")

        try:
            figures.start.append((await said(b"ready") - begun) * 1e3)
            _, ended = await handle("plain-bot")
            figures.cold.append((ended - begun) * 1e3)
            if first == starts - 1:
                for kind, target in KINDS.items():
                    for _ in range(events):
                        aws.calls.clear()
                        begun, ended = await handle(f"{target}-bot")
                        figures.warm.setdefault(kind, []).append((ended - begun) * 1e3)
                        figures.calls[kind] = len(aws.calls)
                figures.resident, figures.peak = memory(process)
        finally:
            process.kill()
            await process.wait()
    return figures


async def measure(binary, starts, events, only_organization):
    loop = asyncio.get_running_loop()
    runtime, aws = Runtime(), Aws()
    with certificate() as tls:
        context = None
        trust = {}
        if tls:
            pem, roots = tls
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(pem)
            trust = {"SSL_CERT_FILE": str(roots), "AWS_CA_BUNDLE": str(roots)}
        lambda_port = await listen(loop, runtime.answer, None)
        aws_port = await listen(loop, aws.answer, context)
        environment = trust | {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": f"{'https' if tls else 'http'}://127.0.0.1:{aws_port}",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{lambda_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "alerter",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/alerter",
            "AWS_LAMBDA_LOG_STREAM_NAME": "measure",
            "ALERT_TOPIC_ARN": TOPIC,
        }
        call = await measure_call(environment, aws_port)
        # Its function has a history; and without one, it would wait between mails.
        with_history = environment | {"HISTORY_TABLE": "history"}
        organization = await measure_organization(binary, with_history, runtime, aws, events)
        if only_organization:
            return call, None, None, None, organization, bool(tls)
        ours = await measure_binary(binary, environment, runtime, aws, starts, events)
        history = {}
        for aws.denied_before in (False, True):
            history[aws.denied_before] = await measure_binary(binary, with_history, runtime, aws, 2, events)
        aws.denied_before = False
        theirs = None
        if importlib.util.find_spec("boto3"):
            theirs = await measure_python(environment, aws, max(3, starts // 4), events)
        return call, ours, history, theirs, organization, bool(tls)


async def listen(loop, answer, context):
    server = await loop.create_server(lambda: Http(answer), "127.0.0.1", 0, ssl=context)
    return server.sockets[0].getsockname()[1]


# --- the table ------------------------------------------------------------------------------------------------


def zipped(binary):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as writer:
        writer.write(binary, "bootstrap")
    return len(archive.getvalue()) / 1e6


def print_row(label, cells, goal="", met=None):
    verdict = "" if met is None else "  met" if met else "  MISSED"
    cells = "".join(f"{cell:>18}" for cell in (*cells, "")[:2])
    print(f"{label:43}{cells}   {goal}{verdict}".rstrip())


def table_of_organization(calls, times):
    print_row("lookups in another account", ["another account", "own account"])
    for kind in (FIRST, LATER):
        more = (Counter(calls[kind]) - Counter(calls[OWN])).elements()
        print_row(kind, [f"{len(calls[of])} calls" for of in (kind, OWN)], ", ".join(f"+ {call}" for call in more))
        for until, measured in times.items():
            there, own = (statistics.median(measured[of]) for of in (kind, OWN))
            print_row(f"   until {until}", [f"{there:.1f} ms", f"{own:.1f} ms"], f"{there / own:.2f} x")


def table(binary, call, ours, history, theirs, organization, tls):
    """Prints it all. `call` is how long a call takes for a client that only waits, in seconds."""
    call, nominal = call * 1e3, CALL * 1e3
    print(f"{binary}: medians; AWS answers {'over TLS' if tls else 'without TLS'} after {nominal:.0f} ms,")
    print(f"which makes {call:.1f} ms a call for a client that only waits\n")

    if not ours:
        table_of_organization(*organization)
        return

    def row(label, figure, unit="ms", goal="", met=None):
        cells = [f"{figure(figures):.{1 if unit else 2}f} {unit}" for figures in (ours, theirs) if figures]
        print_row(label, cells, goal, met)

    def start(figures):
        return statistics.median(figures.start)

    print_row("", ["the function", "Python, in turn"], "goal")
    faster = start(theirs) / start(ours) if theirs else None
    goal = f"30 x faster: {faster:.0f} x" if theirs else ""
    row("start, until it asks for an event", start, goal=goal, met=theirs and faster >= 30)
    row("start and first alert", lambda figures: statistics.median(figures.cold))
    for kind in KINDS:
        goal, met = ("at most 3.3", ours.median(kind) / call <= 3.3) if kind == 3 else ("", None)
        row(f"warm, {kind} of {ours.calls[kind]} calls after one another", lambda figures: figures.median(kind))
        row(f"   in calls of {call:.1f} ms", lambda figures: figures.median(kind) / call, "", goal, met)
        row(f"   in calls of {nominal:.0f} ms", lambda figures: figures.median(kind) / nominal, "")
    print_row("", ["with the history", "without"])
    for chain, figures in history.items():
        for kind in KINDS:
            what = f"warm, {kind} calls{', completes a chain' if chain else ''}"
            for part, measured in (("mailed", Figures.until_mailed), ("done", Figures.median)):
                cells = [f"{measured(figures, kind):.1f} ms", f"{measured(ours, kind):.1f} ms"]
                longer = (measured(figures, kind) - measured(ours, kind)) / call
                print_row(f"{what}: {part}", cells, f"{longer:+.2f} calls")
    without, recorded = (statistics.median(figures.not_alerted) for figures in (ours, history[False]))
    cells = [f"{recorded:.1f} ms", f"{without:.1f} ms"]
    print_row("warm, a call that is not alerted on: done", cells, f"{(recorded - without) / call:+.2f} calls")
    table_of_organization(*organization)
    row("resident after these", lambda figures: figures.resident, "MB", "< 16 MB", ours.resident < 16)
    row("   at most", lambda figures: figures.peak, "MB", "< 16 MB", ours.peak < 16)
    resident = history[True].resident
    print_row("   with the history", [f"{resident:.1f} MB"], "< 16 MB", resident < 16)
    size = zipped(binary)
    print_row("binary", [f"{os.path.getsize(binary) / 1e6:.2f} MB"])
    print_row("   zipped", [f"{size:.2f} MB"], "< 3.5 MB", size < 3.5)
    if not theirs:
        print("\nboto3 cannot be imported here, so there is no Python function to compare with: use `make measure`")


def main():
    built = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[1] / "target"))
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", nargs="?", type=Path, default=built / "release" / "iam-security-alert")
    arguments.add_argument("--starts", type=int, default=30, help="how often it is started")
    arguments.add_argument("--events", type=int, default=40, help="how many warm events of each kind")
    arguments.add_argument("--organization", action="store_true", help="only the lookups in another account")
    entities = "only the reading of whole accounts of so many entities; default: 500 and 20,000"
    arguments.add_argument("--baseline", type=int, nargs="*", metavar="N", help=entities)
    given = arguments.parse_args()
    if not given.binary.is_file():
        sys.exit(f"{given.binary} is not there: build it with `cargo build --release`, or name another")
    if given.baseline is not None:
        import measure_baseline  # it needs tests/faults, which needs this file

        measure_baseline.main(given.binary.resolve(), given.baseline or [500, 20_000])
        return
    # Others wait in whole milliseconds, and every call would take up to one more.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    asyncio.set_event_loop(loop)
    measured = measure(given.binary.resolve(), given.starts, given.events, given.organization)
    table(given.binary, *loop.run_until_complete(measured))


if __name__ == "__main__":
    main()
