"""Faults: is an alert ever lost? `make faults` runs all of it, `make test` the quick part.

usage: python tests/faults [--quick] [--case REGEX] [--storm N] [--organization [N]] [--binary FILE] [--jobs N]
"""

import argparse
import asyncio
import collections
import os
import random
import sys
import time
from pathlib import Path

# Beside this folder is measure.py, whose HTTP is used here, too.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import matrix  # noqa: E402
import rollout  # noqa: E402
import storm  # noqa: E402

ROOT = Path(__file__).parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
VERDICTS = ["LOST", "DUPLICATE", "PARKED", "TIMEOUT", "GAP", "BROKEN"]


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    small = "one fault of each kind, a small storm, a small roll-out, and the debug binary"
    parser.add_argument("--quick", action="store_true", help=small)
    parser.add_argument("--case", help="only the cases whose names match")
    parser.add_argument("--storm", type=int, help="only a storm of so many events")
    accounts = "only a roll-out to an organization of so many accounts; default: 5,000"
    parser.add_argument("--organization", type=int, nargs="?", const=0, metavar="N", help=accounts)
    parser.add_argument("--binary", help="the function; default: what cargo built")
    parser.add_argument("--jobs", type=int, default=12, help="cases at the same time")
    return parser.parse_args()


def report(rows):
    """Prints the table; returns how many cases failed."""
    counts, examples = collections.defaultdict(collections.Counter), collections.defaultdict(list)
    slowest = collections.Counter()
    for case, problems, took in rows:
        scenario = case.scenario.__name__.replace("_", " ")
        counts[scenario]["cases"] += 1
        slowest[scenario] = max(slowest[scenario], took)
        for verdict, why in dict(problems).items():
            counts[scenario][verdict] += 1
            examples[verdict].append(f"{case.name}: {why}")
    print(f"\n{'scenario':24}{'cases':>7}" + "".join(f"{verdict:>11}" for verdict in VERDICTS) + f"{'slowest':>11}")
    for scenario, count in counts.items():
        print(f"{scenario:24}{count['cases']:7}" + "".join(f"{count[verdict]:11}" for verdict in VERDICTS) + f"{slowest[scenario]:9.1f} s")
    total = sum(counts.values(), collections.Counter())
    print(f"{'all':24}{total['cases']:7}" + "".join(f"{total[verdict]:11}" for verdict in VERDICTS))
    for verdict, cases in examples.items():
        print(f"\n{verdict}:")
        for line in cases[:30]:
            print(f"  {line}")
    return sum(total[verdict] for verdict in VERDICTS)


def report_storm(title, result):
    print(f"\n{title}")
    for name, count in result.items():
        print(f"  {name:46}{count}")
    return bool(result["lost"] or result["parked"])


async def storms(binary, chosen):
    events = chosen.storm or (400 if chosen.quick else 10_000)
    instances = 6 if chosen.quick else 20
    result = await storm.run(binary, events, 300, instances, wait=not chosen.quick)
    failed = report_storm(f"A storm of {events} events, {instances} instances", result)
    failed += result["most mails in a second"] >= 10 or bool(result["twice"])
    if not chosen.quick:
        slow = await storm.run(binary, min(events, 1_000), 300, instances, iam_rate=15, seconds=300)
        failed += report_storm("The same kind of storm, with an IAM that answers 15 calls a second", slow)
        failed += slow["most mails in a second"] >= 10
        # As many instances as docs/history.md recommends as the reserved concurrency.
        without = await storm.run(binary, min(events, 500), 300, 4, settings={"HISTORY_TABLE": ""})
        failed += report_storm("A storm without a history, 4 instances", without)
        failed += without["most mails in a second"] >= 10
    return failed


async def an_organization(binary, chosen):
    """A roll-out to 5,000 accounts takes ten minutes; to fewer accounts, as much less."""
    accounts = chosen.organization or (60 if chosen.quick else 5_000)
    instances, intruders = (6, 8) if chosen.quick else (20, 12)
    result, failed = await rollout.run(binary, accounts, 0.12 * accounts, instances, intruders, wait=not chosen.quick)
    report_storm(f"A roll-out to {accounts} accounts, {instances} instances, {intruders} intruders", result)
    return failed


async def main(chosen):
    binary = chosen.binary or TARGET / ("debug" if chosen.quick else "release") / "iam-security-alert"
    assert Path(binary).is_file(), f"{binary} is not there: build it first"
    random.seed(14)
    begun, failed = time.monotonic(), 0
    everything = not chosen.storm and chosen.organization is None
    if everything:
        rows = await matrix.run(str(binary), chosen.jobs, chosen.quick, chosen.case)
        failed += report(rows)
    if chosen.storm or (everything and not chosen.case):
        failed += await storms(str(binary), chosen)
    if chosen.organization is not None or (everything and not chosen.case):
        failed += await an_organization(str(binary), chosen)
    print(f"\n{failed} failed, {time.monotonic() - begun:.0f} s")
    return failed


sys.exit(1 if asyncio.run(main(options())) else 0)
