"""A roll-out to an organization: a person and a stack set make the same two changes in thousands of accounts, and a few
intruders make changes of their own meanwhile.

What counts: no alert is lost, each change of the roll-out is one mail and then a line in summaries, each intruder has a
mail of its own, and each account is read with its own credentials.
"""

import asyncio
import collections
import contextlib
import json
import random
import re
import statistics
import time
import uuid
from functools import partial

from cloud import ACCOUNT, ROLES, Call, Cloud, ago, iam, in_xml
from environment import Environment
from matrix import LACKS, event
from measure import memory
from storm import longest_wait, schedule, summaries, until_listed

ORGANIZATION, READER = "o-own1234567", "iam-security-alerts-reader"
#: How long an answer takes, in seconds.
DELAYS = {"sts": 0.06, "organizations": 0.03, "iam": 0.02}
#: How many accounts a process keeps the credentials of: `ACCOUNTS_READ` in src/limits.rs.
KEPT = 64
SIGNED_BY = re.compile(r"Credential=([^/]+)/")
#: What must not happen; the other numbers are for reading.
NEVER = [
    "lost", "twice", "parked", "changes with another number of mails than one", "intruders without a mail of their own",
    "calls with credentials of another account", "errors of this harness",
]  # fmt: skip

# --- the organization -----------------------------------------------------------------------------------------


def refused(code):
    return 403, f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()


class Organization(Cloud):
    """STS, AWS Organizations, and one IAM for each account: credentials say which one is asked.

    A process signs with the name that it has here, and with that and the account where it assumed the reader role.
    """

    def __init__(self, accounts):
        super().__init__()
        self.keep_calls, self.delays = False, DELAYS
        self.names = {ACCOUNT: "security"} | {account: f"team-{number}" for number, account in enumerate(accounts)}
        #: The account of the event that a process works on.
        self.at_work = {}
        #: The account of an entity, if its name says it.
        self.homes = {}
        #: Calls of each service by account; and of STS by process and account.
        self.asked, self.assumed = collections.defaultdict(collections.Counter), collections.Counter()
        #: How many calls of a service came in each second.
        self.seconds = collections.defaultdict(collections.Counter)
        self.wrong = []

    def begin(self, path, headers, body):
        if ".DescribeAccount" in headers.get("x-amz-target", ""):
            call = Call(0, "organizations DescribeAccount", "organizations", "DescribeAccount", json.loads(body))
        else:
            call = super().begin(path, headers, body)
        if call.action == "AssumeRole":
            call.service = "sts"
        call.process, _, call.account = SIGNED_BY.search(headers["authorization"])[1].partition(".")
        return call

    def do(self, call):
        answer = {"sts": self.assume, "organizations": self.describe, "iam": self.ask}.get(call.service)
        if not answer:
            return super().do(call)
        self.seconds[call.service][int(time.monotonic())] += 1
        return answer(call)

    def assume(self, call):
        account = call.parameters["RoleArn"].split(":")[4]
        self.asked["sts"][account] += 1
        role = f"arn:aws:iam::{account}:role/{READER}"
        if call.account or account not in self.names or call.parameters["RoleArn"] != role:
            return refused("AccessDenied")
        self.assumed[call.process, account] += 1
        credentials = f"<AccessKeyId>{call.process}.{account}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        credentials += f"<SessionToken>t</SessionToken><Expiration>{ago(-3600)}</Expiration>"
        return 200, in_xml("AssumeRole", f"<Credentials>{credentials}</Credentials>")

    def describe(self, call):
        account = call.parameters["AccountId"]
        self.asked["organizations"][account] += 1
        if account not in self.names:
            return 400, b'{"__type":"AccountNotFoundException","Message":"no"}'
        arn = f"arn:aws:organizations::{ACCOUNT}:account/{ORGANIZATION}/{account}"
        return 200, json.dumps({"Account": {"Id": account, "Arn": arn, "Name": self.names[account]}}).encode()

    def ask(self, call):
        """IAM: of the account of the credentials, and only about the event that the process works on."""
        account = call.account or ACCOUNT
        self.asked["iam"][account] += 1
        entity = call.parameters.get("RoleName") or call.parameters.get("UserName")
        homes = {self.homes.get(entity, account), self.at_work.get(call.process, account)}
        if homes != {account}:
            self.wrong.append(f"{call.action} {entity} in {account} instead of {homes}")
            return refused("AccessDenied")
        result = iam(call.action, call.parameters, account)
        return (200, in_xml(call.action, result)) if result is not None else (404, refused("NoSuchEntity")[1])


# --- events ---------------------------------------------------------------------------------------------------


def session(account, role, name, path=""):
    """A session of a role, by the name of the session."""
    issuer = {"type": "Role", "principalId": f"AROA{role}", "accountId": account, "userName": role}
    issuer["arn"] = f"arn:aws:iam::{account}:role/{path}{role}"
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{role}:{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "accountId": account,
        "accessKeyId": f"ASIA{account}",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
    }


