"""An organization: events of its accounts, looked up with the reader role. The real binary, and moto as AWS with three
accounts. What moto cannot do, refuse a role, the wire does."""

import json
import re
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import boto3
import pytest
from stage import ACCOUNT, REGION, Person, Reply, event_of, refusal, refusal_in_json
from test_baseline import A_DAY, AN_HOUR, let_time_pass

READER = "iam-security-alerts-reader"
HEARTBEAT = "iam-security-alerts-heartbeat"
#: What EventBridge sends when the time of a schedule has come.
SCHEDULE = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}


@pytest.fixture(scope="module")
def organization(aws):
    """The organization of the account, with two more: acme-prod, where ops-dana is an administrator, and acme-build."""
    session = boto3.Session("test", "test", region_name=REGION)
    client = lambda name, **keys: session.client(name, endpoint_url=f"http://{aws.address}", **keys)  # noqa: E731
    organizations, sts = client("organizations"), client("sts")
    id = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]

    def member(name):
        created = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        account = created["CreateAccountStatus"]["AccountId"]
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        iam = client(
            "iam",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        dana = iam.create_user(UserName="ops-dana")["User"]
        iam.attach_user_policy(UserName="ops-dana", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        iam.create_user(UserName="alice")
        return SimpleNamespace(id=account, name=name, iam=iam, dana=Person("ops-dana", dana["UserId"], "AKIAEXAMPLEDANA00001"))

    return SimpleNamespace(id=id, prod=member("acme-prod"), build=member("acme-build"))


@pytest.fixture
def settings(organization):
    return {"ORGANIZATION_ID": organization.id, "READER_ROLE": READER, "HEARTBEAT_ROLE": HEARTBEAT}


def identity(person, member):
    """A user of a member as CloudTrail writes it."""
    arn = f"arn:aws:iam::{member.id}:user/{person.name}"
    return person.identity | {"arn": arn, "accountId": member.id}


def in_account(event, account):
    """The event as it comes from another account: EventBridge keeps its account, and gives it another id."""
    detail = event["detail"] | {"recipientAccountId": account}
    return event | {"account": account, "id": "b2c3d4e5-0000-4000-8000-000000000000", "detail": detail}


def create_key(member, caller):
    """The event that `caller` created an access key for ops-dana of a member."""
    key = {"userName": "ops-dana", "accessKeyId": "AKIAEXAMPLENEW000001", "status": "Active"}
    return in_account(event_of(caller, "CreateAccessKey", {"userName": "ops-dana"}, {"accessKey": key}), member.id)


def accounts(wire, action):
    """The accounts in which a call was made: "own", or the role's session by its access key."""
    headers = [{name.lower(): value for name, value in call.sent[1].items()} for call in wire.called(action)]
    keys = [header["authorization"].split("Credential=")[1].split("/")[0] for header in headers]
    return ["own" if key == "test" else key for key in keys]


def assumed(wire):
    return [call.parameters["RoleArn"] for call in wire.called("AssumeRole")]


def test_a_member_is_looked_up_with_its_reader_role_and_the_caller_at_home(organization, settings, mailbox, start, wire):
    function, prod, build = start(**settings), organization.prod, organization.build

    alert = function.invoke(create_key(prod, identity(build.dana, build)))

    mail = mailbox.mail()
    assert mail["Subject"] == f"[CRITICAL] Access key created for IAM user ops-dana by ops-dana in acme-prod ({prod.id})"
    assert f"in acme-prod ({prod.id})" in mail["Message"]
    assert f"ops-dana belongs to acme-build ({build.id}), an account of your organization." in mail["Message"]
    assert f"Run the commands in acme-prod ({prod.id}), with credentials of that account (add --profile" in mail["Message"]
    assert {name: it["Value"] for name, it in mail["MessageAttributes"].items()} == {
        "severity": "CRITICAL",
        "account": prod.id,
    }
    assert alert["who"]["accessLevel"] == alert["what"]["accessLevel"] == "administrator"
    # Both users have the same name: each was read in its own account.
    assert sorted(assumed(wire)) == sorted(f"arn:aws:iam::{member.id}:role/{READER}" for member in (prod, build))
    read_by = set(accounts(wire, "ListAttachedUserPolicies"))
    assert len(read_by) == 2 and "own" not in read_by
    assert [line for line in function.log() if line.get("lookup_failures")] == []


def test_later_events_of_an_account_cost_no_call_more(organization, settings, mailbox, start, wire):
    function, prod = start(**settings), organization.prod
    function.invoke(create_key(prod, identity(prod.dana, prod)))
    first = len(wire.calls)

    function.invoke(create_key(prod, identity(prod.dana, prod)))

    assert len(wire.called("AssumeRole")) == len(wire.called("DescribeAccount")) - 1 == 1, "one name is the own account's"
    assert len(wire.calls) - first < first


@pytest.mark.parametrize("code", ["AccessDenied", "RegionDisabledException"])
def test_a_member_without_a_reader_role_is_alerted_on_with_what_to_deploy(
    organization, settings, mailbox, start, wire, code
):
    prod = organization.prod
    wire.instead = lambda call: refusal(code) if call.action == "AssumeRole" else None
    function = start(**settings)

    function.invoke(create_key(prod, identity(prod.dana, prod)))

    text = mailbox.mail()["Message"]
    assert f"Not evaluated: everything about ops-dana (AWS refused the reader role in that account: {code})" in text
    assert f"Let the alerts look up acme-prod ({prod.id}) again. The role {READER} is missing there" in text
    assert len(wire.called("AssumeRole")) == 1, "not once for each lookup"


def test_an_account_of_nobody_is_no_member(organization, settings, mailbox, start, wire):
    stranger = SimpleNamespace(id="666677778888")
    wire.instead = lambda call: (
        refusal("AccessDenied") if call.action == "AssumeRole" and stranger.id in call.parameters["RoleArn"] else None
    )

    start(**settings).invoke(create_key(organization.prod, identity(organization.build.dana, stranger)))

    text = mailbox.mail()["Message"]
    assert "ops-dana belongs to 666677778888, which is no account of your organization." in text
    assert "Let the alerts look up" not in text


# --- across accounts ------------------------------------------------------------------------------------------


def role_of(account, set="Admin"):
    """The role of a permission set in an account: its name ends differently in each."""
    return f"AWSReservedSSO_{set}_{int(account):016x}"


def session(account, person="dana@acme.example"):
    """A session of a person of IAM Identity Center in an account."""
    name = role_of(account)
    arn = f"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/{name}"
    issuer = {"type": "Role", "principalId": f"AROA{account}", "arn": arn, "accountId": account, "userName": name}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{account}:{person}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{person}",
        "accountId": account,
        "accessKeyId": f"ASIA{account}",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "true"}},
    }


