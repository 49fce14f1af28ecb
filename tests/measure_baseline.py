"""What the reading of a whole account costs: `python tests/measure.py --baseline`.

The function reads an account that is played here, with the table, the Lambda Runtime API and the rest of AWS of
tests/faults. IAM answers in pages, as large as the function asks for. Capacity is counted from the sizes of the items as
DynamoDB counts it: what was read and written of the baseline, nothing else.

Three readings: the first one, one where nothing changed, and one where 1 % of the entities did; then the comparison of
those, none of which had an event. Each is done by a process of its own, in as many scheduled runs as it takes.
"""

import asyncio
import base64
import json
import math
import os
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

sys.path[:0] = [str(Path(__file__).parent / "faults"), str(Path(__file__).parent)]

from cloud import ACCOUNT, SINCE, Cloud, in_xml, members  # noqa: E402
from environment import SCHEDULE, Environment  # noqa: E402
from measure import memory  # noqa: E402
from table import BASELINE, Table  # noqa: E402

#: How long an answer takes, in seconds: an assumption, of a page of IAM most of all.
DELAYS = {"iam": 0.025, "dynamodb": 0.005}
PAGE_OF_IAM = 0.5
KB = 1024
#: Of the entities, so many are of a kind; each user has credentials, besides.
SHARES = {"Role": 0.6, "Policy": 0.2, "User": 0.09, "Group": 0.02}
LISTS = {"Role": "RoleDetailList", "User": "UserDetailList", "Group": "GroupDetailList", "Policy": "Policies"}
A_DAY, AN_HOUR = 86_700, 3_900
#: So many scheduled runs are enough for anything that is measured.
RUNS = 400

# --- the account ----------------------------------------------------------------------------------------------


def document(size, number, changed):
    """A policy of so many bytes."""
    actions = ["s3:GetObject", "s3:PutObject", "logs:PutLogEvents"] + ["sqs:SendMessage"] * changed
    statement = {"Sid": "Application", "Effect": "Allow", "Action": actions, "Resource": []}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    while len(json.dumps(policy, separators=(",", ":"))) < size:
        statement["Resource"].append(f"arn:aws:s3:::application-{number}-{len(statement['Resource'])}/prefix/*")
    return quote(json.dumps(policy, separators=(",", ":")))


