"""A day goes through the function, and is counted."""

import json
import os
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from account import REGION, TABLE
from day import DAY, EARLIER, earlier, quiet
from intrusions import hidden

BUILT = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target")) / "debug" / "examples"
#: From CloudTrail to the function.
DELIVERY = timedelta(seconds=3)
SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


class Replay:
    """The function, by `cargo run --example replay`."""

    def __init__(self, account, expectations):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": account.address,
            "ALERT_TOPIC_ARN": account.topic,
            "HISTORY_TABLE": TABLE,
            # Long, so that a busy machine does not run out of it.
            "LOOKUP_BUDGET_SECONDS": "15",
        }
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        options = ["--expectations", expectations] if expectations else []
        self.process = subprocess.Popen([BUILT / "replay", *options], env=environment, **pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)

    def send(self, at, **line):
        line = {"at": at.strftime("%Y-%m-%dT%H:%M:%SZ")} | line
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the function is gone"
        answer = json.loads(answer)
        assert "error" not in answer, (line, answer)
        assert not any(answer["failures"].values()), (line, answer)
        return answer


@dataclass
class Entry:
    """What the function made of one event."""

    time: object
    event: dict
    answer: dict
    #: The intrusion that the event belongs to, and whether the step is severe.
    of: tuple | None = None

    @property
    def rule(self):
        """The rule of the strongest reason."""
        return self.answer["reasons"][0]["rule"] if self.answer.get("reasons") else "not alerted"

    @property
    def mailed(self):
        return self.answer.get("mail") == "mailed"


@dataclass
class Result:
    """A day that was replayed."""

    entries: list = field(default_factory=list)
    #: The summaries, each with its time and subject.
    summaries: list = field(default_factory=list)

    @property
    def mails(self):
        return [entry for entry in self.entries if entry.mailed]

    def rules(self):
        """For each rule: events, mails of their own, lines in summaries, and events by severity."""
        table = {}
        for entry in self.entries:
            row = table.setdefault(entry.rule, Counter())
            row["events"] += 1
            row["mails"] += entry.mailed
            row["in summaries"] += entry.answer.get("mail") == "suppressed"
            if "severity" in entry.answer:
                row[entry.answer["severity"]] += 1
        return table

    def intrusions(self):
        """For each intrusion: its severe steps until the first mail at HIGH or above, and whether that came in time."""
        found = {}
        for entry in (entry for entry in self.entries if entry.of):
            name, severe = entry.of
            row = found.setdefault(name, {"steps": [], "severe": 0, "at": None, "mail": None})
            row["steps"].append(entry)
            row["severe"] += severe
            high = entry.answer.get("severity") in ("HIGH", "CRITICAL") and entry.mailed
            # Also a step before the first severe one is in time.
            if high and row["mail"] is None and row["severe"] <= 2:
                row["at"], row["mail"] = len(row["steps"]), entry
        return found


def replay(account, expectations=None, intrusions=(), until_found=False, whole=True):
    """Replays the day, with these intrusions hidden in it; what everybody did three weeks ago before. A day
    that is not whole has less of the same."""
    result, number, waiting = Result(), 0, None
    steps = [(time, call, None) for time, call in quiet(account, whole=whole)] + list(hidden(account, intrusions))
    steps.sort(key=lambda step: step[0])
    left = {name: 2 for name in intrusions}
    with Replay(account, expectations) as function:

        def handle(time, call):
            nonlocal number
            number += 1
            call = call if hasattr(call, "event") else call()
            event = call.event(time, number)
            return Entry(time, event, function.send(time + DELIVERY, event=event))

        # These runs also read IAM, and compare. The mail of the first reading comes once, when the stack is deployed: it
        # is not counted. A change without an event would be an alert here, which no day has.
        def schedule(time):
            answer = function.send(time, schedule=True)
            result.summaries.extend((time, subject) for subject in answer["summaries"])
            return answer["listed"]

        for time, call in earlier(account):
            handle(time, call)
        schedule(EARLIER + timedelta(hours=12))
        result.summaries.clear()
        minute, idle = DAY, 0
        for time, call, of in steps:
            # The schedule runs every minute; here, only while there may be something to list, and every two hours.
            while minute < time:
                minute += timedelta(minutes=1)
                if waiting:
                    waiting -= schedule(minute)
                elif minute.minute == 0 and minute.hour % 2 == 0:
                    schedule(minute)
            entry = handle(time, call)
            entry.of = of
            result.entries.append(entry)
            waiting = (waiting or 0) + (entry.answer.get("mail") == "suppressed")
            if until_found and of:
                left[of[0]] -= of[1]
                if not any(count > 0 for count in left.values()):
                    return result
        for _ in range(5):
            minute += timedelta(minutes=1)
            schedule(minute)
    return result