def trusting(account, name="auditor"):
    """The event that a role was created that trusts everybody: CRITICAL in each account."""
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
    request = {"roleName": name, "assumeRolePolicyDocument": trust}
    return in_account(event_of(session(account), "CreateRole", request, {"role": {"roleName": name}}), account)


def listed(history):
    """Lets the suppressed alerts be old enough for a summary."""
    for item in history.items("FLOOD#suppressed"):
        history.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        moved = datetime.fromisoformat(item["sk"].split("#")[0]) - timedelta(minutes=1)
        item["sk"] = f"{moved.strftime('%Y-%m-%dT%H:%M:%S')}.000Z#{item['sk'].split('#')[1]}"
        item["leftOutAt"] = int(item["leftOutAt"]) - 60_000
        history.table.put_item(Item=item)


@pytest.fixture
def nobody(wire):
    """No account has anybody. The wire answers, since moto takes a second to begin with each account of which it is asked."""
    expires = (datetime.now(timezone.utc) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": expires}
    session = "".join(f"<{name}>{value}</{name}>" for name, value in keys.items())
    result = f"<AssumeRoleResult><Credentials>{session}</Credentials></AssumeRoleResult>"
    assumed = Reply(200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>")
    answers = {"iam": refusal("NoSuchEntity"), "sts": assumed}
    wire.instead = lambda call: answers.get(call.service)


def test_one_person_in_forty_accounts_is_one_mail_and_one_summary(settings, mailbox, start, history, nobody):
    function = start(**settings, **history.settings)
    forty = [str(300_000_000_000 + number) for number in range(40)]

    alerts = [function.invoke(trusting(account)) for account in forty]

    assert {alert["severity"] for alert in alerts} == {"CRITICAL"}
    first = mailbox.mail()
    assert first["Subject"].startswith("[CRITICAL] IAM role auditor created by dana@acme.example") and forty[0] in first["Message"]
    listed(history)
    function.invoke(SCHEDULE)
    summary = mailbox.mail()
    assert summary["Subject"].startswith("[CRITICAL] Summary of 39 alerts on iam:CreateRole by dana@acme.example in 39 accounts")
    assert "the same caller just made the same change in another account" in summary["Message"]
    assert json.loads(summary["MessageAttributes"]["account"]["Value"]) == sorted(forty[1:])
    for alert, account in list(zip(alerts, forty))[1:]:
        assert re.search(rf"CRITICAL .*{account}.*{alert['eventId']}", summary["Message"]), account
    # The table is in the account of the function, and so are the commands that read it.
    assert "Run the commands in " in summary["Message"] and f"({ACCOUNT}):" in summary["Message"]


def test_another_change_and_another_person_are_mailed_of_their_own(settings, mailbox, start, history, nobody):
    function = start(**settings, **history.settings)

    function.invoke(trusting("300000000001"))
    function.invoke(trusting("300000000002", name="another"))
    other = trusting("300000000003")
    other["detail"]["userIdentity"] = session("300000000003", "evil@acme.example")
    function.invoke(other)

    assert len(mailbox.mails()) == 3


def test_the_same_change_from_another_address_is_mailed(settings, mailbox, start, history, nobody):
    function = start(**settings, **history.settings)
    function.invoke(trusting("300000000001"))

    elsewhere = trusting("300000000002")
    elsewhere["detail"]["sourceIPAddress"] = "203.0.113.9"
    function.invoke(elsewhere)

    assert len(mailbox.mails()) == 2


def test_a_repetition_that_could_not_be_evaluated_is_mailed_once(settings, mailbox, start, history, nobody, wire):
    function, nobody = start(**settings, **history.settings), wire.instead
    function.invoke(trusting("300000000001"))
    wire.instead = lambda call: refusal("AccessDenied") if call.service == "sts" else nobody(call)

    for number in range(2, 5):
        assert function.invoke(trusting(f"30000000000{number}"))["severity"] == "CRITICAL"

    mails = mailbox.mails()
    assert len(mails) == 2 and "AWS refused the reader role" in mails[1]["Message"]


def test_the_same_call_with_another_content_is_mailed(settings, mailbox, start, history, nobody):
    function = start(**settings, **history.settings)
    function.invoke(trusting("300000000001"))
    other = trusting("300000000002")
    trust = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole", "sts:TagSession"]}]}
    other["detail"]["requestParameters"]["assumeRolePolicyDocument"] = json.dumps(trust)

    assert function.invoke(other)["severity"] == "CRITICAL"

    assert len(mailbox.mails()) == 2


def test_a_more_severe_repetition_is_mailed(settings, mailbox, start, history, nobody):
    function = start(**settings, **history.settings)
    quiet = trusting("300000000001")
    partner = {"AWS": "arn:aws:iam::666677778888:root"}
    trust = {"Statement": [{"Effect": "Allow", "Principal": partner, "Action": "sts:AssumeRole"}]}
    quiet["detail"]["requestParameters"]["assumeRolePolicyDocument"] = json.dumps(trust)

    severities = [function.invoke(event)["severity"] for event in (quiet, trusting("300000000002"))]

    assert severities[1] == "CRITICAL" != severities[0]
    assert len(mailbox.mails()) == 2


def test_related_activity_is_that_of_the_person_in_all_accounts(settings, mailbox, start, history, nobody):
    function = start(**settings, **history.settings, ACCOUNT_NAMES="300000000001=acme-dev")
    function.invoke(trusting("300000000001", name="one"))
    mailbox.mails()

    function.invoke(trusting("300000000002", name="two"))

    assert re.search(r"dana@acme.example.*iam:CreateRole +IAM role one +in acme-dev", mailbox.mail()["Message"])


def test_an_event_that_comes_twice_by_two_buses_is_one_mail(settings, mailbox, start, history, nobody):
    function, event = start(**settings, **history.settings), trusting(ACCOUNT)
    function.invoke(event | {"id": "c3d4e5f6-0000-4000-8000-000000000000"})

    assert function.invoke(event) == {"eventId": event["detail"]["eventID"], "notAlerted": "it was alerted on before"}

    assert len(mailbox.mails()) == 1


# --- heartbeats -----------------------------------------------------------------------------------------------


def heartbeat(account):
    """The one call a day that proves that events arrive."""
    arn = f"arn:aws:iam::{account}:role/{HEARTBEAT}"
    issuer = {"type": "Role", "principalId": "AROAEXAMPLE", "arn": arn, "accountId": account, "userName": HEARTBEAT}
    caller = {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:beat",
        "arn": f"arn:aws:sts::{account}:assumed-role/{HEARTBEAT}/beat",
        "accountId": account,
        "sessionContext": {"sessionIssuer": issuer},
    }
    tags = [{"key": "last-heartbeat", "value": "2026-11-22T05:00:00Z"}]
    return in_account(event_of(caller, "TagRole", {"roleName": HEARTBEAT, "tags": tags}), account)


def hours_ago(hours):
    return (datetime.now(timezone.utc) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_missing_heartbeat_is_alerted_on_once_with_the_name_of_the_account(
    organization, settings, mailbox, start, history, wire, member_template
):
    prod, build = organization.prod, organization.build
    history.put("HEARTBEAT", prod.id, lastAt=hours_ago(50))
    played(wire, rules_of(member_template, build, mailbox.topic))
    function = start(**settings, **history.settings)
    answer = function.invoke(heartbeat(build.id))
    assert answer["notAlerted"] == "it is the heartbeat of the account: events arrive" and mailbox.mails() == []

    function.invoke(SCHEDULE)

    mail = mailbox.mail()
    assert mail["Subject"] == f"[HIGH] No heartbeat from acme-prod ({prod.id}) for two days"
    assert "aws events describe-rule --region us-east-1 --name iam-security-alerts-forward" in mail["Message"]
    assert function.log()[-1]["SilentAccounts"] == 1
    start(**settings, **history.settings).invoke(SCHEDULE)
    assert mailbox.mails() == [], "another instance does not repeat it"
    # The own account has not made its first one yet. It is expected from now on.
    assert {item["sk"] for item in history.items("HEARTBEAT")} == {ACCOUNT, prod.id, build.id}


def test_a_silence_that_could_not_be_mailed_is_mailed_later(organization, settings, mailbox, start, history, wire):
    history.put("HEARTBEAT", organization.prod.id, lastAt=hours_ago(50))
    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else None
    start(**settings, **history.settings).invoke(SCHEDULE)
    wire.instead = lambda call: None

    start(**settings, **history.settings).invoke(SCHEDULE)

    assert mailbox.mail()["Subject"].startswith("[HIGH] No heartbeat")


# --- what forwards the events ---------------------------------------------------------------------------------


def rules_of(template, member, topic):
    """How EventBridge describes the rules of a member's stack, by name."""
    name = topic.split(":")[-1]
    references = {"Name": name, "AWS::AccountId": member.id}
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}-organization"

    def filled(value):
        if isinstance(value, list):
            return [filled(part) for part in value]
        if not isinstance(value, dict):
            return value
        if "Ref" in value:
            return references[value["Ref"]]
        if "Sub" in value:
            return value["Sub"].replace("${Name}", name)
        return {key: filled(part) for key, part in value.items()}

    return {
        filled(rule["Name"]): {
            "State": rule["State"],
            "EventPattern": json.dumps(filled(rule["EventPattern"])),
            "Targets": [{"Id": "CentralBus", "Arn": bus}],
        }
        for rule in (it["Properties"] for it in template["Resources"].values() if it["Type"] == "AWS::Events::Rule")
    }


def played(wire, rules):
    """Lets EventBridge answer with these rules."""

    def answer(call):
        if call.service != "events":
            return None
        rule = rules.get(call.parameters.get("Name") or call.parameters.get("Rule"))
        if rule is None:
            return refusal_in_json("ResourceNotFoundException")
        return Reply(200, json.dumps(rule), "application/x-amz-json-1.1")

    wire.instead = answer


def test_with_a_heartbeat_the_rules_of_the_member_are_checked(
    organization, settings, mailbox, start, history, wire, member_template
):
    build = organization.build
    rules = rules_of(member_template, build, mailbox.topic)
    played(wire, rules)
    function = start(**settings, **history.settings)
    function.invoke(heartbeat(build.id))
    assert mailbox.mails() == [] and len(rules) == 3 and len(wire.called("DescribeRule")) == 3
    assert "own" not in accounts(wire, "DescribeRule"), "with the credentials of the reader role"

    # Nothing but the heartbeats passes.
    (forward, _, watch) = rules
    rules[forward]["EventPattern"] = json.dumps({"detail": {"eventName": ["TagRole"]}})
    del rules[watch]
    function.invoke(heartbeat(build.id))

    mail = mailbox.mail()
    assert mail["Subject"] == "[CRITICAL] These alerts are impaired: 2 differences in acme-build"
    assert f"{forward} does not have the event pattern of this version" in mail["Message"]
    assert f"{watch} does not exist." in mail["Message"]
    assert "Delete the stack of organization/member.yaml in that account, and deploy it again" in mail["Message"]
    # Whoever can send heartbeats cannot fill the mailbox with them.
    function.invoke(heartbeat(build.id))
    start(**settings, **history.settings).invoke(heartbeat(build.id))
    assert mailbox.mails() == [] and function.log()[-1]["StackDifferences"] == 2


def test_a_heartbeat_does_not_count_if_the_rules_cannot_be_read(organization, settings, mailbox, start, history, wire):
    wire.instead = lambda call: refusal_in_json("AccessDeniedException") if call.service == "events" else None

    answer = start(**settings, **history.settings).invoke(heartbeat(organization.build.id))

    assert answer["notAlerted"] == "it is the heartbeat of the account, but its rules could not be read"
    assert history.items("HEARTBEAT") == []


def test_differences_that_could_not_be_mailed_are_mailed_with_the_next_heartbeat(
    organization, settings, mailbox, start, history, wire
):
    played(wire, {})
    rules = wire.instead
    wire.instead = lambda call: refusal("AuthorizationError") if call.action == "Publish" else rules(call)
    function = start(**settings, **history.settings)
    function.invoke(heartbeat(organization.build.id))
    wire.instead = rules

    function.invoke(heartbeat(organization.build.id))

    assert mailbox.mail()["Subject"].startswith("[CRITICAL] These alerts are impaired: 3 differences")


# --- the baseline of each account -----------------------------------------------------------------------------


def test_each_account_is_read_once_a_day_with_its_reader_role_and_one_after_another(
    organization, settings, history, mailbox, start, wire
):
    prod, build = organization.prod, organization.build
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    for account in (ACCOUNT, prod.id, build.id):
        history.put("HEARTBEAT", account, lastAt=now)
    history.table.delete_item(Key={"pk": "BASELINES", "sk": ACCOUNT})

    def run():
        wire.calls.clear()
        function = start(**settings, **history.settings)
        function.invoke(SCHEDULE)
        return accounts(wire, "GetAccountAuthorizationDetails")

    def progress():
        items = {item["sk"]: json.loads(item["progress"]) for item in history.items("BASELINES") if "progress" in item}
        return [account for account, of in items.items() if of.get("last")]

    readers = []
    for _ in range(12):
        read = set(run())
        assert len(read) <= 1, "one account in a run"
        readers += read
        if len(progress()) == 3 and not read:
            break
    assert len(progress()) == 3 and len(set(readers)) == 3 and "own" in readers
    for _ in range(3):
        run()
    mails = {mail["Subject"] for mail in mailbox.mails()}
    assert len(mails) == 3 and sum(prod.name in subject for subject in mails) == 1, mails

    # A user that nobody saw, in a member.
    prod.iam.create_user(UserName="unseen")
    let_time_pass(history, A_DAY)
    for _ in range(6):
        run()
    assert mailbox.mails() == []
    let_time_pass(history, AN_HOUR)
    for _ in range(4):
        run()
    prod.iam.delete_user(UserName="unseen")
    mail = mailbox.mail()
    assert "unseen created" in mail["Subject"] and prod.id in mail["Subject"], mail["Subject"]
    assert f"Run the commands in acme-prod ({prod.id}), with credentials of that account" in mail["Message"]


def test_a_member_that_cannot_be_read_holds_up_no_other(organization, settings, history, mailbox, start, wire):
    # Its id sorts before all others.
    broken = "000000000001"
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    history.put("HEARTBEAT", broken, lastAt=now)
    history.table.delete_item(Key={"pk": "BASELINES", "sk": ACCOUNT})
    wire.instead = lambda call: refusal("AccessDenied") if call.action == "AssumeRole" else None
    lines = []

    def run(count):
        for _ in range(count):
            function = start(**settings, **history.settings)
            function.invoke(SCHEDULE)
            lines.extend(line["baselineFailure"] for line in function.log() if "baselineFailure" in line)
        return json.loads(history.table.get_item(Key={"pk": "BASELINES", "sk": ACCOUNT})["Item"]["progress"])

    first = run(8)["last"]
    assert first and lines and all("reader role" in line for line in lines), lines
    let_time_pass(history, A_DAY)
    second = run(6)
    assert second["last"] and second["compareWith"], "the next day, too"
    let_time_pass(history, AN_HOUR)
    assert not run(4)["compareWith"], "and compared"
