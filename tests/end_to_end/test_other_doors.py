"""What gives access without a call of IAM, and who comes in: IAM Identity Center, AWS Organizations, the root user, sign-ins,
shared resources. The real binary, and moto as AWS.

moto answers all that the function asks of IAM Identity Center and its identity store, but one call
(`GetPermissionsBoundaryForPermissionSet`): the wire answers it, as AWS does where there is no boundary.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import boto3
import moto.ssoadmin.models as moto_sso
import pytest
from moto.events.models import EventPattern
from stage import (
    ACCOUNT,
    PATIENCE,
    REGION,
    ROOT,
    deployer_session,
    event_like,
    event_of,
    in_region,
    longest_chain,
    refusal_in_json,
    resolved,
    rules_that_match,
    sign_in,
    until,
)

#: The home region of IAM Identity Center.
HOME = "eu-west-1"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READER = "iam-security-alerts-reader"
RESERVED = "aws-reserved/sso.amazonaws.com"


def rules(alert):
    return [reason["rule"] for reason in alert["reasons"]]


def reason(alert, rule):
    (text,) = [reason["text"] for reason in alert["reasons"] if reason["rule"] == rule]
    return text


def section(alert, heading):
    """A section of the mail, from its heading on."""
    return alert["text"].split(f"\n{heading}")[1].split("\n\n")[0]


def in_account(event, account):
    """The event as it comes from a member account, by its bus."""
    return event | {"account": account, "detail": event["detail"] | {"recipientAccountId": account}}


def asked(wire):
    """What AWS was asked about the event: neither the history, nor the expectations, nor what was sent."""
    beside = ("dynamodb", "sns", "ssm")
    return sorted(f"{call.service}:{call.action}" for call in wire.calls if call.service not in beside)


def of_center(wire):
    """What IAM Identity Center and its identity store were asked, each in the home region."""
    calls = [call for call in list(wire.calls) if call.service in ("sso", "identitystore")]
    assert {call.region for call in calls} <= {HOME}
    return sorted(call.action for call in calls)


def by_region(event, region_template, template):
    """The rules that deliver an event of another region: there, and here."""
    return rules_that_match(region_template, event), rules_that_match(template, event)


def denies(*services):
    """IAM Identity Center without a boundary, and AWS without permission for these services or actions."""

    def instead(call):
        if call.service in services or call.action in services:
            return refusal_in_json("AccessDeniedException")
        return no_boundary(call)

    return instead


# --- the world ------------------------------------------------------------------------------------------------


def client_of(aws, name, region=REGION, **keys):
    session = boto3.Session("test", "test", region_name=region)
    return session.client(name, endpoint_url=f"http://{aws.address}", **keys)


@pytest.fixture(scope="module")
def organization(aws):
    """An organization with the member account acme-prod-eu, and a guardrail that keeps CloudTrail alive."""
    organizations = client_of(aws, "organizations")
    try:
        id = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    except organizations.exceptions.AlreadyInOrganizationException:
        id = organizations.describe_organization()["Organization"]["Id"]
    created = organizations.create_account(AccountName="acme-prod-eu", Email="acme-prod-eu@example.com")
    member = created["CreateAccountStatus"]["AccountId"]
    keys = client_of(aws, "sts").assume_role(RoleArn=f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole", RoleSessionName="test")
    iam = client_of(
        aws,
        "iam",
        aws_access_key_id=keys["Credentials"]["AccessKeyId"],
        aws_secret_access_key=keys["Credentials"]["SecretAccessKey"],
        aws_session_token=keys["Credentials"]["SessionToken"],
    )
    deny = {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail"], "Resource": "*"}
    guardrail = organizations.create_policy(
        Name="keep-cloudtrail",
        Description="Nobody stops CloudTrail",
        Type="SERVICE_CONTROL_POLICY",
        Content=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    return SimpleNamespace(
        id=id,
        member=member,
        iam=iam,
        guardrail=guardrail["Policy"]["PolicySummary"]["Id"],
        settings={"ORGANIZATION_ID": id, "READER_ROLE": READER},
    )


@pytest.fixture(scope="module")
def directory(aws):
    """IAM Identity Center: the permission set PlatformAdmin, an administrator's, to which the group platform-team is assigned;
    the group newcomers, which is assigned to nothing; the user olivia."""
    # moto makes up another form of ARN than AWS.
    former = moto_sso.PermissionSet.generate_id
    moto_sso.PermissionSet.generate_id = staticmethod(
        lambda instance: former(instance.replace(":instance/", ":permissionSet/"))
    )
    sso, store = client_of(aws, "sso-admin", HOME), client_of(aws, "identitystore", HOME)
    instance = sso.list_instances()["Instances"][0]
    arn, store_id = instance["InstanceArn"], instance["IdentityStoreId"]
    set = sso.create_permission_set(Name="PlatformAdmin", InstanceArn=arn)["PermissionSet"]["PermissionSetArn"]
    moto_sso.PermissionSet.generate_id = former
    of = {"InstanceArn": arn, "PermissionSetArn": set}
    sso.attach_managed_policy_to_permission_set(ManagedPolicyArn=ADMINISTRATOR, **of)
    name = {"GivenName": "Olivia", "FamilyName": "Ortiz"}
    olivia = store.create_user(IdentityStoreId=store_id, UserName="olivia@acme.example", DisplayName="Olivia", Name=name)
    group = lambda name: store.create_group(IdentityStoreId=store_id, DisplayName=name)["GroupId"]  # noqa: E731
    team, newcomers = group("platform-team"), group("newcomers")
    target = {"TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT"}
    sso.create_account_assignment(**of, **target, PrincipalType="GROUP", PrincipalId=team)
    sso.provision_permission_set(**of, TargetType="ALL_PROVISIONED_ACCOUNTS")
    return SimpleNamespace(instance=arn, store=store_id, set=set, olivia=olivia["UserId"], team=team, newcomers=newcomers)


def no_boundary(call):
    if call.action == "GetPermissionsBoundaryForPermissionSet":
        return refusal_in_json("ResourceNotFoundException")
    return None


@pytest.fixture
def center(directory, wire):
    wire.instead = no_boundary
    return directory


@pytest.fixture(scope="module")
def alice(aws):
    """A person of IAM Identity Center in a session of an administrator's role, as CloudTrail writes it."""
    name = "AWSReservedSSO_OrgAdmin_0a1b2c3d4e5f6a7b"
    role = aws.iam.create_role(RoleName=name, Path=f"/{RESERVED}/{HOME}/", AssumeRolePolicyDocument=SAML)["Role"]
    aws.iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)
    issuer = {"type": "Role", "principalId": role["RoleId"], "arn": role["Arn"], "accountId": ACCOUNT, "userName": name}
    return {
        "type": "AssumedRole",
        "principalId": f"{role['RoleId']}:alice@acme.example",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/alice@acme.example",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLEALICE0001",
        "sessionContext": {
            "sessionIssuer": issuer,
            "attributes": {"creationDate": "2026-11-22T05:00:00Z", "mfaAuthenticated": "false"},
        },
    }