def person_in(account, name="dana@acme.example"):
    """A person of IAM Identity Center: the role has another name in each account."""
    return session(account, f"AWSReservedSSO_Admin_{int(account):016x}", name, "aws-reserved/sso.amazonaws.com/")


def stack_set_in(account):
    """The role with which CloudFormation makes the changes of stack sets."""
    return session(account, f"stacksets-exec-{int(account):032x}", "AWSCloudFormation")


def in_account(account, happened, **more):
    """The event as it comes from another account of the organization."""
    happened["detail"] |= {"recipientAccountId": account} | more
    return happened | {"account": account}


def a_user(account, caller, name, **more):
    made = {"userName": name, "userId": f"AIDA{name}", "arn": f"arn:aws:iam::{account}:user/{name}", "path": "/"}
    return in_account(account, event(caller, "CreateUser", {"userName": name}, {"user": made}), **more)


def a_key(account, caller, name, **more):
    key = {"userName": name, "accessKeyId": "AKIAEXAMPLENEW", "status": "Active"}
    return in_account(account, event(caller, "CreateAccessKey", {"userName": name}, {"accessKey": key}), **more)


def role_of_stack_set(account):
    return f"StackSet-audit-{uuid.UUID(int=int(account))}-Reader-{account}"


def by_person(account):
    return a_user(account, person_in(account), "break-glass")


def by_stack_set(account):
    name = role_of_stack_set(account)
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    made = {"roleName": name, "roleId": f"AROA{name}", "arn": f"arn:aws:iam::{account}:role/{name}", "path": "/"}
    request = {"roleName": name, "assumeRolePolicyDocument": json.dumps(trust)}
    of = event(stack_set_in(account), "CreateRole", request, {"role": made})
    by = "cloudformation.amazonaws.com"
    return in_account(account, of, sourceIPAddress=by, userAgent=by)


#: The two changes of the roll-out.
CHANGES = [by_stack_set, by_person]
ELSEWHERE = {"sourceIPAddress": "203.0.113.99", "userAgent": "Boto3/1.40"}


def by_mallory(account, _):
    """A user of the account, who has the same name as one in other accounts."""
    arn = f"arn:aws:iam::{account}:user/mallory"
    caller = {"type": "IAMUser", "principalId": "AIDAmallory", "arn": arn, "accountId": account, "userName": "mallory"}
    return a_key(account, caller | {"accessKeyId": f"AKIA{account}"}, "carol", **ELSEWHERE)


def by_another_person(account, number):
    """The change of the roll-out, but by somebody else."""
    return a_user(account, person_in(account, f"eve-{number}@acme.example"), "break-glass", **ELSEWHERE)


def as_the_person(account, number):
    """The person of the roll-out, but another change."""
    return a_key(account, person_in(account), f"backup-{number}", **ELSEWHERE)


def as_the_stack_set(account, number):
    """The role of the roll-out, but another change."""
    return a_user(account, stack_set_in(account), f"backup-{number}", **ELSEWHERE)


INTRUDERS = [by_mallory, by_another_person, as_the_person, as_the_stack_set]


