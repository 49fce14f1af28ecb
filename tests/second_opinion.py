"""Compares the policy evaluator with another one, PMapper, on random policy documents.

PMapper (https://github.com/nccgroup/PMapper) was written by others and shares no code with this project. Each random
document, half of them with a permissions boundary, is given to both, and both are asked whether some calls are allowed.
PMapper differs from AWS in ways that are known. Each is a `Correction` below, with the reason. A difference is
explained if PMapper with all corrections gives our answer; anything else is printed as unexplained. A question on which
both agree only without the corrections is unexplained, too.

Only condition keys are used whose values both know. Keys that the caller chooses (the source IP, MFA, the region) are
left out: there our answer is in the holder's favour, and PMapper's is not.

Needs Python 3.11 and `pip install -r tests/requirements-pmapper.txt`.

Usage: python3 tests/second_opinion.py [--access PATH] [--documents N] [--seed S]

  --access PATH    our evaluator (default: target/debug/examples/access, from `cargo build --example access`)
  --documents N    how many random documents (default: 2000)
  --seed S         of the random numbers (default: 20261122); the same seed gives the same documents

Exits with 1 if there are unexplained differences.
"""

import argparse
import collections
import collections.abc
import contextlib
import copy
import itertools
import json
import logging
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

# PMapper imports these from where they were until Python 3.9.
collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]
collections.MutableMapping = collections.abc.MutableMapping  # type: ignore[attr-defined]

from principalmapper.common import Node, Policy  # noqa: E402
from principalmapper.querying import local_policy_simulation as pmapper  # noqa: E402
from principalmapper.querying.query_interface import local_check_authorization  # noqa: E402

ACCOUNT = "123456789012"
NOW = datetime(2026, 11, 22, 6, 0, 11, tzinfo=timezone.utc)
NEW = "2012-10-17"
Json = dict | list | str | int | bool
Question = tuple[str, str]

# ---- Who has the policies