#: Whom the roles of IAM Identity Center trust.
SAML = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0a1b2c3d4e5f6a7b_DO_NOT_DELETE"},
                "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
                "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            }
        ],
    }
)


# --- IAM Identity Center --------------------------------------------------------------------------------------


def assigns(caller, center, account=ACCOUNT, **changes):
    """The event that the permission set was assigned to olivia."""
    request = {
        "instanceArn": center.instance,
        "targetId": account,
        "targetType": "AWS_ACCOUNT",
        "permissionSetArn": center.set,
        "principalType": "USER",
        "principalId": center.olivia,
    }
    status = {"status": "IN_PROGRESS", "requestId": "9dd4e461-268c-8034-f5c8-564e155c67a6"} | request
    response = {"accountAssignmentCreationStatus": status}
    return in_region(event_of(caller, "CreateAccountAssignment", request, response, service="sso", **changes), HOME)


def joins(caller, center, group, **changes):
    """The event that olivia was added to a group."""
    request = {"identityStoreId": center.store, "groupId": group, "memberId": {"userId": center.olivia}}
    response = {"membershipId": "c4e8f4b8-9051-7011-aaaa-1f2e3d4c5b6a", "identityStoreId": center.store}
    event = event_of(caller, "CreateGroupMembership", request, response, service="identitystore", **changes)
    return in_region(event, HOME)


def provisioning(account, role_id="AROAEXAMPLEPLATFORM1", set="PlatformAdmin"):
    """The events of what IAM Identity Center does in an account then, and the name of its role."""
    name = f"AWSReservedSSO_{set}_{int(account):016x}"
    arn = f"arn:aws:iam::{account}:role/{RESERVED}/{HOME}/{name}"
    issuer = {
        "type": "Role",
        "principalId": f"AROASSO{account}",
        "arn": f"arn:aws:iam::{account}:role/aws-service-role/sso.amazonaws.com/AWSServiceRoleForSSO",
        "accountId": account,
        "userName": "AWSServiceRoleForSSO",
    }
    caller = {
        "type": "AssumedRole",
        "principalId": f"AROASSO{account}:AWS-SSO",
        "arn": f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForSSO/AWS-SSO",
        "accountId": account,
        "accessKeyId": f"ASIASSO{account}",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
        "invokedBy": "sso.amazonaws.com",
    }
    by_service = {"sourceIPAddress": "sso.amazonaws.com", "userAgent": "sso.amazonaws.com"}
    role = {"path": f"/{RESERVED}/{HOME}/", "roleName": name, "arn": arn, "roleId": role_id}
    request = {"roleName": name, "path": role["path"], "assumeRolePolicyDocument": SAML.replace(ACCOUNT, account)}
    created = event_of(caller, "CreateRole", request, {"role": role}, **by_service)
    attached = event_of(caller, "AttachRolePolicy", {"roleName": name, "policyArn": ADMINISTRATOR}, **by_service)
    return name, [in_account(event, account) for event in (created, attached)]


