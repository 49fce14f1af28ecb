"""The baseline: what was before a change, and what changed without an event. With the real binary, and moto as AWS.

A test lets time pass by making everything in the table older.
"""

import json
import re
import time
from datetime import datetime, timedelta, timezone

import pytest
from conftest import policy, trust
from stage import ACCOUNT, create_user, deployer_session, event_of, refusal, refusal_in_json

CLOCK = {"source": "aws.events", "detail-type": "Scheduled Event", "account": ACCOUNT, "detail": {}}
A_DAY = timedelta(hours=24, minutes=5)
AN_HOUR = timedelta(hours=1, minutes=5)
OUTSIDE = "210987654321"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def progress(history):
    item = history.table.get_item(Key={"pk": "BASELINES", "sk": ACCOUNT}).get("Item")
    return json.loads(item["progress"]) if item and "progress" in item else {}


def let_time_pass(history, time):
    """Makes what the table has of the baseline older."""

    def earlier(found):
        was = datetime.fromisoformat(found.group().replace("Z", "+00:00"))
        return (was - time).strftime("%Y-%m-%dT%H:%M:%SZ").replace("Z", (found.group(1) or "") + "Z")

    def older(item):
        names = [name for name in item if name in ("sk", "since", "time", "progress", "run")]
        return item | {name: TIME.sub(earlier, item[name]) for name in names}

    for item in history.items("ENTITY", "CHECK", "BASELINES", "SEEN"):
        changed = older(item)
        if changed["sk"] != item["sk"]:
            history.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        history.table.put_item(Item=changed)


class Reader:
    """Lets the schedule read IAM and compare. Each time with a function that knows nothing."""

    def __init__(self, start, history, settings):
        self.start, self.history, self.settings = start, history, settings
        history.table.delete_item(Key={"pk": "BASELINES", "sk": ACCOUNT})

    def run(self, count=1):
        for _ in range(count):
            self.function = self.start(**self.history.settings, **self.settings)
            self.answer = self.function.invoke(CLOCK)
        return self.answer

    def read(self):
        """Until the reading is over: the first one waits for moto's credential report."""
        before = progress(self.history).get("last")
        for _ in range(5):
            self.run()
            if progress(self.history).get("last") not in (None, before):
                return
        raise AssertionError(f"not read: {progress(self.history)}, {self.function.output()}")

    def read_next_day(self):
        let_time_pass(self.history, A_DAY)
        self.read()

    def compare(self):
        let_time_pass(self.history, AN_HOUR)
        return self.run()


@pytest.fixture
def reader(start, history):
    return Reader(start, history, {})


@pytest.fixture
def made(aws):
    """Makes users, roles and policies, and takes away what the test leaves."""
    iam, names = aws.iam, []

    class Made:
        def user(self, name):
            names.append(("user", name))
            return iam.create_user(UserName=name)["User"]

        def role(self, name, principal):
            names.append(("role", name))
            return iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal))["Role"]

    yield Made()
    for kind, name in names:
        with_name = {f"{kind.title()}Name": name}
        try:
            inline = getattr(iam, f"list_{kind}_policies")(**with_name)["PolicyNames"]
        except iam.exceptions.NoSuchEntityException:
            continue
        for of in inline:
            getattr(iam, f"delete_{kind}_policy")(**with_name, PolicyName=of)
        for of in getattr(iam, f"list_attached_{kind}_policies")(**with_name)["AttachedPolicies"]:
            getattr(iam, f"detach_{kind}_policy")(**with_name, PolicyArn=of["PolicyArn"])
        if kind == "user":
            for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        getattr(iam, f"delete_{kind}")(**with_name)


def lines(mail, label):
    """The lines of a fact of a mail."""
    text = mail["Message"]
    found = re.search(rf"^  {re.escape(label)}  +(.*(?:\n {{20,}}.*)*)", text, re.M)
    assert found, f"no {label} in {text}"
    return [line.strip() for line in found.group(1).split("\n")]


