"""One execution environment: the function's process, the Lambda Runtime API that feeds it, and its way to AWS."""

import asyncio
import itertools
import json
import os
import re
import socket
import struct
import time
from pathlib import Path

from cloud import ALERTS, CHAT, REGION
from measure import Http

ROOT = Path(__file__).parents[2]
#: The template's own time-out, in seconds.
TIMEOUT = int(re.search(r"\n  AlertFunction:.*?\n      Timeout: (\d+)", (ROOT / "template.yaml").read_text(), re.S)[1])
#: What EventBridge sends when the time of a schedule has come.
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "account": "123456789012", "detail": {}}
#: As the template sets them, with everything switched on.
SETTINGS = {
    "ALERT_TOPIC_ARN": ALERTS,
    "CHAT_TOPIC_ARN": CHAT,
    "SECURITY_HUB_MINIMUM_SEVERITY": "MEDIUM",
    "LOOKUP_BUDGET_SECONDS": "5",
    "MINIMUM_SEVERITY": "MEDIUM",
    "HISTORY_TABLE": "history",
    "HISTORY_RETENTION_DAYS": "365",
    "OWN_RESOURCES": f"{ALERTS},{CHAT}",
}
PORTS = itertools.count(14_000 + os.getpid() % 40 * 400)


class Connection(Http):
    """One connection of the function, to AWS or to the Runtime API."""

    def __init__(self, answer, kill):
        super().__init__(self.begin)
        self.answer_call, self.kill, self.tasks = answer, kill, set()

    def begin(self, method, path, headers, body, reply):
        task = asyncio.ensure_future(self.answer_call(path, headers, body, self))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def connection_lost(self, _):
        for task in self.tasks:
            task.cancel()

    def send(self, status, body, of_the_table=None, headers=None):
        kind = "application/x-amz-json-1.0" if of_the_table else "application/json" if body[:1] == b"{" else "text/xml"
        head = {"Content-Type": kind, "Content-Length": len(body)} | (headers or {})
        lines = "".join(f"{name}: {text}\r\n" for name, text in head.items())
        self.transport.write(f"HTTP/1.1 {status} -\r\n{lines}\r\n".encode() + body)

    def send_half(self, status, body):
        self.transport.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(body) + 1}\r\n\r\n".encode() + body[: len(body) // 2])
        asyncio.get_running_loop().call_later(0.01, self.abort)

    def abort(self):
        """Resets the connection."""
        if (connection := self.transport.get_extra_info("socket")) and not self.transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Environment:
    def __init__(self, cloud, binary, settings=None):
        self.cloud, self.binary, self.settings = cloud, binary, SETTINGS | (settings or {})
        self.events, self.answers, self.log, self.process = asyncio.Queue(), asyncio.Queue(), [], None

    async def __aenter__(self):
        loop, kill = asyncio.get_running_loop(), lambda: self.process.kill()
        self.servers = []
        for answer in (self.cloud.answer, self.runtime):
            while True:
                port = next(PORTS)
                try:
                    server = await loop.create_server(lambda answer=answer: Connection(answer, kill), "127.0.0.1", port)
                    break
                except OSError:
                    continue
            self.servers.append(server)
        self.aws, self.api = (server.sockets[0].getsockname()[1] for server in self.servers)
        return self

    async def __aexit__(self, *_):
        await self.stop()
        for server in self.servers:
            server.close()

    async def start(self):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api}",
            "AWS_LAMBDA_FUNCTION_NAME": "alerter",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "g",
            "AWS_LAMBDA_LOG_STREAM_NAME": "s",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.aws}",
        }
        self.events, self.answers = asyncio.Queue(), asyncio.Queue()
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            self.binary, env=environment | self.settings, stdout=pipe, stderr=asyncio.subprocess.STDOUT, limit=1 << 24
        )
        self.reader = asyncio.ensure_future(self.read(self.process.stdout))

    async def stop(self):
        if self.process:
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()
            await self.reader

    async def read(self, out):
        async for line in out:
            try:
                self.log.append(json.loads(line))
            except ValueError:
                self.log.append({"raw": line.decode(errors="replace")})

    async def runtime(self, path, headers, body, connection):
        """The Lambda Runtime API ("Using the Lambda runtime API", Lambda developer guide)."""
        if not path.endswith("/next"):
            self.answers.put_nowait((path.rsplit("/", 1)[-1], json.loads(body or b"null")))
            return connection.send(202, b"{}")
        event = await self.events.get()
        deadline = int((time.time() + TIMEOUT) * 1000)
        arn = f"arn:aws:lambda:{REGION}:123456789012:function:alerter"
        head = {"Lambda-Runtime-Aws-Request-Id": "r", "Lambda-Runtime-Deadline-Ms": deadline}
        connection.send(200, json.dumps(event).encode(), headers=head | {"Lambda-Runtime-Invoked-Function-Arn": arn})

    async def invoke(self, event):
        """One invocation: "response", "error", "crash" or "timeout", the seconds, and the answer."""
        if self.process is None or self.process.returncode is not None:
            await self.start()
        begun = time.monotonic()
        self.events.put_nowait(event)
        answer, end = asyncio.ensure_future(self.answers.get()), asyncio.ensure_future(self.process.wait())
        await asyncio.wait({answer, end}, timeout=TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        took = time.monotonic() - begun
        if answer.done():
            end.cancel()
            return answer.result()[0], took, answer.result()[1]
        answer.cancel()
        if end.done():
            return "crash", took, None
        end.cancel()
        await self.stop()
        return "timeout", took, None

    async def deliver(self, event, attempts=3):
        """As Lambda delivers an event: up to three attempts, a minute apart, which is not waited for."""
        tried = []
        for _ in range(attempts):
            kind, took, answer = await self.invoke(event)
            tried.append((kind, took))
            if kind == "response":
                return "handled", tried, answer
            self.cloud.table.pass_time(60, "claimedUntil")
        return "parked", tried, None

    async def summarize(self, times=3):
        """As the schedule does it, when the suppressed alerts are a minute old and other runs are over."""
        for _ in range(times):
            self.cloud.table.pass_time(60, "leftOutAt", "summingUp")
            await self.invoke(SCHEDULE)
