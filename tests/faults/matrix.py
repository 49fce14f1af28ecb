"""Every fault at every call: is an alert ever lost, or sent twice without saying so?

Each scenario is run once without a fault: that shows which calls the function makes. Then it is run again and again,
with each fault at each of these calls, once and always, and with the process killed around each of them.
"""

import asyncio
import itertools
import random
import re
import uuid

from cloud import ACCOUNT, FAULTS, Cloud, ago, applies
from environment import SCHEDULE, TIMEOUT, Environment

#: What a mail says that may be the second one.
MAY_BE_SECOND = re.compile(r"may have come before|may come twice")
#: What a mail says that lacks something.
LACKS = re.compile(r"Not known|Not evaluated|not known")

# --- events ---------------------------------------------------------------------------------------------------


def user(name):
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    identity = {"type": "IAMUser", "principalId": f"AIDA{name}", "arn": arn, "accountId": ACCOUNT}
    return identity | {"accessKeyId": f"AKIA{name}", "userName": name}


def session(role):
    issuer = {"type": "Role", "principalId": f"AROA{role}", "accountId": ACCOUNT, "userName": role}
    issuer["arn"] = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{role}:build",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/build",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
    }


def event(caller, name, request, response=None, seconds_ago=15):
    record = {
        "eventVersion": "1.11",
        "userIdentity": caller,
        "eventTime": ago(seconds_ago),
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.31.9",
        "requestParameters": request,
        "responseElements": response,
        "eventID": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    }
    envelope = {"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam", "account": ACCOUNT}
    return envelope | {"time": record["eventTime"], "region": "us-east-1", "detail": record}


