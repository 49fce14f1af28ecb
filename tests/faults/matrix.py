"""Every fault at every call: is an alert ever lost, or sent twice without saying so?

Each scenario is run once without a fault: that shows which calls the function makes. Then it is run again and again,
with each fault at each of these calls, once and always, and with the process killed around each of them.
"""

import asyncio
import copy
import itertools
import json
import random
import re
import uuid

from cloud import ACCOUNT, FAULTS, Cloud, ago, applies
from environment import SCHEDULE, TIMEOUT, Environment
from table import BASELINE

#: What a mail says that may be the second one.
MAY_BE_SECOND = re.compile(r"may have come before|may come twice")
#: What a mail says that lacks something.
LACKS = re.compile(r"Not known|Not evaluated|not known|in the baseline, last read")
#: The calls of IAM that only the reading of the whole account makes.
READING = re.compile(r"iam (GetAccount(Authorization|Password)|\w+CredentialReport|\w+(SAML|OpenIDConnect)Provider)")
#: What the mail of the first reading counts, before or after a few users were created.
COUNTS = "{} users, 2 roles, 2 groups, 4 customer managed policies, "
#: A comparison comes an hour after a reading; a reading, a day after the one before.
AN_HOUR, A_DAY = 3_900, 86_700

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


async def later(environment, seconds):
    """Lets time pass for the baseline. A process remembers for minutes that nothing is due: it is another one then."""
    environment.cloud.table.pass_time_of_baseline(seconds)
    await environment.stop()


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


