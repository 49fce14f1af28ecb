"""How many mails a day makes in an account that lives, by rule; and whether an intrusion in it is mailed.

A quiet day goes through the function, with moto as AWS; then days with one intrusion each. Two promises are checked:
the quiet day makes fewer than five mails, and each intrusion is mailed at HIGH or above by its second severe step.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from account import Account, moto
from bench import SEVERITIES, replay
from intrusions import INTRUSIONS

#: A quiet day makes fewer mails.
FEWER_THAN = 5
#: What a person would write down about those who change access all day.
EXPECTATIONS = Path(__file__).parent / "expectations.yaml"


def mails_of(result):
    return len(result.mails) + len(result.summaries)


def print_rules(title, result):
    print(f"\n{title}: {len(result.entries)} events, {len(result.mails)} mails and {len(result.summaries)} summaries")
    names = ("events", "mails", "in summaries", *SEVERITIES)
    print(f"  {'rule':28}" + "".join(f"{name:>14}" for name in names))
    rows = sorted(result.rules().items(), key=lambda row: (-row[1]["mails"], -row[1]["in summaries"], -row[1]["events"]))
    for rule, row in rows:
        print(f"  {rule:28}" + "".join(f"{row[name] or '':>14}" for name in names))


def print_mails(result):
    print("\n  the mails:")
    mails = [(entry.time, entry.rule, entry.answer["subject"]) for entry in result.mails]
    mails += [(time, "(summary)", subject) for time, subject in result.summaries]
    for time, rule, subject in sorted(mails):
        print(f"  {time:%H:%M:%S}  {rule:28}{subject}")


def print_all(result):
    for entry in result.entries:
        answer, record = entry.answer, entry.event["detail"]
        why = answer["reasons"][0]["text"] if "reasons" in answer else answer["notAlerted"]
        what = f"{record['eventName']} {record.get('errorCode', '')}".strip()
        print(f"  {entry.time:%H:%M:%S} {answer.get('severity', '-'):9}{answer.get('mail', ''):28}{what:45}{entry.rule:28}{why}")


def intrusion_row(row):
    severe = [entry.event["detail"]["eventName"] for entry in row["steps"] if entry.of[1]][:2]
    mail = row["mail"]
    return {
        "first severe steps": severe,
        "mailed": mail is not None,
        "severity": mail and mail.answer["severity"],
        "at step": row["at"],
        "call": mail and mail.event["detail"]["eventName"],
        "rule": mail and mail.rule,
    }


def print_intrusions(rows):
    print(f"\n  {'intrusion':18}{'first two severe steps':48}{'mailed':8}{'severity':10}{'at step':9}{'by':26}rule")
    for name, row in rows.items():
        yes = "yes" if row["mailed"] else "NO"
        cells = (row["severity"] or "-", str(row["at step"] or "-"), row["call"] or "-", row["rule"] or "-")
        print(f"  {name:18}{', '.join(row['first severe steps']):48}{yes:8}{cells[0]:10}{cells[1]:9}{cells[2]:26}{cells[3]}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--json", action="store_true", help="the tables as JSON")
    arguments.add_argument("--quiet-day", action="store_true", help="only the quiet day")
    arguments.add_argument("--together", action="store_true", help="all intrusions in one day, instead of a day for each")
    arguments.add_argument("--short", action="store_true", help="days that have less of the same")
    arguments.add_argument("--only", metavar="NAME", choices=INTRUSIONS, help="only this intrusion")
    arguments.add_argument("--events", action="store_true", help="list every event of the days")
    given = arguments.parse_args()
    broken, found, tables = [], {}, {}
    with moto() as address:

        def day(title, show=True, **how):
            result = replay(Account(address), whole=not given.short, **how)
            tables[title] = {"mails": len(result.mails), "summaries": [subject for _, subject in result.summaries], "rules": result.rules()}
            if not given.json and (show or given.events):
                print_rules(title, result)
                print_mails(result)
                if given.events:
                    print_all(result)
            return result

        if not (given.only or given.together):
            result = day("quiet day, no settings")
            if mails_of(result) >= FEWER_THAN:
                broken.append(f"the quiet day makes {mails_of(result)} mails, not fewer than {FEWER_THAN}")
            result = day("quiet day, with its expectations", expectations=EXPECTATIONS)
            if mails_of(result):
                broken.append(f"the quiet day makes {mails_of(result)} mails with its expectations, not none")
        names = [given.only] if given.only else [] if given.quiet_day else list(INTRUSIONS)
        for names in [names] if given.together else [[name] for name in names]:
            result = day(", ".join(names), show=False, intrusions=names, until_found=not given.together)
            found |= {name: intrusion_row(row) for name, row in result.intrusions().items()}
    broken += [f"{name} is not mailed by its second severe step" for name, row in found.items() if not row["mailed"]]
    if given.json:
        print(json.dumps({"days": tables, "intrusions": found, "broken": broken}, indent=2))
    else:
        if found:
            print_intrusions(found)
        print("\n" + ("\n".join(f"BROKEN: {promise}" for promise in broken) or "All promises hold."))
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