def create_user(caller, name):
    made = {"userName": name, "userId": f"AIDA{name}", "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "path": "/"}
    return event(caller, "CreateUser", {"userName": name}, {"user": made})


def create_key(caller, name):
    key = {"userName": name, "accessKeyId": "AKIAEXAMPLENEW", "status": "Active"}
    return event(caller, "CreateAccessKey", {"userName": name}, {"accessKey": key})


# --- scenarios: what happened before, and the event -----------------------------------------------------------


async def a_user(environment):
    return create_user(user("carol"), "bot")


async def a_role(environment):
    """LOW, if it was not for the administrator role."""
    return event(user("carol"), "AddRoleToInstanceProfile", {"roleName": "admin", "instanceProfileName": "web"})


async def a_quarantined_caller(environment):
    """LOW, if it was not for the caller."""
    return event(user("quarantined"), "CreateGroup", {"groupName": "g"}, {"group": {"groupName": "g"}})


async def a_policy(environment):
    arn = f"arn:aws:iam::{ACCOUNT}:policy/team"
    return event(session("deployer"), "AttachUserPolicy", {"userName": "with-key", "policyArn": arn})


async def a_group(environment):
    return event(session("deployer"), "AddUserToGroup", {"groupName": "Admins", "userName": "bot"})


async def a_chain(environment):
    await environment.invoke(create_user(user("carol"), "bot"))
    return create_key(user("carol"), "bot")


async def a_burst(environment):
    """The event is one that is suppressed."""
    for number in range(6):
        await environment.invoke(create_user(session("deployer"), f"bot-{number}"))
    return create_user(session("deployer"), "bot-7")


async def a_summary(environment):
    await environment.invoke(await a_burst(environment))
    environment.cloud.table.pass_time(60, "leftOutAt", "summingUp")
    return SCHEDULE


SCENARIOS = [a_user, a_role, a_quarantined_caller, a_policy, a_group, a_chain, a_burst, a_summary]

# --- one case -------------------------------------------------------------------------------------------------


class Case:
    def __init__(self, scenario, name, fault=None, call=None, once=False, kill=None):
        self.scenario, self.name, self.fault, self.call, self.once, self.kill = scenario, name, fault, call, once, kill

    async def run(self, binary):
        cloud = Cloud()
        # A history of a month: whoever is not in it was not seen for so long.
        begin = {"pk": {"S": "HISTORY"}, "sk": {"S": "BEGIN"}, "time": {"S": ago(30 * 86_400)}}
        cloud.table.items["HISTORY", "BEGIN"] = begin
        async with Environment(cloud, binary) as environment:
            of = await self.scenario(environment)
            suppressed = self.suppressed(cloud)
            before = len(cloud.calls)
            left = itertools.chain([self.fault] if self.once else [], itertools.repeat(None if self.once else self.fault))
            cloud.fault = lambda call: next(left) if call.name == self.call else None
            if self.kill:
                cloud.kill = (before + self.kill[0], self.kill[1])
            final, tried, answer = await environment.deliver(of)
            calls = cloud.calls[before:]
            cloud.fault, cloud.kill = (lambda call: None), None
            await environment.summarize()
            problems = [] if cloud.problems == [] else [("BROKEN", cloud.problems[0])]
            if any(kind == "timeout" or took > TIMEOUT - 0.5 for kind, took in tried):
                problems.append(("TIMEOUT", f"{max(took for _, took in tried):.1f} s"))
            if of is SCHEDULE:
                problems += self.judge_summary(cloud, suppressed)
            else:
                problems += self.judge(cloud, of["detail"]["eventID"], final, calls, suppressed)
            return problems, calls, max(took for _, took in tried)

    @staticmethod
    def suppressed(cloud):
        return {item["eventId"]["S"] for item in cloud.table.of("FLOOD#suppressed") if "leftOutAt" in item}

    def judge(self, cloud, event_id, final, calls, suppressed):
        mails, listed = cloud.mails_about(event_id), cloud.listed()
        listings = listed[event_id]
        problems = []
        if final == "handled" and not mails and not listings:
            problems.append(("LOST", "the function was content, and there is no mail"))
        if final == "parked" and not any(call.name == "sns Publish" and call.fault for call in calls):
            problems.append(("PARKED", "SNS took every mail"))
        # The summaries may be second ones, too; what counts is that each mail after the first says so.
        if any(not MAY_BE_SECOND.search(mail["text"]) for mail in mails[1:]):
            problems.append(("DUPLICATE", f"{len(mails)} mails, and a later one does not say so"))
        if mails and listings:
            problems.append(("DUPLICATE", "mailed, and listed in a summary"))
        if any(listed[other] != 1 for other in suppressed):
            problems.append(("LOST", "what was suppressed before is not in exactly one summary"))
        asked = {}
        for call in calls:
            asked.setdefault(call.name, []).append(call)
        for name, of_name in asked.items():
            about_access = name.startswith(("iam ", "dynamodb Query", "dynamodb TransactWriteItems EVENT claimed"))
            # Without the mutes and acknowledgements, nothing is kept back: the mail lacks no fact.
            about_access = about_access and name != "dynamodb Query REVIEW"
            if about_access and mails and not any(call.answered for call in of_name) and not LACKS.search(mails[0]["text"]):
                if not MAY_BE_SECOND.search(mails[0]["text"]):
                    problems.append(("GAP", f"{name} had no answer, and the mail does not say so"))
        return problems

    @staticmethod
    def judge_summary(cloud, suppressed):
        problems, listed = [], cloud.listed()
        if not suppressed <= listed.keys():
            problems.append(("LOST", "a suppressed alert is in no summary"))
        summaries = [mail for mail in cloud.mails if "\nWHAT WAS SUPPRESSED" in mail["text"]]
        if any(not MAY_BE_SECOND.search(mail["text"]) for mail in summaries[1:]):
            problems.append(("DUPLICATE", f"{len(summaries)} summaries, and a later one does not say so"))
        return problems


# --- all cases ------------------------------------------------------------------------------------------------

#: The faults of the quick part: one of each kind.
QUICK = ["denied", "throttled", "unacknowledged", "applied 500", "empty", "hang", "conflict"]


async def cases(binary, quick):
    """The cases, made of the calls that the function makes, and what goes wrong without any fault."""
    found, tried = [], set()
    for scenario in SCENARIOS:
        title = scenario.__name__.replace("_", " ")
        problems, calls, _ = await Case(scenario, f"{title}, no fault").run(binary)
        assert not problems, f"{title}, no fault: {problems}"
        for name in dict.fromkeys(call.name for call in calls):
            # A call is tried in the first scenario that makes it; in those of a burst, again.
            again = scenario in (a_role, a_quarantined_caller, a_burst, a_summary) and name.startswith(("dynamodb", "sns", "iam List"))
            if name in tried and (quick or not again):
                continue
            tried.add(name)
            for fault in QUICK if quick else FAULTS:
                for once in (False,) if quick else (True, False):
                    if applies(fault, name):
                        often = "once" if once else "always"
                        found.append(Case(scenario, f"{title}: {name}: {fault} {often}", fault, name, once))
        # In the quick part, one kill a scenario and call after the claim.
        for number in range(1, len(calls) + 1):
            for when in ("after",) if quick else ("before", "after", "answered"):
                if quick and (scenario not in (a_user, a_burst, a_summary) or calls[number - 1].service == "iam"):
                    continue
                found.append(Case(scenario, f"{title}: killed {when} call {number}", kill=(number, when)))
    return found


async def run(binary, jobs, quick=False, pattern=None):
    """Runs all cases; returns the rows of the table: (case, problems, seconds)."""
    todo = [case for case in await cases(binary, quick) if not pattern or re.search(pattern, case.name)]
    free, rows = asyncio.Semaphore(jobs), []

    async def one(case):
        async with free:
            try:
                problems, _, took = await case.run(binary)
            except Exception as error:  # of this harness
                problems, took = [("BROKEN", repr(error))], 0
            rows.append((case, problems, took))
            if len(rows) % 200 == 0:
                print(f"  {len(rows)} of {len(todo)}", flush=True)

    await asyncio.gather(*(one(case) for case in todo))
    return sorted(rows, key=lambda row: todo.index(row[0]))