async def a_trust(environment):
    """The mail says what was before."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
    request = {"roleName": "deployer", "policyDocument": json.dumps(document)}
    return event(user("carol"), "UpdateAssumeRolePolicy", request)


async def a_chain(environment):
    await environment.invoke(create_user(user("carol"), "bot"))
    return create_key(user("carol"), "bot")


async def a_burst(environment):
    """The event is one that is suppressed."""
    environment.cloud.more_users = [f"bot-{number}" for number in (*range(6), 7)]
    for number in range(6):
        await environment.invoke(create_user(session("deployer"), f"bot-{number}"))
    return create_user(session("deployer"), "bot-7")


async def a_summary(environment):
    await environment.invoke(await a_burst(environment))
    environment.cloud.table.pass_time(60, "leftOutAt", "summingUp")
    return SCHEDULE


async def a_day_later(environment):
    """Since the account was read, somebody was created without an event."""
    environment.cloud.unseen = ["ghost"]
    await later(environment, A_DAY)


async def never_read(environment):
    table = environment.cloud.table
    for key in [key for key in table.items if key[0].startswith(BASELINE)]:
        del table.items[key]


async def a_reading(environment):
    """The account is read again; and a summary is due, as in the others."""
    await a_day_later(environment)
    return await a_summary(environment)


async def a_broken_reading(environment):
    """The reading does not come to its end in this run: the next one goes on."""
    environment.cloud.denied = "iam GetAccountAuthorizationDetails Role"
    return await a_reading(environment)


async def a_broken_first_reading(environment):
    environment.cloud.denied = "iam GetAccountAuthorizationDetails Role"
    return await a_first_reading(environment)


async def a_comparison(environment):
    """What was read is compared with the events."""
    await a_day_later(environment)
    await environment.invoke(SCHEDULE)
    await later(environment, AN_HOUR)
    return await a_summary(environment)


async def a_first_reading(environment):
    await never_read(environment)
    return await a_summary(environment)


async def a_report(environment):
    """What the first reading found is to be mailed."""
    await never_read(environment)
    await environment.invoke(SCHEDULE)
    return await a_summary(environment)


OF_BASELINE = [a_reading, a_broken_reading, a_comparison, a_first_reading, a_broken_first_reading, a_report]
SCENARIOS = [a_user, a_role, a_quarantined_caller, a_policy, a_group, a_trust, a_chain, a_burst, a_summary, *OF_BASELINE]

# --- the baseline ---------------------------------------------------------------------------------------------


async def settle(environment, days=1):
    """Scheduled runs without a fault, until the account is read and compared; then the next day."""
    table, runs = environment.cloud.table, 12
    for day in range(days):
        if day:
            await later(environment, A_DAY)
        for _ in range(runs):
            table.pass_time(60, "claimedUntil", "leftOutAt", "summingUp")
            await environment.invoke(SCHEDULE)
            progress = table.progress_of_baseline(ACCOUNT)
            if progress.get("last") and not any(progress.get(left) for left in ("begun", "compareWith", "findings")):
                break
            if progress.get("compareWith") and not progress.get("begun"):
                await later(environment, AN_HOUR)


async def read_account(binary):
    """What the table has of the baseline, an hour after the first reading of the account."""
    cloud = Cloud()
    async with Environment(cloud, binary) as environment:
        await environment.invoke(SCHEDULE)
        await settle(environment)
    assert len(cloud.first_readings()) == 1, "the account could not be read"
    cloud.table.pass_time_of_baseline(AN_HOUR)
    return {key: item for key, item in cloud.table.items.items() if key[0].startswith(BASELINE)}


# --- one case -------------------------------------------------------------------------------------------------


class Case:
    #: What the table has of the baseline when a case begins.
    baseline = {}

    def __init__(self, scenario, name, fault=None, call=None, once=False, kill=None):
        self.scenario, self.name, self.fault, self.call, self.once, self.kill = scenario, name, fault, call, once, kill

    async def run(self, binary):
        cloud = Cloud()
        # A history of a month: whoever is not in it was not seen for so long.
        begin = {"pk": {"S": "HISTORY"}, "sk": {"S": "BEGIN"}, "time": {"S": ago(30 * 86_400)}}
        cloud.table.items["HISTORY", "BEGIN"] = begin
        for key, item in self.baseline.items():
            cloud.table.items[key] = copy.deepcopy(item)
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
            cloud.fault, cloud.kill, cloud.denied = (lambda call: None), None, None
            log = list(environment.log)
            await environment.summarize()
            if self.scenario in OF_BASELINE:
                await settle(environment, days=2)
            problems = [] if cloud.problems == [] else [("BROKEN", cloud.problems[0])]
            if any(kind == "timeout" or took > TIMEOUT - 0.5 for kind, took in tried):
                problems.append(("TIMEOUT", f"{max(took for _, took in tried):.1f} s"))
            if of is SCHEDULE:
                problems += self.judge_summary(cloud, suppressed)
                if self.scenario in OF_BASELINE:
                    problems += self.judge_baseline(cloud, log)
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
            # Of a new user, nothing was before.
            about_access = about_access and (name != "dynamodb Query ENTITY" or self.scenario is a_trust)
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

    def judge_baseline(self, cloud, log):
        """The user without an event has one mail, and the first reading one. A second one of the first reading is no
        harm, and does not say so."""
        problems, progress = [], cloud.table.progress_of_baseline(ACCOUNT)
        created = [mail for mail in cloud.mails if "ghost created" in mail["subject"]]
        unread = [mail["subject"] for mail in cloud.mails if "no event arrived" in mail["subject"] and "ghost" not in mail["text"]]
        if cloud.unseen and not created:
            problems.append(("LOST", "nobody was told of the user without an event"))
        if any(not MAY_BE_SECOND.search(mail["text"]) for mail in created[1:]):
            problems.append(("DUPLICATE", f"{len(created)} mails of the user without an event, and a later one does not say so"))
        if unread:
            problems.append(("DUPLICATE", f"alerted on what did not change: {unread}"))
        if not cloud.unseen and not cloud.first_readings():
            problems.append(("LOST", "nobody was told what the first reading found"))
        texts = [" ".join(mail["text"].split()) for mail in cloud.first_readings()]
        counts = [COUNTS.format(3), COUNTS.format(3 + len(cloud.more_users))]
        if any(not any(count in text for count in counts) or re.search(r"and \d+ more", text) for text in texts):
            problems.append(("DUPLICATE", f"the first reading does not count everything once: {texts}"))
        if not progress.get("last") or progress.get("begun") or progress.get("compareWith"):
            problems.append(("LOST", f"the reading does not come to its end: {progress}"))
        names = {item["sk"]["S"] for item in cloud.table.of("BASELINE#") if "hash" in item}
        expected = {key[1] for key in self.baseline if key[0].startswith("BASELINE#")}
        expected |= {f"{kind}/{name}" for kind in ("user", "credentials") for name in cloud.more_users + cloud.unseen}
        if names != expected:
            problems.append(("LOST", f"the baseline has another account: {names ^ expected}"))
        of_reading = self.call and (READING.match(self.call) or self.call.startswith("dynamodb"))
        if self.fault == "denied" and not self.once and of_reading:
            if not any("baselineFailure" in line or "historyFailure" in line for line in log):
                problems.append(("GAP", f"{self.call} was denied, and the log does not say so"))
        return problems


# --- all cases ------------------------------------------------------------------------------------------------

#: The faults of the quick part: one of each kind.
QUICK = ["denied", "throttled", "unacknowledged", "applied 500", "empty", "hang", "conflict"]


async def cases(binary, quick):
    """The cases, made of the calls that the function makes, and what goes wrong without any fault."""
    found, tried = [], set()
    Case.baseline = await read_account(binary)
    for scenario in SCENARIOS:
        title = scenario.__name__.replace("_", " ")
        problems, calls, _ = await Case(scenario, f"{title}, no fault").run(binary)
        assert not problems, f"{title}, no fault: {problems}"
        for name in dict.fromkeys(call.name for call in calls):
            # A call is tried in the first scenario that makes it; in those of a burst, again.
            again = scenario in (a_role, a_quarantined_caller, a_burst, a_summary) and name.startswith(("dynamodb", "sns", "iam List"))
            again |= scenario in OF_BASELINE and (name.startswith(("dynamodb", "sns")) or bool(READING.match(name)))
            # What the mail says of before; other mails, which other items count; and a reading of which some entities are written, and others not.
            other = scenario is a_trust and name == "dynamodb Query ENTITY"
            other |= scenario in (a_comparison, a_report) and name == "sns Publish"
            other |= scenario in (a_broken_reading, a_broken_first_reading) and name == "dynamodb PutItem SEEN"
            if name in tried and not other and (quick or not again):
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
                if quick and (scenario not in (a_user, a_burst, a_summary, a_reading, a_comparison) or calls[number - 1].service == "iam"):
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