def time_keys(now: datetime) -> dict[str, str]:
    return {"aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "aws:EpochTime": str(int(now.timestamp()))}


@dataclass(frozen=True)
class Holder:
    arn: str
    tags: tuple[tuple[str, str], ...]

    @property
    def is_user(self) -> bool:
        return ":user/" in self.arn

    @property
    def name(self) -> str:
        return self.arn.rsplit("/", 1)[1]

    def context(self, now: datetime) -> dict[str, str]:
        """The condition keys of a call. PMapper adds aws:PrincipalArn, aws:PrincipalAccount and tags itself."""
        keys = time_keys(now) | {
            "aws:PrincipalArn": self.arn,
            "aws:PrincipalAccount": ACCOUNT,
            "aws:PrincipalType": "User" if self.is_user else "AssumedRole",
        }
        keys |= {f"aws:PrincipalTag/{key}": value for key, value in self.tags}
        return keys | ({"aws:username": self.name} if self.is_user else {})


@dataclass(frozen=True)
class Case:
    """Documents, who has them, and what is asked."""

    document: dict
    boundary: dict | None
    holder: Holder
    questions: tuple[Question, ...]

    def size(self) -> int:
        return len(json.dumps([self.document, self.boundary]))


# ---- Random documents

ACTIONS = ["iam:CreateAccessKey", "iam:PutUserPolicy", "iam:GetUser", "iam:PassRole", "s3:GetObject", "s3:PutObject",
           "sts:AssumeRole"]
TAGS = {"team": ["ops", "Ops", "web", "a.b", ""], "admin": ["true", "false"], "level": ["5", "10", "2.5"],
        "until": ["2026-01-01T00:00:00Z", "2028-06-01T00:00:00Z"],
        "owner": [f"arn:aws:iam::{ACCOUNT}:user/bob", f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"]}
# None is exactly now: what holds for one moment only is of no use to anybody.
DATES = ["2020-01-01T00:00:00Z", "2026-11-22T08:00:01+02:00", "2026-11-22T05:00:00-02:00", "2025-05-05", "1577836800",
         "2028-06-01T00:00:00Z", "2031-01-01T00:00:00Z", "2031-01-01", "1893456000", "2024-01-01T00:00Z"]
STRINGS = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
           "StringNotEqualsIgnoreCase"]
ARNS = ["ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"]
COMPARISONS = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]


class Generator:
    """Makes random documents for one holder."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.holder = self.a_holder()

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def a_holder(self) -> Holder:
        is_user = self.chance(0.85)
        names = ["user/carol", "user/staff/carol+ops", "user/Dave.x"] if is_user else ["role/ci/deploy", "role/Build"]
        # Sessions can add tags to those of a role, so the absence of a tag is known of a user only.
        tags = [(key, self.rng.choice(values)) for key, values in TAGS.items() if not is_user or self.chance(0.7)]
        tags = tags or [("team", "ops")]
        return Holder(f"arn:aws:iam::{ACCOUNT}:{self.rng.choice(names)}", tuple(tags))

    def resources(self) -> list[str]:
        name = self.holder.name
        return [self.holder.arn, f"arn:aws:iam::{ACCOUNT}:user/bob", f"arn:aws:iam::{ACCOUNT}:role/ci/deploy",
                f"arn:aws:iam::{ACCOUNT}:role/Build", f"arn:aws:s3:::home/{name}/a.txt", "arn:aws:s3:::home/bob/a.txt",
                "arn:aws:s3:::Home/ops/b", "arn:aws:s3:::home/${aws:username}/a.txt", "arn:aws:s3:::home/ops/b"]

    def other_case(self, text: str) -> str:
        return self.rng.choice([text.lower(), text.upper(), text.swapcase()])

    def wildcarded(self, text: str, start: int) -> str:
        """The text with a wildcard somewhere after `start`."""
        at = self.rng.randrange(start, len(text) + 1)
        kind = self.rng.choice(["prefix", "prefix", "one", "middle"])
        if kind == "one" and at < len(text):
            return text[:at] + "?" + text[at + 1:]
        if kind == "middle":
            return text[:at] + "*" + text[min(len(text), at + self.rng.randrange(1, 6)):]
        return text[:at] + "*"

    def action(self) -> str:
        action = self.rng.choice(ACTIONS)
        if self.chance(0.15):
            return "*"
        if self.chance(0.5):
            action = self.wildcarded(action, action.index(":") + 1)
        return self.other_case(action) if self.chance(0.2) else action

    def variable(self) -> str:
        keys = ["aws:username", "aws:username", "AWS:UserName", "aws:PrincipalTag/team", "aws:PrincipalAccount",
                "aws:PrincipalTag/owner"]
        if self.holder.is_user:
            keys += ["aws:PrincipalTag/nothing", "aws:PrincipalTag/team, 'ops'", "aws:username, 'bob'"]
        return "${" + self.rng.choice(keys) + "}"

    def resource(self) -> str:
        if self.chance(0.3):
            return "*"
        resource = self.rng.choice(self.resources())
        kind = self.rng.random()
        if "${" in resource:
            return resource
        if kind < 0.35:
            return self.wildcarded(resource, resource.rindex(":") + 1)
        if kind < 0.42:
            return self.wildcarded(resource, 12)
        if kind < 0.65:
            prefix = self.rng.choice(["arn:aws:s3:::home/", f"arn:aws:iam::{ACCOUNT}:user/"])
            return prefix + self.variable() + self.rng.choice(["", "/*", "*"])
        return self.other_case(resource[13:]).join([resource[:13], ""]) if kind < 0.72 else resource

    def some(self, one: Callable[[], Json], most: int = 3) -> Json:
        """One value, or a list of them."""
        return one() if self.chance(0.5) else [one() for _ in range(self.rng.randint(1, most))]

    def text(self, value: str) -> str:
        """A text that is compared with a key of this value."""
        kind = self.rng.random()
        if kind < 0.4:
            return value
        if kind < 0.55 and value:
            return self.wildcarded(value, 0)
        if kind < 0.65:
            return self.other_case(value)
        if kind < 0.8:
            return self.variable()
        return self.rng.choice(["ops", "bob", "*", "", "User", ACCOUNT])

    def arn(self) -> str:
        arn = self.rng.choice(self.resources()[:4])
        kind = self.rng.random()
        if kind < 0.5:
            return arn
        if kind < 0.7:
            return self.wildcarded(arn, 8)
        if kind < 0.8:
            return f"arn:aws:iam::{ACCOUNT}:user/{self.variable()}"
        return self.rng.choice(["*", "arn:aws:iam::*:user/*", "arn:*:iam::*:*", "arn:aws:iam::*", "arn:aws:*:user/*"])

    def number(self) -> Json:
        number = self.rng.choice([2, 5, 7, 10])
        return number if self.chance(0.15) else str(number)

    def boolean(self) -> Json:
        value = self.rng.choice(["true", "false"])
        return value == "true" if self.chance(0.15) else value

    def condition(self) -> tuple[str, str, Json]:
        """An operator, a key, and what it is compared with."""
        tag = "aws:PrincipalTag/"
        keys = {"aws:username", "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", f"{tag}team"}
        nothing = [f"{tag}nothing"] if self.holder.is_user else []
        kind = self.rng.choice(["string", "string", "string", "arn", "bool", "number", "date", "date", "null"])
        if kind == "null":
            key = self.rng.choice(sorted(keys) + nothing)
            return "Null", key, self.boolean() if self.chance(0.9) else ["true", "false"]
        if kind == "arn":
            key = self.rng.choice(["aws:PrincipalArn", "aws:PrincipalArn", f"{tag}owner"] + nothing)
            operator, value = self.rng.choice(ARNS), self.some(self.arn)
        elif kind == "bool":
            key, operator, value = self.rng.choice([f"{tag}admin"] + nothing), "Bool", self.boolean()
        elif kind == "number":
            key = self.rng.choice([f"{tag}level"] + nothing)
            operator, value = "Numeric" + self.rng.choice(COMPARISONS), self.some(self.number)
        elif kind == "date":
            key = self.rng.choice(["aws:CurrentTime", "aws:CurrentTime", "aws:EpochTime", f"{tag}until"] + nothing)
            operator = "Date" + self.rng.choice(COMPARISONS)
            value = self.some(lambda: self.rng.choice(DATES))
        else:
            key = self.rng.choice(sorted(keys) + nothing)
            known = self.holder.context(NOW).get(key, "bob")
            operator, value = self.rng.choice(STRINGS), self.some(lambda: self.text(known))
        prefix = self.rng.choice(["ForAllValues:", "ForAnyValue:"]) if self.chance(0.2) else ""
        return prefix + operator + ("IfExists" if self.chance(0.25) else ""), key, value

    def conditions(self) -> dict:
        block: dict[str, dict] = {}
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            operator, key, value = self.condition()
            keys = block.setdefault(operator, {})
            if key.lower() not in {known.lower() for known in keys}:
                keys[self.other_case(key) if self.chance(0.1) else key] = value
            if operator.removeprefix("ForAnyValue:") in STRINGS and self.chance(0.3):
                keys["aws:PrincipalTag/owner"] = self.some(self.arn)
        return block

    def statement(self) -> dict:
        statement: dict = {"Effect": "Deny" if self.chance(0.3) else "Allow"}
        # Broad statements, so that about as many calls are allowed as are not.
        actions = "*" if self.chance(0.5) else self.some(self.action)
        resources = "*" if self.chance(0.5) else self.some(self.resource)
        statement["NotAction" if self.chance(0.3) and actions != "*" else "Action"] = actions
        statement["NotResource" if self.chance(0.3) and resources != "*" else "Resource"] = resources
        if self.chance(0.6):
            statement["Condition"] = self.conditions()
        return statement

    def document(self) -> dict:
        version = self.rng.choice([NEW, NEW, NEW, "2008-10-17", None])
        statements = [self.statement() for _ in range(self.rng.randint(1, 4))]
        if len(statements) > 1 and self.chance(0.3):
            statements[0] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            self.rng.shuffle(statements)
        statement = statements[0] if len(statements) == 1 and self.chance(0.3) else statements
        return ({"Version": version} if version else {}) | {"Statement": statement}

    def case(self) -> Case:
        self.holder = self.a_holder()
        document = self.document()
        boundary = self.document() if self.chance(0.5) else None
        asked = [(action, resource) for action in ACTIONS for resource in self.resources()]
        return Case(document, boundary, self.holder, tuple(self.rng.sample(asked, 10)))


# ---- Our answer


def ours(access: str, case: Case, folder: Path) -> list[str]:
    """`yes`, `no` or `depends` for each question."""
    command = [access, "-", "--holder", case.holder.arn, "--at", NOW.strftime("%Y-%m-%dT%H:%M:%SZ")]
    for key, value in case.holder.tags:
        command += ["--tag", f"{key}={value}"]
    if case.boundary is not None:
        file = folder / "boundary.json"
        file.write_text(json.dumps(case.boundary))
        command += ["--boundary", str(file)]
    for action, resource in case.questions:
        command += ["--ask", action, resource]
    text = json.dumps(case.document)
    answer = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    words = [line.split(" ", 1)[0] for line in answer.stdout.splitlines()]
    if len(words) != len(case.questions):
        raise ValueError(f"{len(words)} answers for {len(case.questions)} questions: {text}")
    return words


# ---- What PMapper does not do as AWS does

Rewrite = Callable[[dict, dict[str, str]], None]


@dataclass(frozen=True)
class Correction:
    """A way in which PMapper differs from AWS, and how to correct it."""

    name: str
    why: str
    # Functions of PMapper, each replaced by what is made of it.
    patches: dict[str, Callable] = field(default_factory=dict)
    # Changes a document, given the condition keys.
    rewrite: Rewrite | None = None
    # Whether the time may pass.
    waits: bool = False


def listed(value: Json) -> list:
    return value if isinstance(value, list) else [value]


def statements_of(document: dict) -> list[dict]:
    return listed(document["Statement"])


def as_texts(document: dict, _context: dict[str, str]) -> None:
    def text(value: Json) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    for statement in statements_of(document):
        for keys in statement.get("Condition", {}).values():
            for key, value in keys.items():
                keys[key] = [text(one) for one in listed(value)]


def filled(text: str, context: dict[str, str]) -> str | None:
    """The text with the values of its variables; `None` if one has no value."""
    known = {key.lower(): value for key, value in context.items()}
    missing = False

    def value(match: re.Match) -> str:
        nonlocal missing
        key, comma, default = match[1].partition(",")
        found = known.get(key.strip().lower(), default.strip().strip("'") if comma else None)
        missing = missing or found is None
        return found or ""

    text = re.sub(r"\$\{([^}]*)\}", value, text)
    return None if missing else text


def all_filled(value: Json, context: dict[str, str]) -> list:
    texts = [filled(one, context) if isinstance(one, str) else one for one in listed(value)]
    return [text for text in texts if text is not None]


def fill_conditions(document: dict, context: dict[str, str]) -> None:
    if document.get("Version") != NEW:
        return
    for statement in statements_of(document):
        for operator, keys in statement.get("Condition", {}).items():
            if "String" in operator or "Arn" in operator:
                for key, value in keys.items():
                    keys[key] = all_filled(value, context)


def fill_resources(document: dict, context: dict[str, str]) -> None:
    if document.get("Version") != NEW:
        return
    for statement in statements_of(document):
        for element in ("Resource", "NotResource"):
            if element in statement:
                statement[element] = all_filled(statement[element], context)


def without_variables(text: str) -> str:
    """With what looks like a variable, but is not. The resources of the questions are written in the same way."""
    return text.replace("${", "<{")


def keep_old_variables(document: dict, _context: dict[str, str]) -> None:
    if document.get("Version") == NEW:
        return
    for statement in statements_of(document):
        for element in ("Resource", "NotResource"):
            if element in statement:
                statement[element] = [without_variables(one) for one in listed(statement[element])]


def regular(pattern: str) -> str:
    """The regular expression of a pattern with wildcards."""
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)


def bare(operator: str) -> str:
    return operator.split(":")[-1].removesuffix("IfExists")


def any_suffix(original: Callable) -> Callable:
    def match(operator: str, key: str, value: Json, context: dict) -> bool:
        if operator.endswith("IfExists") and key not in context:
            return True
        return original(bare(operator), key, value, context)

    return match


def any_date(original: Callable) -> Callable:
    def match(operator: str, key: str, value: Json, context: dict) -> bool:
        if "Than" not in operator:
            return original(operator, key, value, context)
        return any(original(operator, key, one, context) for one in listed(value))

    return match


def not_like(original: Callable) -> Callable:
    def match(operator: str, key: str, value: Json, context: dict) -> bool:
        return ("StringNotLike" in operator and key not in context) or original(operator, key, value, context)

    return match


def in_utc(original: Callable) -> Callable:
    def convert(text: str) -> datetime:
        time = original(text)
        return time if time.tzinfo else time.replace(tzinfo=timezone.utc)

    return convert


# What PMapper raises for documents that it does not understand.
FAILURES = (TypeError, ValueError, AttributeError, re.error)


def times(documents: Json) -> list[datetime]:
    """Now, and when a date of the documents has come."""
    all_times, text = {NOW}, json.dumps(documents)
    for date in DATES:
        if f'"{date}"' in text:
            time = in_utc(pmapper._convert_timestamp_to_datetime_obj)(date).astimezone(timezone.utc)
            if time > NOW:
                all_times |= {time, time + timedelta(seconds=1)}
    return sorted(all_times)


def every_key(original: Callable) -> Callable:
    def match(conditions: dict, context: dict) -> bool:
        each = [{operator: {key: value}} for operator, keys in conditions.items() for key, value in keys.items()]
        return all(original(one, context) for one in each)

    return match


def with_case(original: Callable) -> Callable:
    def compose(pattern: str) -> re.Pattern:
        composed = original(pattern)
        return re.compile(composed.pattern) if pattern.startswith("arn:") else composed

    return compose


def present(_original: Callable) -> Callable:
    def match(key: str, value: Json, context: dict) -> bool:
        return any((one == "true") != (key in context) for one in listed(value))

    return match


def each_date_alone(document: dict, context: dict[str, str]) -> None:
    """Replaces conditions on the time: they hold if they can hold with an `Allow`, or cannot fail with a `Deny`."""
    for statement in statements_of(document):
        decide = any if statement["Effect"] == "Allow" else all
        for operator, keys in list(statement.get("Condition", {}).items()):
            for key, value in list(keys.items()):
                if key.lower() not in ("aws:currenttime", "aws:epochtime"):
                    continue
                one = {operator: {key: value}}
                contexts = [pmapper.CaseInsensitiveDict(context | time_keys(time)) for time in times(one)]
                if not decide(pmapper._get_condition_match(one, each) for each in contexts):
                    statement["Condition"].setdefault("Null", {})["aws:PrincipalArn"] = "true"
                del keys[key]
            if not keys:
                del statement["Condition"][operator]


def by_part(original: Callable) -> Callable:
    def matches(text: str, pattern: str, context: dict | None = None) -> bool:
        # Only conditions compare an ARN without the condition keys.
        if context is None and text.startswith("arn:"):
            parts, wanted = text.split(":", 5), pattern.split(":", 5)
            same = len(wanted) == 6 and all(re.fullmatch(regular(w), p, re.I) for w, p in zip(wanted, parts))
            return same and original(text, pattern, context)
        return original(text, pattern, context)

    return matches


# Of patches of one function, a later one is applied to an earlier one.
CORRECTIONS = [
    Correction(
        "special letters",
        "PMapper makes regular expressions of patterns, but does not escape letters such as + and (. A user name can "
        "contain a +. AWS knows only the wildcards * and ?.",
        patches={
            "_compose_pattern": lambda _: lambda pattern: re.compile(f"^{regular(pattern)}$", re.I),
            "_expand_str_and_compare": lambda _: lambda pattern, text: bool(re.fullmatch(regular(pattern), text)),
        },
    ),
    Correction(
        "case of ARNs",
        "PMapper compares resources, and the ARNs of conditions, without regard to case. To AWS only the names of "
        "actions and keys are the same in any case (\"IAM JSON policy elements: Action\"; ArnLike is case-sensitive).",
        patches={"_compose_pattern": with_case},
    ),
    Correction(
        "parts of ARNs",
        "A * in ArnLike of PMapper matches colons. \"Each of the six colon-delimited components of the ARN is checked "
        "separately\" (\"Condition operators\"), so a pattern with fewer parts matches nothing.",
        patches={"_matches_after_expansion": by_part},
    ),
    Correction(
        "variables without 2012-10-17",
        "PMapper replaces variables in documents of any version. In older versions they are literal text "
        "(\"IAM policy elements: Variables and tags\").",
        rewrite=keep_old_variables,
    ),
    Correction(
        "variables in conditions",
        "PMapper does not replace variables in conditions. AWS does with string and ARN operators; a variable without "
        "value equals nothing (\"Variables and tags\").",
        rewrite=fill_conditions,
    ),
    Correction(
        "names of variables",
        "PMapper finds a variable in a resource only in its usual case, and knows no default values. \"Key names are "
        "case-insensitive\", and ${key, 'default'} has a default value (\"Variables and tags\").",
        rewrite=fill_resources,
    ),
    Correction(
        "numbers and booleans",
        "PMapper fails on values that are no texts, or takes true for false. JSON numbers and booleans are valid "
        "values (\"Grammar of the IAM JSON policy language\").",
        rewrite=as_texts,
    ),
    Correction(
        "StringNotLike of an absent key",
        "PMapper says no. \"If the policy condition requires that the key is not matched, such as StringNotLike or "
        "ArnNotLike, and the right key is not present, the condition is true\" (\"Condition operators\").",
        patches={"_get_str_match": not_like},
    ),
    Correction(
        "IfExists and sets with numbers and dates",
        "PMapper compares the name of the whole operator, and so takes DateLessThanIfExists and "
        "ForAllValues:NumericEquals for other operators, which never hold, or always.",
        patches={"_get_num_match": any_suffix, "_get_date_match": any_suffix},
    ),
    Correction(
        "several dates",
        "PMapper compares only the first date of a list with DateLessThan and so on. The values of a list are "
        "alternatives (\"Conditions with multiple context keys or values\").",
        patches={"_get_date_match": any_date},
    ),
    Correction(
        "days",
        "PMapper fails on a date without a time zone, as 2025-05-05: it discards the time zone that it sets. A day is "
        "a valid date of ISO 8601 (\"Condition operators\", dates in the formats of the W3C).",
        patches={"_convert_timestamp_to_datetime_obj": in_utc},
    ),
    Correction(
        "several keys of ForAnyValue",
        "Of several keys under ForAnyValue, PMapper needs only one to match. All keys of an operator must match "
        "(\"Conditions with multiple context keys or values\").",
        patches={"_get_condition_match": every_key},
    ),
    Correction(
        "Null of an empty value",
        "To PMapper a tag with an empty value is absent. \"false (the key exists and its value is not null)\": AWS's "
        "documentation does not say whether the empty text is null. To us it is not.",
        patches={"_get_null_match": present},
    ),
    Correction(
        "time passes",
        "Not an error of PMapper: it answers for now, and we answer for whoever can wait until a date has come.",
        waits=True,
    ),
    Correction(
        "each date alone",
        "We ask each date alone whether it can come. So two dates that exclude each other, such as after 2031 in the "
        "policy and before 2030 in the boundary, are no obstacle to us, but they are to AWS: we say too much.",
        rewrite=each_date_alone,
    ),
]

# ---- PMapper's answer


@contextlib.contextmanager
def patched(active: list[Correction]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for correction in active:
            for name, change in correction.patches.items():
                stack.enter_context(mock.patch.object(pmapper, name, change(getattr(pmapper, name))))
        yield


def rewritten(document: dict | None, active: list[Correction], context: dict[str, str]) -> Policy | None:
    if document is None:
        return None
    document = copy.deepcopy(document)
    for correction in active:
        if correction.rewrite:
            correction.rewrite(document, context)
    return Policy(f"arn:aws:iam::{ACCOUNT}:policy/random", "random", document)


def theirs(case: Case, active: list[Correction], asked: tuple[Question, ...] | None = None) -> list[str]:
    """`yes`, `no` or `fails` for each question."""
    answers = {question: "no" for question in asked or case.questions}
    moments = times([case.document, case.boundary]) if any(correction.waits for correction in active) else [NOW]
    literal = any(correction.rewrite is keep_old_variables for correction in active)
    with patched(active):
        for context in map(case.holder.context, moments):
            try:
                policy = rewritten(case.document, active, context)
                boundary = rewritten(case.boundary, active, context)
            except FAILURES:
                return ["fails"] * len(answers)
            trust = None if case.holder.is_user else {}
            node = Node(case.holder.arn, "AIDAEXAMPLE", [policy], None, trust, None, 0, False, False, boundary, False,
                        dict(case.holder.tags))
            for question, answer in answers.items():
                if answer == "no":
                    action, resource = question
                    resource = without_variables(resource) if literal else resource
                    answers[question] = asked_of(node, action, resource, context)
    return list(answers.values())


def asked_of(node: Node, action: str, resource: str, context: dict[str, str]) -> str:
    try:
        return "yes" if local_check_authorization(node, action, resource, context) else "no"
    except FAILURES:
        return "fails"


# ---- The comparison

UNEXPLAINED = "unexplained"


def kind(case: Case, question: Question, our_answer: str) -> tuple[str, ...]:
    """The fewest corrections with which PMapper gives our answer; none if it gives our answer as it is."""
    if theirs(case, CORRECTIONS, (question,)) != [our_answer]:
        return (UNEXPLAINED,)
    for count in range(4):
        for active in itertools.combinations(CORRECTIONS, count):
            if theirs(case, list(active), (question,)) == [our_answer]:
                return tuple(correction.name for correction in active)
    return ("four or more",)


def smaller(value: Json) -> Iterator[Json]:
    """The document with something left out."""
    if isinstance(value, dict):
        for key in value:
            if key in ("Version", "Condition") or not isinstance(value[key], (str, int)):
                needed = key in ("Statement", "Action", "NotAction", "Resource", "NotResource")
                if not needed and len(value) > 1:
                    yield {other: value[other] for other in value if other != key}
            for part in smaller(value[key]):
                yield value | {key: part}
    if isinstance(value, list):
        for i, one in enumerate(value):
            if len(value) > 1:
                yield value[:i] + value[i + 1:]
            for part in smaller(one):
                yield value[:i] + [part] + value[i + 1:]


def smaller_cases(case: Case) -> Iterator[Case]:
    if case.boundary is not None:
        yield Case(case.document, None, case.holder, case.questions)
        for boundary in smaller(case.boundary):
            yield Case(case.document, boundary, case.holder, case.questions)
    for document in smaller(case.document):
        yield Case(document, case.boundary, case.holder, case.questions)


def smallest(case: Case, found: tuple[str, ...], access: str, folder: Path) -> Case:
    """The case with as much left out as possible, as long as the difference is of the same kind."""

    def same(other: Case) -> bool:
        answer = ours(access, other, folder)[0]
        return answer != "depends" and kind(other, other.questions[0], answer) == found

    while True:
        better = next((other for other in smaller_cases(case) if same(other)), None)
        if better is None:
            return case
        case = better


@dataclass
class Result:
    documents: int = 0
    boundaries: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    agreed: int = 0
    kinds: Counter[tuple[str, ...]] = field(default_factory=Counter)
    examples: dict[tuple[str, ...], list[Case]] = field(default_factory=dict)

    def add(self, case: Case, our_answers: list[str]) -> None:
        self.documents += 1
        self.boundaries += case.boundary is not None
        self.answers.update(our_answers)
        plain, corrected = theirs(case, []), theirs(case, CORRECTIONS)
        for question, our, their, right in zip(case.questions, our_answers, plain, corrected):
            if our == "depends":
                continue
            if our == their == right:
                self.agreed += 1
                continue
            found = kind(case, question, our)
            self.kinds[found] += 1
            self.examples.setdefault(found, []).append(Case(case.document, case.boundary, case.holder, (question,)))


def show_example(case: Case, access: str, folder: Path) -> None:
    action, resource = case.questions[0]
    tags = ", ".join(f"{key}={value}" for key, value in case.holder.tags)
    print(f"    {action} on {resource}, asked for {case.holder.arn} with the tags {tags}")
    print(f"    policy    {json.dumps(case.document)}")
    if case.boundary is not None:
        print(f"    boundary  {json.dumps(case.boundary)}")
    plain, corrected = theirs(case, [])[0], theirs(case, CORRECTIONS)[0]
    print(f"    ours: {ours(access, case, folder)[0]}; PMapper: {plain}; PMapper with corrections: {corrected}")


def show(result: Result, access: str, folder: Path) -> None:
    asked, depends = result.answers.total(), result.answers["depends"]
    unexplained = result.kinds[(UNEXPLAINED,)]
    explained = sum(count for found, count in result.kinds.items() if found and found != (UNEXPLAINED,))
    # PMapper as it is gives our answer, and so it does with all corrections, but one correction alone would not.
    agreed = result.agreed + result.kinds[()]
    print(f"{result.documents} documents, {result.boundaries} of them with a boundary; {asked} questions: "
          f"{result.answers['yes']} yes, {result.answers['no']} no, {depends} depend")
    print(f"{agreed} agreements, {explained} differences that corrections explain, {unexplained} unexplained")
    for correction in CORRECTIONS:
        alone = result.kinds[(correction.name,)]
        others = sum(count for found, count in result.kinds.items() if correction.name in found) - alone
        print(f"\n{correction.name}: {alone} differences, and {others} together with other corrections")
        print(f"    {correction.why}")
        examples = result.examples.get((correction.name,))
        if examples:
            show_example(smallest(min(examples, key=Case.size), (correction.name,), access, folder), access, folder)
    for found, count in sorted(result.kinds.items()):
        if len(found) > 1 or found == ("four or more",):
            print(f"\n{' + '.join(found)}: {count} differences")
    shown = set()
    for case in sorted(result.examples.get((UNEXPLAINED,), []), key=Case.size):
        case = smallest(case, (UNEXPLAINED,), access, folder)
        text = json.dumps([case.document, case.boundary])
        if text not in shown:
            shown.add(text)
            print("\nUNEXPLAINED")
            show_example(case, access, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description="Compares the policy evaluator with PMapper on random documents.")
    parser.add_argument("--access", default="target/debug/examples/access")
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    generator, result = Generator(random.Random(options.seed)), Result()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(options.documents):
            case = generator.case()
            result.add(case, ours(options.access, case, folder))
        show(result, options.access, folder)
    return 1 if result.kinds[(UNEXPLAINED,)] else 0


if __name__ == "__main__":
    sys.exit(main())