@pytest.fixture(scope="module")
def written(aws, organization):
    """IAM Identity Center has written its roles, in the own account and in the member. A function that gives the events."""
    ids = {}
    for iam, account in ((aws.iam, ACCOUNT), (organization.iam, organization.member)):
        name, _ = provisioning(account)
        trust = SAML.replace(ACCOUNT, account)
        role = iam.create_role(RoleName=name, Path=f"/{RESERVED}/{HOME}/", AssumeRolePolicyDocument=trust)
        iam.attach_role_policy(RoleName=name, PolicyArn=ADMINISTRATOR)
        ids[account] = role["Role"]["RoleId"]
    return lambda: [event for account, id in ids.items() for event in provisioning(account, id)[1]]


PERMISSION_SET = [
    "DescribePermissionSet",
    "GetInlinePolicyForPermissionSet",
    "GetPermissionsBoundaryForPermissionSet",
    "ListAccountsForProvisionedPermissionSet",
    "ListCustomerManagedPolicyReferencesInPermissionSet",
    "ListManagedPoliciesInPermissionSet",
]


def test_an_assignment_and_what_follows_in_two_accounts_is_one_mail(
    template, region_template, account, center, alice, organization, written, mailbox, start, history, wire
):
    function = start(**organization.settings, **history.settings)
    event = assigns(alice, center, organization.member)
    assert by_region(event, region_template, template) == (["ForwardRegionDoorsRule"], ["DoorsRule"])

    cause = function.invoke(event)
    follows = written()
    alerts = [function.invoke(event) for event in follows]

    mail = mailbox.mail()
    assert mail["Subject"].startswith("[CRITICAL] Permission set PlatformAdmin for olivia@acme.example by alice@acme.example")
    assert mail["Message"] == cause["text"]
    assert "alice@acme.example assigned the permission set PlatformAdmin to the Identity Center user olivia@acme.example" in cause["text"]
    assert f"for the account acme-prod-eu ({organization.member})" in cause["text"]
    assert rules(cause)[0] == "grants_administrator"
    assert center.olivia in section(cause, "IF THIS WAS NOT EXPECTED"), "the command needs the id"
    for event, alert in zip(follows, alerts, strict=True):
        assert (alert["severity"], alert["published"], rules(alert)[0]) == ("LOW", False, "consequence")
        assert reason(alert, "consequence").startswith(
            "IAM Identity Center wrote this because alice@acme.example called sso:CreateAccountAssignment at "
        )
        assert reason(alert, "consequence").endswith(f"({cause['eventId']}), which was judged CRITICAL.")
        item = history.event(event)
        assert (item["state"], item["mailed"], item["severity"]) == ("done", False, "LOW")
    # The member's role was read in the member.
    assert [call.parameters["RoleArn"] for call in wire.called("AssumeRole")] == [f"arn:aws:iam::{organization.member}:role/{READER}"]