def test_the_first_reading_is_reported_in_one_mail_and_alerts_on_nothing(reader, history, mailbox):
    reader.read()
    assert mailbox.mails() == []
    reader.run()
    mail = mailbox.mail()
    assert "First reading" in mail["Subject"]
    text = mail["Message"]
    assert "group Admins" in text and "group Bots" in text and "user ops-carol" in text
    assert "deployer" in "".join(lines(mail, "Trust outsiders"))
    assert not history.items("CHECK")
    # Nothing differs: nothing is written.
    before = history.items("ENTITY", "BASELINE#")
    let_time_pass(history, A_DAY)
    older = history.items("ENTITY", "BASELINE#")
    reader.read()
    assert history.items("ENTITY", "BASELINE#") == older and len(before) == len(older)
    reader.compare()
    assert mailbox.mails() == []


def test_an_alert_shows_what_is_different_and_restores_it(aws, account, reader, history, mailbox, start, made):
    role = made.role("app", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    former = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    reader.read()
    let_time_pass(history, AN_HOUR)
    function = start(**history.settings)

    opened = trust({"AWS": [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OUTSIDE}:root"]})
    aws.iam.update_assume_role_policy(RoleName="app", PolicyDocument=opened)
    event = event_of(account.carol.identity, "UpdateAssumeRolePolicy", {"roleName": "app", "policyDocument": opened})
    answer = function.invoke(event)
    # A long-lived key without MFA raises it.
    assert answer["severity"] == "CRITICAL"
    mail = mailbox.mail()
    assert lines(mail, "Difference") == [f"+ any principal that account {OUTSIDE} authorizes can assume the role"]
    assert "as it was since at least" in lines(mail, "Before")[0]
    (command,) = [line for line in mail["Message"].splitlines() if "update-assume-role-policy" in line]
    document = re.search(r"--policy-document '(.*)'", command).group(1)
    assert json.loads(document) == json.loads(former)

    # Written in another way, it says the same.
    again = json.loads(opened)
    again["Statement"][0]["Sid"] = "Other"
    again["Statement"][0]["Principal"]["AWS"].reverse()
    again["Statement"][0]["Principal"]["AWS"][0] = OUTSIDE
    request = {"roleName": "app", "policyDocument": json.dumps(again)}
    later = (datetime.now(timezone.utc) - timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = function.invoke(event_of(account.carol.identity, "UpdateAssumeRolePolicy", request, eventTime=later))
    # Only an event says that it was open before; and a long-lived key without MFA raises MEDIUM.
    assert answer["severity"] == "HIGH", answer
    assert any("The trust policy says the same as before." in reason["text"] for reason in answer["reasons"])
    mailbox.mails()
    assert role


def test_two_edits_within_seconds_are_each_compared_with_their_own_predecessor(account, reader, history, mailbox, start, made):
    made.role("twice", {"Service": "ec2.amazonaws.com"})
    reader.read()
    let_time_pass(history, AN_HOUR)
    function = start(**history.settings)

    def edit(principal, seconds):
        time = (datetime.now(timezone.utc) - timedelta(seconds=20 - seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        request = {"roleName": "twice", "policyDocument": trust(principal)}
        function.invoke(event_of(account.carol.identity, "UpdateAssumeRolePolicy", request, eventTime=time))
        return lines(mailbox.mail(), "Difference")

    first = edit({"AWS": f"arn:aws:iam::{OUTSIDE}:root"}, 0)
    second = edit({"AWS": f"arn:aws:iam::{OUTSIDE}:role/x"}, 2)
    assert any(line.startswith("- ") and "ec2" in line for line in first), first
    assert not any("ec2" in line for line in second), second
    assert any(line.startswith("+ ") and "role/x" in line for line in second), second


def test_what_no_event_explains_is_found_and_what_events_explain_is_not(aws, account, reader, history, mailbox, made):
    made.role("watched", {"Service": "ec2.amazonaws.com"})
    made.user("leaver")
    reader.read()
    reader.run()
    assert "First reading" in mailbox.mail()["Subject"]
    let_time_pass(history, AN_HOUR)

    # With its event.
    made.user("planned")
    reader.start(**history.settings).invoke(create_user(account.carol.identity, "planned"))
    assert "planned" in mailbox.mail()["Subject"]
    # Without.
    made.user("ghost")
    aws.iam.put_user_policy(UserName="ghost", PolicyName="all", PolicyDocument=policy("*"))
    aws.iam.create_access_key(UserName="ghost")
    aws.iam.update_assume_role_policy(RoleName="watched", PolicyDocument=trust({"AWS": f"arn:aws:iam::{OUTSIDE}:root"}))
    aws.iam.delete_user(UserName="leaver")
    # Made and deleted, with its two events.
    function = reader.start(**history.settings)
    function.invoke(create_user(account.carol.identity, "passing"))
    function.invoke(event_of(account.carol.identity, "DeleteUser", {"userName": "passing"}))
    mailbox.mails()

    reader.read_next_day()
    assert mailbox.mails() == [], "events may still come"
    subjects = []
    let_time_pass(history, AN_HOUR)
    mails = []
    for _ in range(6):
        reader.run()
        mails += mailbox.mails()
    subjects = sorted(mail["Subject"] for mail in mails)
    about = lambda word: [mail for mail in mails if word in mail["Subject"] + mail["Message"][:600]]
    assert all("no event arrived" in subject for subject in subjects), subjects
    assert not about("planned") and not about("passing"), subjects
    assert len(mails) == 5, subjects
    (created,) = [mail for mail in mails if "ghost created" in mail["Subject"]]
    text = created["Message"]
    assert "No CreateUser of it arrived here." in text
    assert "not known: there is no event" in text
    (granted,) = [mail for mail in mails if "all put" in mail["Subject"] or "policy all" in mail["Subject"]]
    assert granted["Subject"].startswith("[CRITICAL]"), subjects
    (trusted,) = about("watched")
    assert trusted["Subject"].startswith("[HIGH]"), subjects
    assert any(OUTSIDE in line for line in lines(trusted, "Difference"))
    (gone,) = about("leaver")
    assert gone["Subject"].startswith("[MEDIUM]"), subjects
    # Once.
    reader.run()
    assert mailbox.mails() == []
    reader.read_next_day()
    reader.compare()
    reader.run(2)
    assert mailbox.mails() == []


@pytest.mark.parametrize("code, calls_of_the_second", [("AccessDenied", True), ("Throttling", False)])
def test_where_iam_does_not_answer_the_baseline_does_and_nothing_is_assured(
    account, reader, history, mailbox, start, wire, code, calls_of_the_second
):
    reader.read()
    let_time_pass(history, AN_HOUR)
    function = start(**history.settings, LOOKUP_BUDGET_SECONDS="3")
    wire.instead = lambda call: refusal(code) if call.service == "iam" else None

    request = {"userName": "build-bot", "policyName": "more", "policyDocument": policy("s3:ListBucket")}
    answer = function.invoke(event_of(account.carol.identity, "PutUserPolicy", request))
    text = mailbox.mail()["Message"]
    who, what = text.split("WHAT WAS CHANGED")
    assert "administrator: AdministratorAccess (through the group Admins)" in who
    assert "artifacts (through the group Builders)" in what
    assert "not an administrator; no escalation" not in text
    assert "in the baseline, last read" in text
    assert answer["severity"] != "LOW"

    wire.calls.clear()
    request = {"userName": "deploy-bot", "policyName": "more", "policyDocument": policy("s3:ListBucket")}
    function.invoke(event_of(account.carol.identity, "PutUserPolicy", request))
    assert "everything (through the group Bots)" in mailbox.mail()["Message"]
    # While IAM throttles, it is asked for nothing but the name of the account.
    asked = {call.action for call in wire.iam()} - {"ListAccountAliases"}
    assert bool(asked) == calls_of_the_second, asked


def test_the_last_known_content_of_what_was_deleted_is_in_the_alert(aws, account, reader, history, mailbox, start, made):
    made.role("retired", {"AWS": f"arn:aws:iam::{OUTSIDE}:root"})
    aws.iam.put_role_policy(RoleName="retired", PolicyName="read", PolicyDocument=policy("s3:GetObject"))
    arn = "arn:aws:iam::aws:policy/IAMFullAccess"
    aws.iam.attach_role_policy(RoleName="retired", PolicyArn=arn)
    reader.read()
    let_time_pass(history, AN_HOUR)
    function = start(**history.settings, WATCHED_EVENT_NAMES="DeleteRole", MINIMUM_SEVERITY="LOW")
    before = (datetime.now(timezone.utc) - timedelta(seconds=20)).strftime("%Y-%m-%dT%H:%M:%SZ")
    request = {"roleName": "retired", "policyArn": arn}
    function.invoke(event_of(account.carol.identity, "DetachRolePolicy", request, eventTime=before))
    assert mailbox.mails() == []
    function.invoke(event_of(account.carol.identity, "DeleteRole", {"roleName": "retired"}))
    known = lines(mailbox.mail(), "Last known")
    assert any(OUTSIDE in line for line in known) and any("s3:GetObject" in line for line in known), known
    # It was detached before.
    assert not any("IAMFullAccess" in line for line in known), known


@pytest.mark.parametrize("fault", ["index", "page", "write"])
def test_a_reading_that_is_broken_off_goes_on_and_finds_what_it_would_have_found(
    aws, reader, history, mailbox, wire, made, fault
):
    reader.read()
    reader.run()
    mailbox.mails()
    made.user("unseen")
    let_time_pass(history, A_DAY)
    failing = {
        "index": lambda call: call.action == "Query" and "BASELINE#" in json.dumps(call.parameters),
        "page": lambda call: call.action == "GetAccountAuthorizationDetails" and "Role" in str(call.parameters),
        "write": lambda call: call.action == "TransactWriteItems" and "unseen" in json.dumps(call.parameters),
    }[fault]

    def instead(call):
        if not failing(call):
            return None
        if call.service == "iam":
            return refusal("AccessDenied")
        return refusal_in_json("ProvisionedThroughputExceededException")

    wire.instead = instead
    reader.run()
    assert progress(history)["begun"], "it is not over"
    line = reader.function.log()[-1]
    assert "historyFailure" in line or line["baselineFailure"], line
    wire.instead = lambda call: None
    # What IAM refused is tried again a minute later.
    let_time_pass(history, timedelta(minutes=2))
    reader.read()
    reader.compare()
    subjects = [mail["Subject"] for mail in mailbox.mails()]
    assert len(subjects) == 1 and "unseen created" in subjects[0], subjects


def test_what_is_too_large_for_an_item_is_known_to_be_another_one_and_nothing_more(aws, reader, history, mailbox, made):
    made.role("huge", {"Service": "ec2.amazonaws.com"})
    resources = [f"arn:aws:s3:::bucket-{number}/*" for number in range(14_000)]
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resources}
    large = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.iam.put_role_policy(RoleName="huge", PolicyName="large", PolicyDocument=large)
    reader.read()
    reader.run()
    mailbox.mails()
    (item,) = [item for item in history.items("ENTITY") if item["pk"].endswith("role/huge")]
    assert item["cut"] is True and "content" not in item
    aws.iam.update_assume_role_policy(RoleName="huge", PolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    reader.read_next_day()
    reader.compare()
    assert mailbox.mails() == [], "nothing can be said about it"
    # The others are compared all the same.
    made.user("beside")
    reader.read_next_day()
    reader.compare()
    assert "beside" in mailbox.mail()["Subject"]


def test_in_a_burst_the_baseline_saves_most_calls(account, reader, history, mailbox, start, wire):
    """IAM has forty calls for everybody, and five more each second, as its token bucket works."""
    reader.read()
    let_time_pass(history, AN_HOUR)

    def burst(settings):
        bucket = {"left": 40.0, "at": time.monotonic()}

        def throttle(call):
            if call.service != "iam":
                return None
            now = time.monotonic()
            bucket["left"] = min(40.0, bucket["left"] + 5 * (now - bucket["at"]))
            bucket["at"] = now
            if bucket["left"] < 1:
                return refusal("Throttling", "Rate exceeded")
            bucket["left"] -= 1
            return None

        function = start(**history.settings, **settings, LOOKUP_BUDGET_SECONDS="3")
        wire.calls.clear()
        wire.instead = throttle
        for number in range(12):
            user = ("build-bot", "deploy-bot", "idle-bot")[number % 3]
            document = policy("s3:GetObject", f"s3:Get{number}")
            request = {"userName": user, "policyName": f"p{number}", "policyDocument": document}
            answer = function.invoke(event_of(account.role_session, "PutUserPolicy", request))
            assert answer["what"]["accessLevel"] != "unknown" and answer["who"]["accessLevel"] == "administrator"
        wire.instead = lambda call: None
        mailbox.mails()
        return len(wire.iam())

    account.role_session = deployer_session(account.role)
    with_baseline = burst({})
    # Of an account that was never read to the end, there is no baseline.
    history.put("BASELINES", ACCOUNT, progress="{}")
    without = burst({})
    print(f"\ncalls of IAM for 12 events: {with_baseline} with a baseline, {without} without")
    assert with_baseline * 2 < without


def test_a_group_that_got_another_name_is_no_change_of_its_members(aws, account, reader, history, mailbox, start, made):
    iam = aws.iam
    iam.create_group(GroupName="Before")
    made.user("member")
    iam.add_user_to_group(GroupName="Before", UserName="member")
    reader.read()
    reader.run()
    mailbox.mails()
    let_time_pass(history, AN_HOUR)
    iam.update_group(GroupName="Before", NewGroupName="After")
    request = {"groupName": "Before", "newGroupName": "After"}
    reader.start(**history.settings).invoke(event_of(account.carol.identity, "UpdateGroup", request))
    mailbox.mails()
    reader.read_next_day()
    reader.compare()
    iam.remove_user_from_group(GroupName="After", UserName="member")
    iam.delete_group(GroupName="After")
    assert [mail["Subject"] for mail in mailbox.mails()] == []


def test_so_many_changes_that_not_all_can_be_read_are_no_knowledge(account, reader, history, mailbox, start, made):
    made.role("noisy", {"AWS": f"arn:aws:iam::{OUTSIDE}:root"})
    reader.read()
    let_time_pass(history, AN_HOUR)
    function = start(**history.settings, WATCHED_EVENT_NAMES="UpdateAssumeRolePolicy")

    def call(name, ago, **request):
        time = (datetime.now(timezone.utc) - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = event_of(account.carol.identity, name, {"roleName": "noisy"} | request, eventTime=time)
        return function.invoke(event)

    call("UpdateAssumeRolePolicy", 600, policyDocument=trust({"Service": "ec2.amazonaws.com"}))
    for number in range(25):
        call("PutRolePolicy", 500 - number, policyName=f"p{number}", policyDocument=policy("s3:GetObject"))
    mailbox.mails()
    answer = call("UpdateAssumeRolePolicy", 20, policyDocument=trust({"AWS": f"arn:aws:iam::{OUTSIDE}:root"}))
    assert answer["severity"] in ("HIGH", "CRITICAL")
    assert "not known" in lines(mailbox.mail(), "Before")[0]
