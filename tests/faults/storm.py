"""A storm: thousands of events of hundreds of callers at once, more than anybody can read.

What counts: no alert is lost, each is mailed or listed, and the topic never gets ten mails in a second.
"""

import asyncio
import collections
import contextlib
import random
import re
import time

from cloud import Cloud, ago
from environment import SCHEDULE, Environment
from matrix import create_key, create_user, event, session, user

#: In a mail: policies could not be read.
UNREAD = re.compile(r"(policies|groups|policy)[^\n]*: (throttled|no answer)")
#: How often the schedule calls the function, in seconds.
SCHEDULED = 60


def storm(count, callers):
    """Events of some kinds by many callers; some callers do much, many do little."""
    kinds = [
        lambda who, n: create_user(who, f"new-{n}"),
        lambda who, n: create_key(who, f"new-{n % 500}"),
        lambda who, n: event(who, "AddUserToGroup", {"groupName": "Admins", "userName": f"new-{n}"}),
        lambda who, n: event(who, "AddRoleToInstanceProfile", {"roleName": "admin", "instanceProfileName": f"p-{n}"}),
        lambda who, n: event(who, "DeactivateMFADevice", {"userName": f"new-{n}", "serialNumber": f"arn:aws:iam::1:mfa/{n}"}),
    ]
    people = [user(f"person-{n}") if n % 3 else session(f"role-{n}") for n in range(callers)]
    weights = [1 / (n + 3) for n in range(callers)]
    return [random.choice(kinds)(random.choices(people, weights)[0], n) for n in range(count)]


async def schedule(clock, over):
    """Invokes the function as its schedule does, until `over` is set."""
    while not over.is_set():
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(over.wait(), SCHEDULED)
        if not over.is_set():
            await clock.invoke(SCHEDULE)


async def until_listed(cloud, suppressed_at, seconds):
    """Waits until summaries list all of these alerts, but not longer than so many seconds."""
    begun = time.monotonic()
    while suppressed_at.keys() - cloud.listed().keys() and time.monotonic() - begun < seconds:
        await asyncio.sleep(1)


def summaries(cloud):
    return [mail for mail in cloud.mails if "WHAT WAS SUPPRESSED" in mail["text"]]


def longest_wait(cloud, suppressed_at):
    """The most seconds until a summary listed an alert, which was suppressed at this time."""
    listed_at = {}
    for mail in sorted(summaries(cloud), key=lambda mail: mail["at"]):
        for of in re.findall(r"  ([0-9a-f-]{36})\n", mail["text"]):
            listed_at.setdefault(of, mail["at"])
    waited = [listed_at[of] - at for of, at in suppressed_at.items() if of in listed_at]
    return round(max(waited, default=0), 1)


async def run(binary, count, callers, instances, settings=None, iam_rate=None, seconds=600, wait=True):
    """Runs a storm; returns what came of it. `wait`: the schedule runs every minute of real time, and for as long as it
    lists something after the storm; otherwise it runs at the end."""
    cloud = Cloud()
    cloud.keep_calls = False
    cloud.iam_rate = iam_rate
    cloud.table.items["HISTORY", "BEGIN"] = {"pk": {"S": "HISTORY"}, "sk": {"S": "BEGIN"}, "time": {"S": ago(30 * 86_400)}}
    events = collections.deque(storm(count, callers))
    all_events = list(events)
    complete, suppressed_at, handled, slowest = 0, {}, {}, 0.0
    async with contextlib.AsyncExitStack() as stack:
        pool = [await stack.enter_async_context(Environment(cloud, binary, settings)) for _ in range(instances + 1)]
        clock, *pool = pool
        begun, over = time.monotonic(), asyncio.Event()

        async def work(environment):
            nonlocal complete, slowest
            while events and time.monotonic() - begun < seconds:
                of = events.popleft()
                final, tried, answer = await environment.deliver(of)
                slowest = max(slowest, *(took for _, took in tried))
                handled[of["detail"]["eventID"]] = (final, answer)
                if answer and not answer.get("published"):
                    suppressed_at[of["detail"]["eventID"]] = time.monotonic()

        ticking = asyncio.ensure_future(schedule(clock, over)) if wait else None
        await asyncio.gather(*(work(environment) for environment in pool))
        took = time.monotonic() - begun
        with_history = not settings or settings.get("HISTORY_TABLE", "history")
        if wait and with_history:
            await until_listed(cloud, suppressed_at, 300)
        over.set()
        if ticking:
            await ticking
        if with_history:
            await clock.summarize(1 if wait else 8)
        texts = [answer["text"] for _, answer in handled.values() if answer and "text" in answer]
    mailed, listed = cloud.mailed(), cloud.listed()
    expected = {of for of, (final, answer) in handled.items() if final == "handled" and answer and answer.get("severity", "LOW") != "LOW"}
    return {
        "events": len(all_events),
        "handled": len(handled),
        "seconds": round(took, 1),
        "mails": len(cloud.mails),
        "of these, summaries": len(summaries(cloud)),
        "alerts with a mail of their own": sum(of in mailed for of in handled),
        "alerts listed in summaries": sum(of in listed for of in handled),
        "lost": len(expected - mailed.keys() - listed.keys()),
        "twice": sum(mailed[of] + listed[of] > 1 for of in handled),
        "parked": sum(final == "parked" for final, _ in handled.values()),
        "most mails in a second": cloud.most_mails_in_a_second(),
        "seconds until an alert was listed, at most": longest_wait(cloud, suppressed_at),
        # All policies of caller and target are known; what only describes them may be missing.
        "complete judgements": f"{sum(not UNREAD.search(text) for text in texts)} of {len(texts)}",
        "calls that IAM throttled": cloud.throttled,
        "slowest invocation, seconds": round(slowest, 1),
    }