def plan(accounts, intruders):
    """What happens, in order: functions that make the event when its time has come, and what each of them is."""
    order = random.sample(accounts, len(accounts))
    happens = [(change.__name__, partial(change, account)) for account in order for change in CHANGES]
    # The first quarter is the roll-out alone.
    places = range(max(len(CHANGES), len(happens) // 4), len(happens) + 1)
    for number, place in enumerate(sorted(random.choices(places, k=intruders), reverse=True)):
        kind = INTRUDERS[number % len(INTRUDERS)]
        happens.insert(place, ("intruder", partial(kind, random.choice(accounts), number)))
    return happens


# --- the run --------------------------------------------------------------------------------------------------


def resident(pool):
    """What the processes have resident, in MB."""
    return {environment: next(memory(environment.process)) for environment in pool if environment.process}


async def run(binary, count, seconds, instances, intruders, wait=True):
    """A roll-out to so many accounts within so many seconds; returns what came of it, and how much of that is wrong.
    `wait` as in storm.py."""
    accounts = [str(300_000_000_000 + 7_919 * number) for number in range(count)]
    cloud = Organization(accounts)
    for account in accounts:
        for caller in (person_in(account), stack_set_in(account)):
            role = caller["sessionContext"]["sessionIssuer"]["userName"]
            ROLES[role], cloud.homes[role] = ["aws:AdministratorAccess"], account
        cloud.homes[role_of_stack_set(account)] = account
    begin = {"pk": {"S": "HISTORY"}, "sk": {"S": "BEGIN"}, "time": {"S": ago(30 * 86_400)}}
    cloud.table.items["HISTORY", "BEGIN"] = begin
    cloud.table.items["HISTORY#organization", "BEGIN"] = begin | {"pk": {"S": "HISTORY#organization"}}
    happens = plan(accounts, intruders)
    made, finals, answers, suppressed_at, took, early = {}, {}, {}, {}, {}, {}
    async with contextlib.AsyncExitStack() as stack:
        organization = {"ORGANIZATION_ID": ORGANIZATION, "READER_ROLE": READER}
        pool = [
            Environment(cloud, binary, organization | {"AWS_ACCESS_KEY_ID": f"process-{number}"})
            for number in range(instances + 1)
        ]
        for environment in pool:
            await stack.enter_async_context(environment)
        clock, *pool = pool
        free, some_are_free = list(pool), asyncio.Semaphore(instances)
        over = asyncio.Event()

        async def handle(kind, of, due):
            id = of["detail"]["eventID"]
            made[id] = kind
            async with some_are_free:
                # Lambda may use any instance that is free.
                environment = free.pop(random.randrange(len(free)))
                process = environment.settings["AWS_ACCESS_KEY_ID"]
                cloud.at_work[process] = of["account"]
                finals[id], _, answers[id] = await environment.deliver(of)
                del cloud.at_work[process]
                free.append(environment)
            took[id] = time.monotonic() - due
            if answers[id] and not answers[id].get("published"):
                suppressed_at[id] = time.monotonic()

        # It begins in one account. What comes after is a repetition, and not the first change in a month.
        for kind, make in happens[: len(CHANGES)]:
            await handle(kind, make(), time.monotonic())
        happens, handled, begun = happens[len(CHANGES) :], [], time.monotonic()
        ticking = asyncio.ensure_future(schedule(clock, over)) if wait else None
        for number, (kind, make) in enumerate(happens):
            due = begun + number * seconds / len(happens)
            await asyncio.sleep(due - time.monotonic())
            handled.append(asyncio.ensure_future(handle(kind, make(), due)))
            if number == len(happens) // 10:
                early = resident(pool)
        await asyncio.gather(*handled)
        ended = time.monotonic() - begun
        late = resident(pool)
        if wait:
            await until_listed(cloud, suppressed_at, 300)
        over.set()
        if ticking:
            await ticking
        await clock.summarize(1 if wait else 8)
        of_clock = max(memory(clock.process))
    growth = [now - early[environment] for environment, now in late.items() if environment in early]
    mailed, listed = cloud.mailed(), cloud.listed()
    changes = collections.Counter(kind for id, kind in made.items() if mailed[id])
    lists = [mail["at"] for mail in summaries(cloud)]
    texts = [answer["text"] for answer in answers.values() if answer and "text" in answer]
    again = sum(times - 1 for times in cloud.assumed.values())
    result = {
        "accounts": count,
        "events": len(made),
        "seconds": round(ended, 1),
        "mails": len(cloud.mails),
        "of these, summaries": len(lists),
        "   in one minute, at most": max((sum(0 <= later - at < 60 for later in lists) for at in lists), default=0),
        "alerts with a mail of their own": sum(id in mailed for id in made),
        "alerts listed in summaries": sum(id in listed for id in made),
        "lost": sum(id not in mailed and id not in listed for id in made),
        "twice": sum(mailed[id] + listed[id] > 1 for id in made),
        "parked": sum(final == "parked" for final in finals.values()),
        "changes with another number of mails than one": sum(changes[change.__name__] != 1 for change in CHANGES),
        "intruders without a mail of their own": intruders - changes["intruder"],
        "calls with credentials of another account": len(cloud.wrong),
        "errors of this harness": len(cloud.problems),
        "most mails in a second": cloud.most_mails_in_a_second(),
        "seconds until an alert was listed, at most": longest_wait(cloud, suppressed_at),
    }
    for service, name in (("sts", "STS"), ("organizations", "AWS Organizations"), ("iam", "IAM")):
        of_account, of_second = cloud.asked[service].values(), max(cloud.seconds[service].values())
        result[f"calls of {name}"] = f"{sum(of_account)}, in one second {of_second} at most"
        result[f"   {name}: of one account"] = f"{statistics.mean(of_account):.1f} on average, at most {max(of_account)}"
    result |= {
        "roles that a process assumed again": again,
        "complete judgements": f"{sum(not LACKS.search(text) for text in texts)} of {len(texts)}",
        "resident, MB, at the end": f"{statistics.mean(late.values()):.1f} on average, at most {max(late.values()):.1f}",
        "   more than after a tenth of the events": f"{statistics.mean(growth):.1f} on average, at most {max(growth):.1f}",
        "   of the process of the schedule, at most": round(of_clock, 1),
        "median event, seconds": round(statistics.median(took.values()), 2),
        "slowest event, seconds": round(max(took.values()), 1),
    }
    failed = sum(result[name] != 0 for name in NEVER) + (result["most mails in a second"] >= 10)
    return result, failed + (again != 0 and count <= KEPT)