def test_what_an_assignment_costs(account, center, alice, mailbox, start, history, wire):
    function = start(**history.settings)
    function.invoke(assigns(alice, center))
    caller = ["iam:GetRole", "iam:ListAccountAliases", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
    assert of_center(wire) == sorted([*PERMISSION_SET, "DescribeUser", "ListInstances"])
    assert [call for call in asked(wire) if call.startswith("iam")] == caller and len(asked(wire)) == 12

    wire.calls.clear()
    function.invoke(assigns(alice, center))
    assert of_center(wire) == sorted([*PERMISSION_SET, "DescribeUser"])
    assert len(asked(wire)) == 7, "the caller and the instance are known"


def test_lookups_of_iam_identity_center_run_side_by_side(account, center, alice, mailbox, start, wire):
    chains = []
    for event in (assigns(alice, center), joins(alice, center, center.team)):
        function = start()
        function.invoke(sign_in(ROOT, "No"))  # opens a connection
        wire.calls.clear()
        wire.instead = lambda call: time.sleep(0.2) or no_boundary(call)
        function.invoke(event)
        wire.instead = no_boundary
        chains.append(longest_chain(wire.calls))

    # The instance, and its user; the instance, the assignments, and the permission set. Then each is published.
    assert chains == [3, 4]


def provisioned_at(seconds):
    """A time so many seconds from that of the provisioning."""
    at = datetime.now(timezone.utc) - timedelta(seconds=14 - seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_provisioning_that_arrives_before_its_cause_waits_for_it(
    account, center, alice, organization, written, mailbox, start, history
):
    early, late = (start(**organization.settings, **history.settings) for _ in range(2))
    late.invoke(sign_in(ROOT, "No"))  # starts it
    mailbox.mails()
    with ThreadPoolExecutor() as pool:
        provisioned = pool.submit(early.invoke, written()[1])
        until(lambda: history.items("EVENT")[1:], "the claim of the event")
        cause = late.invoke(assigns(alice, center, eventTime=provisioned_at(-2)))

    assert provisioned.result()["severity"] == "LOW"
    assert cause["eventId"] in reason(provisioned.result(), "consequence")
    assert mailbox.mail()["Message"] == cause["text"]


def test_provisioning_whose_cause_does_not_come_is_mailed_for_one_account(
    template, account, center, alice, organization, written, mailbox, start, history
):
    """Two mails: the policy in the first account, and the assignment. The policy in the second is in a summary."""
    functions = [start(**organization.settings, **history.settings) for _ in range(4)]
    events = written()
    assert rules_that_match(template, events[0]) == rules_that_match(template, events[1]) == ["IamRule"]
    assert rules_that_match(template, events[2]) == []
    bus = EventPattern.load(json.dumps(resolved(template["Resources"]["OrganizationRule"]["Properties"]["EventPattern"])))
    assert [bus.matches_event(event) for event in events] == [False, False, True, True]

    begun = time.monotonic()
    with ThreadPoolExecutor() as pool:
        alerts = list(pool.map(lambda function, event: function.invoke(event), functions, events))
    took = time.monotonic() - begun
    cause = functions[0].invoke(assigns(alice, center, organization.member))

    assert 7 < took < 7 + PATIENCE
    mails = mailbox.mails()
    assert len(mails) == 2 and mails[-1]["Message"] == cause["text"] and cause["severity"] == "CRITICAL"
    severities = sorted((alert["eventName"], alert["severity"]) for alert in alerts)
    assert severities == [("AttachRolePolicy", "CRITICAL")] * 2 + [("CreateRole", "LOW")] * 2
    assert [alert["eventName"] for alert in alerts if alert["published"]] == ["AttachRolePolicy"]
    for alert in alerts:
        assert "That call is not recorded here: it is an event of sso in the management account" in reason(alert, "consequence")
        assert "aws iam delete-role" not in alert["text"] and "aws iam detach-role-policy" not in alert["text"]
    assert len(history.items("FLOOD#suppressed")) == 1


def test_a_membership_is_judged_by_what_the_group_is_assigned_to(
    template, region_template, account, center, alice, mailbox, start, history, wire
):
    function = start(**history.settings)
    event = joins(alice, center, center.team)
    assert by_region(event, region_template, template) == (["ForwardRegionDoorsRule"], ["DoorsRule"])

    alert = function.invoke(event)

    assert mailbox.mail()["Message"] == alert["text"]
    assert (alert["severity"], rules(alert)[0]) == ("CRITICAL", "grants_administrator")
    assert "alice@acme.example added the Identity Center user olivia@acme.example to the group platform-team" in alert["text"]
    memberships = ["DescribeGroup", "DescribeUser", "ListAccountAssignmentsForPrincipal"]
    assert of_center(wire) == sorted([*PERMISSION_SET, *memberships, "ListInstances"])
    assert len(asked(wire)) == 14

    wire.calls.clear()
    alert = function.invoke(joins(alice, center, center.newcomers))
    assert alert["severity"] == "MEDIUM" and "The group is assigned to no account." in mailbox.mail()["Message"]
    assert of_center(wire) == memberships


@pytest.mark.parametrize("group", ["team", "newcomers"])
def test_a_membership_that_cannot_be_judged_is_high_and_says_so(account, center, alice, mailbox, start, history, wire, group):
    wire.instead = denies("sso")

    alert = start(**history.settings).invoke(joins(alice, center, getattr(center, group)))

    text = mailbox.mail()["Message"]
    assert alert["severity"] == "HIGH"
    assert "Not evaluated: assignments (access denied (sso:ListInstances)). The severity may be too low." in text
    assert "  Grants             not known\n" in text
    assert "assigned to no account" not in text and "Assigned to" not in text and "none" not in alert["what"].get("grants", "")
    assert "olivia@acme.example" in text, "the identity store answers"


def test_an_assignment_that_cannot_be_judged_is_high_and_says_so(account, center, alice, mailbox, start, history, wire):
    wire.instead = denies("sso", "identitystore")

    alert = start(**history.settings).invoke(assigns(alice, center))

    assert mailbox.mail()["Message"] == alert["text"]
    assert alert["severity"] == "HIGH"
    assert alert["what"]["grants"] == "not known"
    assert f"assigned the permission set {center.set.split('/')[-1]} to the Identity Center user {center.olivia}" in alert["text"]
    assert "Not evaluated: AWS managed policies (access denied (sso:ListManagedPoliciesInPermissionSet))" in alert["text"]
    assert len(of_center(wire)) == 7, "none is asked twice, and without the instance not for the user"


# --- AWS Organizations ----------------------------------------------------------------------------------------


def test_a_guardrail_that_is_detached_is_named_with_what_it_protected(
    template, account, alice, organization, mailbox, start, history, wire
):
    request = {"targetId": "r-ab12", "policyId": organization.guardrail}
    event = event_of(alice, "DetachPolicy", request, service="organizations")
    assert rules_that_match(template, event) == ["DoorsRule"]

    alert = start(**history.settings).invoke(event)

    assert alert["severity"] == "HIGH"
    assert "detached the Organizations policy keep-cloudtrail from the organization's root" in mailbox.mail()["Message"]
    protected = "The policy protected the trails of CloudTrail. It does not protect the accounts of the whole organization any more."
    assert reason(alert, "action") == protected
    assert f"aws organizations attach-policy --policy-id {organization.guardrail} --target-id r-ab12" in alert["text"]
    assert len(wire.called("DescribePolicy")) == 1 and len(asked(wire)) == 5


def test_a_guardrail_that_cannot_be_read_is_high_all_the_same(account, alice, organization, mailbox, start, history, wire):
    wire.instead = denies("DescribePolicy")
    request = {"targetId": "r-ab12", "policyId": organization.guardrail}

    alert = start(**history.settings).invoke(event_of(alice, "DetachPolicy", request, service="organizations"))

    assert alert["severity"] == "HIGH"
    text = mailbox.mail()["Message"]
    assert f"detached the Organizations policy {organization.guardrail}" in text
    assert "What the policy denied is allowed now" in text
    assert "access denied (no permission for organizations:DescribePolicy)" in text


# --- root -----------------------------------------------------------------------------------------------------


def root_of(account, key=None):
    """The root user of an account, or whoever has a session as root, as CloudTrail writes it without `assumedRoot`."""
    caller = {"type": "Root", "principalId": account, "arn": f"arn:aws:iam::{account}:root", "accountId": account}
    context = {"attributes": {"creationDate": "2026-11-22T05:55:02Z", "mfaAuthenticated": "false"}}
    return caller | ({"accessKeyId": key, "sessionContext": context} if key else {})


def opens(caller, member, key, task="IAMDeleteRootUserCredentials"):
    """The event that a session as root in a member was opened, in a region that the caller chose."""
    arn = f"arn:aws:iam::aws:policy/root-task/{task}"
    request = {"targetPrincipal": member, "taskPolicyArn": {"arn": arn}, "durationSeconds": 900}
    response = {"credentials": {"accessKeyId": key, "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}}
    return in_region(event_of(caller, "AssumeRoot", request, response, service="sts"), "eu-north-1")


@pytest.fixture
def root_session(template, region_template, account, alice, organization, mailbox, start, history, wire):
    """A function that saw how a session as root was opened, and what its call looks like."""
    function, key = start(**organization.settings, **history.settings), "ASIAEXAMPLEROOTSESS9"
    event = opens(alice, organization.member, key)
    assert by_region(event, region_template, template) == (["ForwardRegionDoorsRule"], ["DoorsRule"])
    opened = function.invoke(event)
    assert opened["severity"] == "MEDIUM"
    assert mailbox.mail()["Subject"].startswith(f"[MEDIUM] Root session opened in account {organization.member} by alice@acme.example")
    wire.calls.clear()
    event = in_account(event_of(root_of(organization.member, key), "DeleteLoginProfile"), organization.member)
    return SimpleNamespace(function=function, opened=opened, event=event)


def test_a_call_in_a_session_as_root_names_who_opened_it(root_session, mailbox, wire):
    alert = root_session.function.invoke(root_session.event)

    text = mailbox.mail()["Message"]
    assert alert["severity"] == "MEDIUM"
    assert "Somebody with a root session (AssumeRoot) deleted the console password of the root user in acme-prod-eu" in text
    by = reason(alert, "root_session_opened_by")
    assert by.startswith("The session was opened by alice@acme.example at ") and by in text
    assert by.endswith(f", for the task IAMDeleteRootUserCredentials ({root_session.opened['eventId']}).")
    assert "sign in as the root user" not in text.lower()
    assert asked(wire) == [], "the account's name is known, and nothing is asked of a root user"


def test_a_session_as_root_is_not_said_to_have_full_access(root_session):
    text = root_session.function.invoke(root_session.event)["text"]

    assert "the root user has full access" not in text


def test_a_session_as_root_is_no_call_of_the_root_user_in_the_history(root_session, organization, history):
    linked, marked = root_session.event, event_like(root_session.event)
    caller = marked["detail"]["userIdentity"]
    context = caller["sessionContext"] | {"assumedRoot": "true"}
    marked["detail"]["userIdentity"] = caller | {"sessionContext": context}
    for event in (linked, marked):
        root_session.function.invoke(event)

    actors = {item["pk"]: item["actor"] for item in history.items("ACTOR") if "root" in item["pk"].lower()}
    assert len(actors) == 1 and "the root user" not in actors.values()


def test_a_call_with_another_key_is_the_root_users_own(root_session, organization, mailbox):
    other = in_account(event_of(root_of(organization.member), "DeleteLoginProfile"), organization.member)

    alert = root_session.function.invoke(other)

    assert alert["severity"] == "CRITICAL" and "alice" not in alert["text"]
    assert "Sign in as the root user, change its password" in mailbox.mail()["Message"]


def test_a_bucket_that_the_root_user_deletes_is_critical_and_of_others_not_even_recorded(
    template, region_template, account, mailbox, start, history, wire
):
    function = start(**history.settings)
    deletes = lambda caller: event_of(caller, "DeleteBucket", {"bucketName": "acme-archive"}, service="s3")  # noqa: E731
    by_root, by_carol = deletes(ROOT), deletes(account.carol.identity)
    assert rules_that_match(template, by_root) == ["SelfProtectionRule"]
    elsewhere = in_region(by_root, HOME)
    assert by_region(elsewhere, region_template, template) == (["ForwardRegionDoorsRule"], ["SelfProtectionRule"])
    # A service that only RootRule delivers.
    other = event_of(ROOT, "TerminateInstances", {}, service="ec2")
    assert rules_that_match(template, other) == ["RootRule"]

    alerts = [function.invoke(event) for event in (by_root, other)]
    assert [alert["severity"] for alert in alerts] == ["CRITICAL"] * 2
    subjects = [mail["Subject"] for mail in mailbox.mails()]
    assert [subject.split(" in ")[0] for subject in subjects] == [
        "[CRITICAL] Action s3:DeleteBucket called by the root user",
        "[CRITICAL] Action ec2:TerminateInstances called by the root user",
    ]
    assert "acme-archive" in alerts[0]["text"]
    assert asked(wire) == ["iam:ListAccountAliases"]

    wire.calls.clear()
    answer = function.invoke(by_carol)
    assert answer["notAlerted"] == "these alerts do not depend on the S3 bucket acme-archive"
    assert wire.calls == [] and mailbox.mails() == [] and history.event(by_carol) is None


# --- sign-in --------------------------------------------------------------------------------------------------


def person(someone):
    """An IAM user who signed in, as CloudTrail writes it."""
    return {"type": "IAMUser", "principalId": someone.id, "arn": someone.arn, "accountId": ACCOUNT, "userName": someone.name}


def attempt(someone):
    """The event of a sign-in that failed, as CloudTrail writes it."""
    caller = {"type": "IAMUser", "principalId": someone.id, "accountId": ACCOUNT, "accessKeyId": "", "userName": someone.name}
    return sign_in(caller, "No", "Failure", errorMessage="Failed authentication")


def signin_spelled(event):
    return event | {"detail-type": "AWS Console Signin via CloudTrail"}


@pytest.mark.parametrize("spelled", [lambda event: event, signin_spelled], ids=["Sign In", "Signin"])
def test_a_sign_in_is_judged_by_mfa_and_by_what_the_user_can_do(
    template, region_template, account, mailbox, start, history, wire, spelled
):
    function = start(**history.settings)
    for someone, severity in ((account.build_bot, "MEDIUM"), (account.carol, "HIGH")):
        event = spelled(in_region(sign_in(person(someone), "No"), "ap-southeast-2"))
        assert by_region(event, region_template, template) == (["ForwardRegionRule"], ["SignInRule"])

        alert = function.invoke(event)

        assert alert["severity"] == severity and "No MFA was used" in reason(alert, "sign_in_without_mfa")
        subject = f"[{severity}] IAM user {someone.name} signed in from 198.51.100.7 in acme-prod"
        assert mailbox.mail()["Subject"] == subject

    event = spelled(sign_in(person(account.carol), "Yes"))
    alert = function.invoke(event)
    assert (alert["severity"], alert["published"]) == ("LOW", False) and mailbox.mails() == []
    assert history.event(event)["severity"] == "LOW"


def test_five_failed_sign_ins_and_a_success_are_one_mail(template, account, mailbox, start, history):
    function = start(**history.settings)
    failed = [attempt(account.build_bot) for _ in range(5)]
    assert rules_that_match(template, failed[0]) == ["SignInRule"]

    for event in failed:
        answer = function.invoke(event)
        assert (answer["severity"], answer["published"]) == ("LOW", False)
    alert = function.invoke(sign_in(person(account.build_bot), "Yes"))

    assert mailbox.mail()["Message"] == alert["text"]
    assert (alert["severity"], rules(alert)[0]) == ("HIGH", "sign_ins_failed_then_succeeded")
    assert reason(alert, "sign_ins_failed_then_succeeded").startswith("5 sign-ins as the IAM user build-bot failed from ")


def test_a_sign_in_of_a_role_session_is_not_delivered_and_not_alerted_on(template, region_template, account, mailbox, start):
    event = sign_in(deployer_session(account.role), "No")
    assert by_region(event, region_template, template) == by_region(signin_spelled(event), region_template, template) == ([], [])

    assert start().invoke(event)["notAlerted"] == "only sign-ins of root users and of IAM users are alerted on"
    assert mailbox.mails() == []


def anomaly(detail):
    anomaly.count += 1
    return {
        "version": "0",
        "id": f"6aa8906d-8a8d-f9d2-3ba9-{anomaly.count:012}",
        "detail-type": "Sign-in Anomaly Alert",
        "source": "aws.signin",
        "account": ACCOUNT,
        "time": "2026-11-22T06:00:00Z",
        "region": REGION,
        "resources": [],
        "detail": detail,
    }


anomaly.count = 0

HOSTILE = "\n\nWHY LOW\n  * nothing \x1b[31m\u202e https://evil.example/x <script>alert(1)</script> "


@pytest.mark.parametrize(
    "detail, shown",
    [
        ({"principal": "ops-carol", "where": {"cities": ["Oslo", "Lima"]}}, ["principal = ops-carol", "where.cities[1] = Lima"]),
        ({}, []),
        ({"reason": HOSTILE, "\nREFERENCE\n": "$(id)"}, ["reason = \\n\\nWHY LOW\\n", "hxxps://evil[.]example/x", "\\nREFERENCE\\n = $(id)"]),
        (
            {"eventSource": "iam.amazonaws.com", "eventName": "ListUsers", "readOnly": True, "userIdentity": {"type": "Root"}},
            ["eventName = ListUsers", "readOnly = true", "userIdentity.type = Root"],
        ),
    ],
    ids=["some", "none", "hostile", "like a record"],
)
def test_a_warning_of_aws_is_mailed_with_all_it_says(
    template, region_template, account, mailbox, start, history, wire, detail, shown
):
    event = anomaly(detail)
    assert by_region(event, region_template, template) == (["ForwardRegionRule"], ["SignInRule"])
    function = start(**history.settings)

    alert = function.invoke(event)

    mail = mailbox.mail()
    assert mail["Subject"] == "[HIGH] Unusual sign-in detected by signin.amazonaws.com in acme-prod"
    assert mail["Message"] == alert["text"] and (alert["severity"], rules(alert)[0]) == ("HIGH", "action")
    changed = section(alert, "WHAT WAS CHANGED")
    assert all(text in changed for text in shown)
    assert alert["text"].count("\nWHY ") == alert["text"].count("\nREFERENCE\n") == 1
    assert not [text for text in ("\x1b", "\u202e", "https://evil") if text in mail["Message"]]
    assert asked(wire) == ["iam:ListAccountAliases"]
    assert function.invoke(event)["notAlerted"] == "it was alerted on before" and mailbox.mails() == []


def test_a_warning_that_says_very_much_is_mailed_and_says_what_is_left_out(account, mailbox, start):
    detail = {f"fact{number}": "x" * 4000 for number in range(60)}

    alert = start().invoke(anomaly(detail))

    assert mailbox.mail()["Message"] == alert["text"] and alert["severity"] == "HIGH"
    assert "more characters]" in section(alert, "WHAT WAS CHANGED") and section(alert, "WHAT WAS CHANGED").endswith("and 18 more")


# --- shared resources -----------------------------------------------------------------------------------------

TRAIL_BUCKET = "stack-trailbucket-0a1b2c3d"


def opens_bucket(caller, bucket, principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    request = {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com", "policy": "", "bucketPolicy": document}
    return event_of(caller, "PutBucketPolicy", request, service="s3")


def test_a_bucket_policy_is_judged_by_who_gets_in_and_by_whose_bucket_it_is(
    template, region_template, account, mailbox, start, history, wire
):
    function = start(**history.settings, OWN_RESOURCES=f"{mailbox.topic},arn:aws:s3:::{TRAIL_BUCKET}")
    carol, own = account.carol.identity, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    event = opens_bucket(carol, "acme-reports", "*")
    assert rules_that_match(template, event) == ["SelfProtectionRule"]
    assert by_region(in_region(event, HOME), region_template, template) == (["ForwardRegionDoorsRule"], ["SelfProtectionRule"])

    alert = function.invoke(event)
    assert alert["severity"] == "HIGH" and "is open to anyone" in reason(alert, "action")
    assert mailbox.mail()["Subject"] == "[HIGH] Resource policy of S3 bucket acme-reports put by ops-carol in acme-prod"
    assert "aws s3api delete-bucket-policy --bucket acme-reports" in alert["text"]
    assert {call.split(":")[0] for call in asked(wire)} == {"iam"}, "the bucket itself is not asked"

    event = opens_bucket(carol, "acme-reports", own)
    alert = function.invoke(event)
    assert (alert["severity"], alert["published"]) == ("LOW", False) and mailbox.mails() == []
    assert history.event(event)["severity"] == "LOW"

    for principal in ("*", own):
        alert = function.invoke(opens_bucket(carol, TRAIL_BUCKET, principal))
        assert alert["severity"] == "CRITICAL" and "These alerts depend on this resource." in reason(alert, "action")
        assert mailbox.mail()["Subject"].startswith(f"[CRITICAL] PutBucketPolicy called on S3 bucket {TRAIL_BUCKET} by ops-carol")


def test_for_an_access_entry_only_the_caller_is_looked_up(template, account, mailbox, start, wire):
    function, carol = start(), account.carol
    entry = lambda arn: event_of(carol.identity, "CreateAccessEntry", {"name": "prod", "principalArn": arn}, service="eks")  # noqa: E731
    event = entry("arn:aws:iam::666677778888:role/partner")
    assert rules_that_match(template, event) == ["DoorsRule"]

    assert function.invoke(event)["severity"] == "MEDIUM"

    mail = mailbox.mail()
    assert mail["Subject"] == "[MEDIUM] Access entry created in EKS cluster prod by ops-carol in acme-prod"
    of_caller = {carol.name, carol.key, "Admins"}
    others = [call for call in wire.iam() if not of_caller & set(call.parameters.values())]
    assert [call.action for call in others] == ["ListAccountAliases"]
    assert len(asked(wire)) == len(wire.iam()) == 10

    wire.calls.clear()
    alert = function.invoke(entry(account.role.arn))
    assert (alert["severity"], alert["published"]) == ("LOW", False) and mailbox.mails() == []
    assert asked(wire) == []


# --- denied, and next to nothing ------------------------------------------------------------------------------

CALLS = {
    "sso": "CreateAccountAssignment AttachManagedPolicyToPermissionSet DeletePermissionsBoundaryFromPermissionSet AssociateDirectory",
    "identitystore": "CreateGroupMembership CreateUser",
    "sso-directory": "AddMemberToGroup UpdatePassword",
    "organizations": "DetachPolicy UpdatePolicy LeaveOrganization",
    "account": "StartPrimaryEmailUpdate",
    "sts": "AssumeRoot",
    "s3": "PutBucketPolicy PutBucketAcl DeleteBucketPublicAccessBlock",
    "kms": "PutKeyPolicy CreateGrant",
    "lambda": "AddPermission20150331v2 CreateFunctionUrlConfig",
    "sns": "SetTopicAttributes",
    "sqs": "SetQueueAttributes",
    "secretsmanager": "PutResourcePolicy",
    "ecr": "SetRepositoryPolicy",
    "rolesanywhere": "CreateTrustAnchor",
    "eks": "CreateAccessEntry AssociateAccessPolicy",
    "cognito-identity": "SetIdentityPoolRoles",
    "signin": "ConsoleLogin PasswordRecoveryCompleted",
}


def bare(service, name, caller):
    """An event whose record has nothing but where it is from, what was called, and by whom."""
    kind = "Console Sign In" if service == "signin" else "API Call"
    event = event_of(caller, name, service=service, kind=kind)
    return event | {"detail": {field: event["detail"][field] for field in ("eventSource", "eventName", "userIdentity")}}


def denied(event):
    message = "User is not authorized to perform this action because no identity-based policy allows it"
    more = {"errorCode": "AccessDenied", "errorMessage": message, "requestParameters": None, "responseElements": None}
    return event | {"detail": event["detail"] | more}


def test_events_with_next_to_nothing_are_mailed(template, account, center, mailbox, start):
    """Each service: its calls by an IAM user; the first of them denied, and by the root user."""
    # Several: one instance sends one mail a second.
    carol, functions = account.carol.identity, [start(MINIMUM_SEVERITY="LOW") for _ in range(6)]
    events = []
    for service, names in CALLS.items():
        first, *others = [bare(service, name, carol) for name in names.split()]
        events += [first, denied(first), bare(service, names.split()[0], ROOT), *others]
    assert {len(rules_that_match(template, event)) for event in events} == {1}

    with ThreadPoolExecutor() as pool:
        shares = [events[start :: len(functions)] for start in range(len(functions))]
        done = pool.map(lambda function, share: [function.invoke(event) for event in share], functions, shares)
        answers = [answer for share in done for answer in share]

    assert [answer for answer in answers if "severity" not in answer] == []
    assert sorted(mail["Message"] for mail in mailbox.mails()) == sorted(answer["text"] for answer in answers)
    assert not any("panicked" in function.output() for function in functions)


def test_no_assurance_is_given_where_the_parameters_are_missing(account, mailbox, start):
    function, carol = start(MINIMUM_SEVERITY="CRITICAL"), account.carol.identity
    calls = {
        "sns": "SetTopicAttributes",
        "sqs": "SetQueueAttributes",
        "lambda": "CreateFunctionUrlConfig",
        "cognito-identity": "CreateIdentityPool",
    }
    omitted = {"omitted": True, "originalSize": 130211, "reason": "requestParameters too large"}
    assured = []
    for service, name in calls.items():
        event = bare(service, name, carol)
        for event in (event, event | {"detail": event["detail"] | {"requestParameters": omitted}}):
            alert = function.invoke(event)
            words = ("grants nothing", "grant nothing", "Only signed requests", "has no guests")
            if alert["severity"] == "LOW" or any(word in reason(alert, "action") for word in words):
                assured.append((service, alert["severity"], reason(alert, "action")))

    assert assured == []


def test_calls_that_the_catalogue_does_not_know_are_said_not_to_be_alerted_on(template, account, mailbox, start, history, wire):
    function = start(**history.settings)
    for service in ("sso", "identitystore", "sso-directory", "organizations", "account"):
        event = event_of(account.carol.identity, "SomethingNew", {"instanceArn": "arn"}, service=service)
        assert rules_that_match(template, event) == ["DoorsRule"]

        answer = function.invoke(event)

        assert answer["notAlerted"] == f"the catalogue does not have the action {service}:SomethingNew"
    assert mailbox.mails() == [] and history.items("EVENT") == []
    assert {*asked(wire)} <= {"iam:ListAccountAliases"}, "that is called at the start"