def trust(number):
    condition = {"StringEquals": {"sts:ExternalId": f"external-{number}"}}
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return quote(json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Condition": condition}]}))


def details_of(kind, number, policies, changed):
    """One entity, as GetAccountAuthorizationDetails gives it."""
    name = f"{kind.lower()}-of-application-{number:05}"
    prefix = {"Role": "AROA", "User": "AIDA", "Group": "AGPA", "Policy": "ANPA"}[kind]
    common = f"<Path>/</Path><{kind}Name>{name}</{kind}Name><{kind}Id>{prefix}{number:016}</{kind}Id>"
    common += f"<Arn>arn:aws:iam::{ACCOUNT}:{kind.lower()}/{name}</Arn>{SINCE}"
    if kind == "Policy":
        versions = [
            f"<VersionId>v{version}</VersionId><IsDefaultVersion>{'false' if version == 1 else 'true'}</IsDefaultVersion>{SINCE}"
            f"<Document>{document(1_500, number, changed and version == 2)}</Document>"
            for version in (1, 2)
        ]
        return common + "<DefaultVersionId>v2</DefaultVersionId>" + members("PolicyVersionList", versions)
    attached = [
        f"<PolicyName>policy-of-application-{of:05}</PolicyName>"
        f"<PolicyArn>arn:aws:iam::{ACCOUNT}:policy/policy-of-application-{of:05}</PolicyArn>"
        for of in sorted({(number * 7 + more) % policies for more in range(3)})
    ]
    inline = [
        f"<PolicyName>inline-{of}</PolicyName><PolicyDocument>{document(500, number, changed and of == 1)}</PolicyDocument>"
        for of in range(2)
    ]
    more = ""
    if kind == "Role":
        tags = members("Tags", [f"<Key>team</Key><Value>team-{number % 40}</Value>"])
        more = f"<AssumeRolePolicyDocument>{trust(number)}</AssumeRolePolicyDocument>{tags}"
    if kind == "User":
        more = members("GroupList", [f"group-of-application-{number % 3:05}"])
        inline = []
    return common + members("AttachedManagedPolicies", attached) + members(f"{kind}PolicyList", inline) + more


class Account:
    """The entities of each kind, as texts."""

    def __init__(self, entities):
        self.counts = {kind: max(1, round(entities * share)) for kind, share in SHARES.items()}
        policies = self.counts["Policy"]
        self.of = {
            kind: [details_of(kind, number, policies, False) for number in range(count)] for kind, count in self.counts.items()
        }
        self.entities = sum(self.counts.values()) + self.counts["User"] + 1

    def change(self):
        """Changes every hundredth role, group and policy; returns how many."""
        changed = 0
        for kind in ("Role", "Group", "Policy"):
            for number in range(50, self.counts[kind], 100):
                self.of[kind][number] = details_of(kind, number, self.counts["Policy"], True)
                changed += 1
        return changed

    def report(self):
        columns = "user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,access_key_1_active"
        columns += ",access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated"
        dates = "2023-02-14T09:12:44+00:00,false,no_information,true,true,2026-10-01T10:00:00+00:00,2026-11-01T10:00:00+00:00,false,N/A"
        rows = [f"<root_account>,arn:aws:iam::{ACCOUNT}:root,{dates}"]
        for number in range(self.counts["User"]):
            name = f"user-of-application-{number:05}"
            rows.append(f"{name},arn:aws:iam::{ACCOUNT}:user/{name},{dates}")
        return base64.b64encode("\n".join([columns, *rows]).encode()).decode()


# --- AWS ------------------------------------------------------------------------------------------------------


def size(value):
    """The size of a value, in bytes ("DynamoDB item sizes and formats", DynamoDB developer guide)."""
    ((kind, of),) = value.items()
    if kind == "S":
        return len(of.encode())
    if kind == "B":
        return len(of) * 3 // 4
    if kind == "N":
        return len(of) // 2 + 1
    if kind == "L":
        return 3 + sum(1 + size(part) for part in of)
    if kind == "M":
        return 3 + sum(1 + len(name) + size(part) for name, part in of.items())
    return 1


def size_of(item):
    return sum(len(name.encode()) + size(value) for name, value in item.items())


class CountedTable(Table):
    """The table, and what DynamoDB would charge for the baseline."""

    def __init__(self):
        super().__init__()
        self.read, self.written, self.calls = Counter(), Counter(), Counter()
        self.largest = Counter()

    def call(self, action, call):
        if action == "TransactWriteItems":
            puts = [write["Put"]["Item"] for write in call["TransactItems"]]
            if not puts[0]["pk"]["S"].startswith(BASELINE):
                return super().call(action, call)
            answer = super().call(action, call)
            for item in puts:
                self.write(item, 2)
            self.calls["transactions"] += 1
            self.largest["writes in a transaction"] = max(self.largest["writes in a transaction"], len(puts))
            self.largest["bytes in a transaction"] = max(self.largest["bytes in a transaction"], sum(map(size_of, puts)))
            return answer
        if action == "Query":
            answer, of = super().call(action, call), call["ExpressionAttributeValues"][":pk"]["S"]
            if of.startswith(BASELINE):
                units = max(1, math.ceil(sum(map(size_of, answer["Items"])) / (4 * KB)))
                self.read[of.split("#")[0]] += units if call.get("ConsistentRead") else units / 2
                self.calls["queries"] += 1
            return answer
        key = call.get("Item") or call["Key"]
        before = self.items.get(self.key(key), {})
        answer = super().call(action, call)
        if key["pk"]["S"].startswith(BASELINE):
            self.write(max(before, self.items[self.key(key)], key=size_of), 1)
            self.calls["other writes"] += 1
        return answer

    def write(self, item, factor):
        self.written[item["pk"]["S"].split("#")[0]] += factor * max(1, math.ceil(size_of(item) / KB))
        self.largest["item"] = max(self.largest["item"], size_of(item))

    def reset(self):
        for counter in (self.read, self.written, self.calls, self.largest):
            counter.clear()


class LargeAccount(Cloud):
    """IAM in pages, as large as is asked for."""

    def __init__(self, account):
        super().__init__()
        self.account, self.table, self.keep_calls = account, CountedTable(), False
        self.delays, self.asked, self.largest_page = DELAYS, Counter(), 0

    async def answer_call(self, path, headers, body, connection):
        if b"Action=GetAccountAuthorizationDetails" in body:
            await asyncio.sleep(PAGE_OF_IAM - DELAYS["iam"])
        await super().answer_call(path, headers, body, connection)

    def do(self, call):
        if call.service == "iam":
            self.asked[call.action] += 1
        if call.action == "GetAccountAuthorizationDetails":
            kind = call.parameters["Filter.member.1"].removeprefix("LocalManaged")
            begin, count = int(call.parameters.get("Marker", 0)), int(call.parameters["MaxItems"])
            page = members(LISTS[kind], self.account.of[kind][begin : begin + count])
            more = f"<Marker>{begin + count}</Marker>" if begin + count < len(self.account.of[kind]) else ""
            self.largest_page = max(self.largest_page, len(page))
            return 200, in_xml(call.action, page + more)
        if call.action == "GetCredentialReport":
            report = f"<Content>{self.account.report()}</Content><ReportFormat>text/csv</ReportFormat>"
            return 200, in_xml(call.action, report)
        return super().do(call)


# --- what is measured -----------------------------------------------------------------------------------------


def cpu(process):
    """The seconds of processor time of a process."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


async def measured(cloud, binary, over):
    """Scheduled runs until `over` says so of the progress; what they cost."""
    cloud.table.reset()
    cloud.asked.clear()
    cloud.largest_page, mails, runs, times, kinds = 0, len(cloud.mails), 0, [], Counter()
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(Environment(cloud, binary, {"SECURITY_HUB_MINIMUM_SEVERITY": "CRITICAL"}))
        while not over(cloud.table.progress_of_baseline(ACCOUNT)):
            runs += 1
            assert runs <= RUNS, cloud.table.progress_of_baseline(ACCOUNT)
            cloud.table.pass_time(60, "claimedUntil", "leftOutAt", "summingUp")
            kind, took, _ = await environment.invoke(SCHEDULE)
            kinds[kind] += 1
            if kind != "response":
                break
            times.append(took)
        resident, peak = memory(environment.process) if environment.process.returncode is None else (0, 0)
        used = cpu(environment.process) if environment.process.returncode is None else 0
        failures = Counter(
            line[name] for line in environment.log for name in ("baselineFailure", "historyFailure", "error") if name in line
        )
    table = cloud.table
    return {
        "scheduled runs": runs,
        "   that did not end well": sum(kinds.values()) - kinds["response"],
        "seconds of function time": round(sum(times), 1),
        "   longest run": round(max(times, default=0), 1),
        "   of these, processor time": round(used, 1),
        "peak memory (VmHWM), MB": round(peak, 1),
        "calls to IAM": sum(cloud.asked.values()),
        "   of these, pages of the account": cloud.asked["GetAccountAuthorizationDetails"],
        "   largest page, KB": round(cloud.largest_page / KB),
        "read units": round(sum(table.read.values()), 1),
        "write units": sum(table.written.values()),
        "read, by list": ", ".join(f"{of} {units:g}" for of, units in sorted(table.read.items())),
        "written, by list": ", ".join(f"{of} {units:g}" for of, units in sorted(table.written.items())) or "nothing",
        "calls to the table": ", ".join(f"{count} {name}" for name, count in sorted(table.calls.items())) or "none",
        "largest": ", ".join(f"{name}: {count:,}" for name, count in sorted(table.largest.items())) or "-",
        "mails": len(cloud.mails) - mails,
        "failures in the log": str(dict(failures) or "none"),
    }


async def measure(binary, entities):
    """The rows of an account of so many entities."""
    begun = time.monotonic()
    account = Account(entities)
    cloud = LargeAccount(account)
    is_read = lambda former: lambda progress: bool(progress.get("last")) and progress["last"] != former and not progress.get("begun")
    last = lambda: cloud.table.progress_of_baseline(ACCOUNT).get("last")
    columns = {"first reading": await measured(cloud, binary, is_read(None))}
    await measured(cloud, binary, lambda progress: not progress.get("findings"))
    cloud.table.pass_time_of_baseline(A_DAY)
    columns["nothing changed"] = await measured(cloud, binary, is_read(last()))
    cloud.table.pass_time_of_baseline(AN_HOUR)
    columns["its comparison"] = await measured(cloud, binary, lambda progress: not progress.get("compareWith"))
    changed = account.change()
    cloud.table.pass_time_of_baseline(A_DAY)
    columns[f"{changed} changed"] = await measured(cloud, binary, is_read(last()))
    cloud.table.pass_time_of_baseline(AN_HOUR)
    columns["their comparison"] = await measured(cloud, binary, lambda progress: not progress.get("compareWith"))
    stored = [item for item in cloud.table.items.values() if item["pk"]["S"].startswith(BASELINE)]
    print(f"\n{account.entities:,} entities: " + ", ".join(f"{count:,} of kind {kind}" for kind, count in account.counts.items()))
    print(f"the table has {len(stored):,} items of the baseline, {sum(map(size_of, stored)) / 1e6:.1f} MB; measured in {time.monotonic() - begun:.0f} s")
    if cloud.problems:
        print(f"errors of this harness: {cloud.problems[:3]}")
    return columns


def table(columns):
    names = list(next(iter(columns.values())))
    print(f"{'':34}" + "".join(f"{name:>20}" for name in columns))
    for name in names:
        cells = [column[name] for column in columns.values()]
        if any(isinstance(cell, str) for cell in cells):
            for title, cell in zip(columns, cells):
                print(f"{name + ', ' + title:54}{cell}")
        else:
            print(f"{name:34}" + "".join(f"{cell:>20,}" for cell in cells))


def main(binary, sizes):
    print(f"{binary}: a page of IAM takes {PAGE_OF_IAM * 1e3:.0f} ms, the table {DELAYS['dynamodb'] * 1e3:.0f} ms, others {DELAYS['iam'] * 1e3:.0f} ms")
    for entities in sizes:
        table(asyncio.run(measure(str(binary), entities)))
