"""From the event to the mail, with the real binary and moto as AWS."""

import json
import re
import shlex
import subprocess

import pytest
from conftest import IN_POLICIES, managed_policy, policy, trust
from stage import (
    ACCOUNT,
    HANG_UP,
    PATIENCE,
    REGION,
    ROOT,
    SECRET,
    binary,
    create_user,
    deployer_session,
    event_of,
    longest_chain,
    refusal,
    rules_that_match,
    sign_in,
    values,
)


def rules(alert):
    """The rules that gave the reasons, most severe first."""
    return [reason["rule"] for reason in alert["reasons"]]


# --- what the alert shows -------------------------------------------------------------------------------------


def test_the_alert_shows_who_did_what_and_how_severe_it_is(account, mailbox, start):
    carol, bot = account.carol, account.deploy_bot

    alert = start().invoke(create_user(carol.identity, "deploy-bot", bot.id))

    assert alert["severity"] == "CRITICAL"
    assert alert["subject"] == "[CRITICAL] IAM user deploy-bot created by ops-carol in acme-prod"
    assert rules(alert) == [
        "target_is_administrator",
        "target_has_credentials",
        "long_lived_key_without_mfa",
        "action",
    ]
    who = alert["who"]
    assert who["arn"] == carol.arn
    assert who["groups"] == "Admins"
    assert who["access"].startswith("administrator: AdministratorAccess")
    assert who["accessLevel"] == "administrator"
    assert carol.key in who["credential"] and "created" in who["credential"]
    assert who["mfa"].endswith("0 devices registered")
    assert who["tags"] == "team=platform"
    what = alert["what"]
    assert (what["arn"], what["id"]) == (bot.arn, bot.id)
    assert what["groups"] == "Bots"
    assert what["access"] == "administrator: everything (through the group Bots)"
    assert what["accessLevel"] == "administrator"
    assert what["console"] == "no password"
    assert bot.key in what["accessKeys"] and "active" in what["accessKeys"]
    for section in (who, what):
        assert "notKnown" not in section and "replaced" not in section
    assert any(bot.key in command for step in alert["steps"] for command in step["commands"])
    urls = [link["url"] for link in alert["links"]]
    assert "https://console.aws.amazon.com/iam/home#/users/details/deploy-bot" in urls
    assert any(url.endswith(f"#/events/{alert['eventId']}") for url in urls)


def test_the_mail_is_what_the_function_answers(account, mailbox, start):
    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    mail = mailbox.mail()
    assert alert["published"] is True
    assert (mail["Subject"], mail["Message"]) == (alert["subject"], alert["text"])
    assert mail["MessageAttributes"]["severity"]["Value"] == "CRITICAL"
    assert mail["Message"].startswith("CRITICAL - IAM user created\nops-carol created the IAM user deploy-bot")
    for fact in (account.carol.key, account.deploy_bot.key, "acme-prod (123456789012)", alert["eventId"]):
        assert fact in mail["Message"]


def test_of_a_role_session_the_role_is_looked_up(account, mailbox, start):
    session = deployer_session(account.role)

    alert = start().invoke(create_user(session, "idle-bot", account.idle_bot.id))

    who = alert["who"]
    assert alert["subject"].endswith("IAM user idle-bot created by deployer (build-42) in acme-prod")
    assert alert["severity"] == "MEDIUM"
    assert who["role"] == account.role.arn
    assert who["description"] == "Deploys from the pipeline"
    assert who["tags"] == "team=delivery"
    assert who["access"].startswith("administrator: manage-users")
    assert values(who["policies"]) == ["manage-users (attached)", "read-logs (inline)"]
    assert "notKnown" not in who
    assert alert["what"]["access"].startswith("none yet")
    assert mailbox.mail()["Subject"] == alert["subject"]


def test_a_denied_attempt_names_the_user_that_was_to_be(account, mailbox, start):
    message = (
        f"User: {account.carol.arn} is not authorized to perform: iam:CreateUser on resource: "
        f"arn:aws:iam::{ACCOUNT}:user/backdoor because no identity-based policy allows the iam:CreateUser action"
    )
    event = create_user(
        account.carol.identity,
        "backdoor",
        errorCode="AccessDenied",
        errorMessage=message,
        requestParameters=None,
        responseElements=None,
    )

    alert = start().invoke(event)

    assert alert["outcome"] == "denied"
    assert alert["subject"] == "[MEDIUM] Denied: ops-carol tried to create IAM user backdoor in acme-prod"
    assert alert["what"]["lookup"] == "no user of this name exists"
    assert alert["who"]["groups"] == "Admins"
    assert mailbox.mail()["Subject"] == alert["subject"]


def test_a_user_that_iam_does_not_show_yet_is_asked_for_again(account, mailbox, start, wire):
    def not_there_at_first(call):
        if call.parameters.get("UserName") != "deploy-bot":
            return None
        asked = wire.iam("GetUser", of="deploy-bot")
        # The function pauses for longer than this before it asks again.
        there = asked and asked[0].ended + 0.2 < call.begun
        return None if there else refusal("NoSuchEntity", "The user with name deploy-bot cannot be found.")

    wire.instead = not_there_at_first

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    # Once with all else, once alone to see whether it is there, once with all else again.
    assert len(wire.iam("GetUser", of="deploy-bot")) == 3
    assert alert["what"]["groups"] == "Bots"
    assert alert["severity"] == "CRITICAL"
    assert len(mailbox.mails()) == 1


def test_a_user_that_never_shows_is_reported_as_not_visible_yet(account, mailbox, start, wire):
    alert = start().invoke(create_user(account.carol.identity, "nobody"))

    assert alert["what"]["lookup"].startswith("not visible yet")
    assert len(wire.iam("GetUser", of="nobody")) == 3
    assert "access" not in alert["what"] and alert["what"]["accessLevel"] == "unknown"
    assert "not visible yet" in mailbox.mail()["Message"]


def test_what_iam_shows_in_part_only_is_not_reported_as_none(account, mailbox, start, wire):
    def only_the_user_itself(call):
        if call.parameters.get("UserName") == "deploy-bot" and call.action != "GetUser":
            return refusal("NoSuchEntity", "The user with name deploy-bot cannot be found.")
        return None

    wire.instead = only_the_user_itself

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    assert "none" not in alert["what"]["access"]
    not_known = " ".join(values(alert["what"]["notKnown"]))
    for fact in ("groups", "access keys", "MFA devices", "attached policies"):
        assert fact in not_known


def test_a_hostile_name_deceives_neither_the_reader_nor_the_shell(account, mailbox, start):
    name = "x\n\nWHY LOW\n  * all is well\u202e https://evil.example/ $(reboot)'`id`\";\u2028--profile\tz"
    event = create_user(account.carol.identity, name, userAgent="curl\r\nSubject: [LOW] nothing\u200b")

    alert = start().invoke(event)

    mail = mailbox.mail()
    assert re.fullmatch(r"\[HIGH\] IAM user [ -~]{1,92}", mail["Subject"]), mail["Subject"]
    lines = mail["Message"].splitlines()
    assert [line for line in lines if line.startswith("WHY")] == ["WHY HIGH"]
    assert not [line for line in lines if line.startswith("Subject:")]
    assert not set("\r\t\u202e\u2028\u200b") & set(mail["Message"])
    assert set(re.findall(r"https?://[^/\s]*", mail["Message"])) == {"https://console.aws.amazon.com"}
    for command in (command for step in alert["steps"] for command in step["commands"]):
        words = shlex.split(command)
        assert words[0] == "aws" and "\n" not in command
        assert not any("reboot" in word for word in words) or name in words


# --- the other calls ------------------------------------------------------------------------------------------


def test_an_intrusion_is_reported_step_by_step(aws, account, mailbox, start):
    iam, intruder, function = aws.iam, deployer_session(account.role), start()
    alerts = []

    def then(event):
        alerts.append(function.invoke(event))
        assert function.line_of(event)["LookupFailures"] == 0

    # A colleague with a password and an MFA device, and a role that a service has.
    iam.create_user(UserName="team-lead")
    iam.create_login_profile(UserName="team-lead", Password="Correct-horse-7")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="team-lead")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="team-lead", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    iam.create_role(RoleName="backups", AssumeRolePolicyDocument=trust({"Service": "backup.amazonaws.com"}))

    user = {"userName": "sleeper"}
    then(create_user(intruder, "sleeper", iam.create_user(UserName="sleeper")["User"]["UserId"]))
    key = iam.create_access_key(UserName="sleeper")["AccessKey"]["AccessKeyId"]
    created = user | {"accessKeyId": key, "status": "Active"}
    then(event_of(intruder, "CreateAccessKey", user, {"accessKey": created}))
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_user_policy(UserName="sleeper", PolicyArn=administrator)
    then(event_of(intruder, "AttachUserPolicy", user | {"policyArn": administrator}))
    iam.create_login_profile(UserName="sleeper", Password="Correct-horse-7")
    then(event_of(intruder, "CreateLoginProfile", user, {"loginProfile": user}))
    iam.update_assume_role_policy(RoleName="backups", PolicyDocument=trust("*"))
    opened = {"roleName": "backups", "policyDocument": trust("*")}
    then(event_of(intruder, "UpdateAssumeRolePolicy", opened))
    iam.deactivate_mfa_device(UserName="team-lead", SerialNumber=device)
    then(event_of(intruder, "DeactivateMFADevice", {"userName": "team-lead", "serialNumber": device}))
    # Nobody asks CloudTrail about its trails.
    trail = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/management"
    then(event_of(intruder, "StopLogging", {"name": trail}, service="cloudtrail"))

    by = "by deployer (build-42) in acme-prod"
    assert [(alert["subject"], rules(alert)) for alert in alerts] == [
        (f"[MEDIUM] IAM user sleeper created {by}", ["action"]),
        (f"[HIGH] Access key created for IAM user sleeper {by}", ["credential_for_other", "action"]),
        (
            # The name of the account yields to that of the policy.
            "[CRITICAL] Policy AdministratorAccess attached to IAM user sleeper by deployer (build-42)",
            ["grants_administrator", "action"],
        ),
        (
            f"[CRITICAL] Console password created for IAM user sleeper {by}",
            ["target_is_administrator", "credential_for_other", "action"],
        ),
        (f"[CRITICAL] Trust policy of IAM role backups changed {by}", ["trusted_principals", "action"]),
        (f"[HIGH] MFA device of IAM user team-lead deactivated {by}", ["protection_reduced", "action"]),
        (f"[CRITICAL] Logging stopped on trail \"management\" {by}", ["action"]),
    ]
    for alert in alerts:
        assert alert["subject"].startswith(f"[{alert['severity']}]")
        assert "notKnown" not in alert["who"] and "notKnown" not in alert["what"]
    assert [alert["what"].get("accessBefore") for alert in alerts] == [None] * 2 + ["none: no policies"] + [None] * 4
    assert key in alerts[1]["what"]["accessKeys"]
    mails = [(mail["Subject"], mail["Message"]) for mail in mailbox.mails()]
    assert sorted(mails) == sorted((alert["subject"], alert["text"]) for alert in alerts)
    assert len(mails) == 7


def test_what_an_attached_policy_grants_is_read_from_iam(aws, account, mailbox, start, wire):
    tools = managed_policy(aws.iam, "tools", "*")
    aws.iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    attached = event_of(
        deployer_session(account.role), "AttachRolePolicy", {"roleName": "pipeline", "policyArn": tools}
    )

    before = start().invoke(attached)

    # IAM shows the role without the policy: so the policy alone is asked for.
    assert (before["severity"], rules(before)) == ("CRITICAL", ["grants_administrator", "action"])
    assert "IAM does not show the policy here yet" in before["what"]["notShown"]
    assert [call.action for call in wire.iam(of=tools)] == ["GetPolicy", "GetPolicyVersion"]

    aws.iam.attach_role_policy(RoleName="pipeline", PolicyArn=tools)
    wire.calls.clear()

    after = start().invoke(attached)

    assert (after["severity"], rules(after)) == ("CRITICAL", ["grants_administrator", "action"])
    assert after["reasons"][0]["text"] == "pipeline becomes an administrator: tools (attached)."
    what = after["what"]
    assert (what["object"], what["statements"]) == (tools, "allows * on *")
    assert (what["access"], what["accessBefore"]) == ("administrator: tools (attached)", "none: no policies")
    assert "notShown" not in what and "notKnown" not in what
    of_role = sorted(call.action for call in wire.iam(of="pipeline"))
    assert of_role == ["GetRole", "ListAttachedRolePolicies", "ListRolePolicies"]
    assert [call.action for call in wire.iam(of=tools)] == ["GetPolicy", "GetPolicyVersion"]
    assert len(mailbox.mails()) == 2


def test_a_policy_that_is_rewritten_names_what_it_is_attached_to(aws, account, mailbox, start, wire):
    iam = aws.iam
    team_access = managed_policy(iam, "team-access", "s3:GetObject")
    iam.create_user(UserName="erin")
    iam.create_group(GroupName="Team")
    iam.attach_user_policy(UserName="erin", PolicyArn=team_access)
    iam.attach_group_policy(GroupName="Team", PolicyArn=team_access)
    iam.create_policy_version(PolicyArn=team_access, PolicyDocument=policy("*"), SetAsDefault=True)
    request = {"policyArn": team_access, "versionId": "v2"}

    alert = start().invoke(event_of(deployer_session(account.role), "SetDefaultPolicyVersion", request))

    assert (alert["severity"], rules(alert)) == ("CRITICAL", ["grants_administrator", "action"])
    who = "Every identity with the policy team-access (IAM user erin, IAM group Team)"
    assert alert["reasons"][0]["text"].startswith(f"{who} becomes an administrator: ")
    what = alert["what"]
    assert (what["object"], what["defaultVersion"], what["statements"]) == ("v2", "v2", "allows * on *")
    assert what["attachedTo"] == ["IAM user erin", "IAM group Team"]
    assert "notKnown" not in what
    of_policy = sorted(call.action for call in wire.iam(of=team_access))
    assert of_policy == ["GetPolicy", "GetPolicyVersion", "ListEntitiesForPolicy"]
    assert mailbox.mail()["Subject"] == alert["subject"]


def test_a_user_added_to_a_group_gets_the_access_of_the_group(aws, account, mailbox, start):
    aws.iam.create_user(UserName="joiner")
    aws.iam.put_user_policy(UserName="joiner", PolicyName="read", PolicyDocument=policy("s3:GetObject"))
    aws.iam.add_user_to_group(GroupName="Bots", UserName="joiner")
    request = {"groupName": "Bots", "userName": "joiner"}

    alert = start().invoke(event_of(deployer_session(account.role), "AddUserToGroup", request))

    assert alert["subject"].startswith("[CRITICAL] IAM user joiner added to group Bots by deployer")
    assert rules(alert) == ["grants_administrator", "action"]
    what = alert["what"]
    assert what["grants"] == what["access"] == "administrator: everything (through the group Bots)"
    assert what["accessBefore"] == "not an administrator; no escalation path found"
    assert values(what["policies"]) == ["read (inline)", "everything (through the group Bots)"]
    assert "notKnown" not in what
    assert mailbox.mail()["Subject"] == alert["subject"]


def test_an_inline_policy_of_a_group_names_its_members(aws, account, mailbox, start, wire):
    aws.iam.create_group(GroupName="Interns")
    for name in ("intern-jo", "intern-kim"):
        aws.iam.create_user(UserName=name)
        aws.iam.add_user_to_group(GroupName="Interns", UserName=name)
    document = policy("iam:PutUserPolicy")
    aws.iam.put_group_policy(GroupName="Interns", PolicyName="helpdesk", PolicyDocument=document)
    request = {"groupName": "Interns", "policyName": "helpdesk", "policyDocument": document}

    alert = start().invoke(event_of(deployer_session(account.role), "PutGroupPolicy", request))

    assert (alert["severity"], rules(alert)) == ("HIGH", ["grants_escalation", "action"])
    who = "Every member of Interns (intern-jo, intern-kim)"
    assert alert["reasons"][0]["text"].startswith(f"{who} can escalate to administrator through IAM: ")
    what = alert["what"]
    assert (what["members"], what["accessBefore"]) == ("intern-jo, intern-kim", "none: no policies")
    assert "notKnown" not in what
    assert len(wire.iam("GetGroup", of="Interns")) == 1
    assert mailbox.mail()["Message"] == alert["text"]


def test_below_the_minimum_severity_there_is_an_alert_and_no_mail(account, mailbox, start):
    function = start(MINIMUM_SEVERITY="HIGH")
    event = create_user(deployer_session(account.role), "idle-bot", account.idle_bot.id)

    alert = function.invoke(event)

    assert (alert["severity"], alert["published"]) == ("MEDIUM", False)
    assert mailbox.mails() == []
    line = function.line_of(event)
    assert (line["level"], line["message"]) == ("INFO", "alert below the minimum severity")
    assert (line["severity"], line["Alerts"], line["publish_ms"]) == ("MEDIUM", 1, 0)

    # The same, with a long-lived key.
    alert = function.invoke(create_user(account.carol.identity, "idle-bot", account.idle_bot.id))

    assert (alert["severity"], alert["published"]) == ("HIGH", True)
    assert mailbox.mail()["Subject"] == alert["subject"]


def tag_user(caller):
    return event_of(caller, "TagUser", {"userName": "idle-bot", "tags": [{"key": "team", "value": "platform"}]})


def test_what_is_low_is_not_mailed_unless_asked_for(account, mailbox, start):
    event = tag_user(account.carol.identity)

    alert = start(WATCHED_EVENT_NAMES="*").invoke(event)

    assert (alert["severity"], alert["published"]) == ("LOW", False)
    assert mailbox.mails() == []

    alert = start(WATCHED_EVENT_NAMES="*", MINIMUM_SEVERITY="LOW").invoke(event)

    assert (alert["severity"], alert["published"]) == ("LOW", True)
    assert mailbox.mail()["Subject"] == "[LOW] IAM user idle-bot tagged by ops-carol in acme-prod"


def test_a_change_to_the_default_adds_one_call_and_removes_another(account, mailbox, start):
    function, carol = start(WATCHED_EVENT_NAMES="default,-CreateUser,+TagUser", MINIMUM_SEVERITY="LOW"), account.carol
    created = create_user(carol.identity, "idle-bot", account.idle_bot.id)

    added, removed = function.invoke(tag_user(carol.identity)), function.invoke(created)
    kept = function.invoke(event_of(carol.identity, "DeleteUserPermissionsBoundary", {"userName": "idle-bot"}))

    assert removed["notAlerted"] == "WatchedEventNames does not include iam:CreateUser"
    assert added["published"] and kept["published"]
    assert {mail["Subject"] for mail in mailbox.mails()} == {added["subject"], kept["subject"]}


@pytest.mark.parametrize(
    "event_by, rule, why",
    [
        pytest.param(tag_user, "IamRule", "WatchedEventNames does not include iam:TagUser", id="not watched"),
        pytest.param(
            # The topics of the tests are called alerts-1, alerts-2...
            lambda who: event_of(
                who, "DeleteTopic", {"topicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"}, service="sns"
            ),
            "SelfProtectionRule",
            "these alerts do not depend on the SNS topic alerts",
            id="another topic",
        ),
        pytest.param(
            lambda _: sign_in(
                {
                    "type": "AssumedRole",
                    "principalId": "AROAEXAMPLEFEDERATED:carol",
                    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Federated/carol",
                    "accountId": ACCOUNT,
                },
                "No",
            ),
            None,
            "only sign-ins of root users and of IAM users are alerted on",
            id="a sign-in through an identity provider",
        ),
    ],
)
def test_what_is_not_alerted_on_is_neither_looked_up_nor_mailed(
    template, account, mailbox, start, wire, event_by, rule, why
):
    function = start()
    event = event_by(account.carol.identity)
    assert rules_that_match(template, event) == [rule] * (rule is not None)

    answer = function.invoke(event)

    assert answer == {"eventId": event["detail"]["eventID"], "notAlerted": why}
    line = function.line_of(event)
    assert (line["level"], line["message"], line["notAlerted"]) == ("INFO", "not alerted", why)
    assert "_aws" not in line
    # The alias of the account and the expectations are asked for at start-up.
    assert {call.action for call in wire.calls} <= {"ListAccountAliases", "GetParametersByPath"}
    assert mailbox.mails() == []


#: Every variable by which the SDKs of AWS, or the libraries below them, look for another endpoint, other credentials, a proxy
#: or other roots of trust ("Configuration and authentication settings reference", AWS SDKs and Tools reference guide).
#: Lambda's own variables are not among them: nobody else can set those.
ELSEWHERE = [
    *["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_DYNAMODB"],
    *["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_CLOUDTRAIL"],
    *["AWS_ENDPOINT_URL_CLOUDWATCH", "AWS_ENDPOINT_URL_SECURITYHUB", "EMULATOR_ENDPOINT_URL"],
    *["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"],
    *["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
]
OTHERWISE = {
    "AWS_SAM_LOCAL": "true",
    "AWS_PROFILE": "evil",
    "AWS_CONFIG_FILE": "/opt/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/opt/credentials",
    "AWS_CA_BUNDLE": "/opt/ca.pem",
    "AWS_ROLE_ARN": "arn:aws:iam::999988887777:role/evil",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/opt/token",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
}


def test_no_variable_makes_a_deployed_function_send_a_request_elsewhere(account, start, wire):
    # A region that there is not: what goes to AWS reaches nobody, and what goes elsewhere reaches this machine.
    function = start(
        **OTHERWISE | dict.fromkeys(ELSEWHERE, wire.url),
        AWS_REGION="xx-test-1",
        AWS_ACCESS_KEY_ID="ASIAEXAMPLEDEPLOYED1",
        AWS_LAMBDA_LOG_STREAM_NAME="2026/11/26/alerter[$LATEST]0a1b2c3d",
        ALERT_TOPIC_ARN=f"arn:aws:sns:xx-test-1:{ACCOUNT}:alerts",
        LOOKUP_BUDGET_SECONDS="1",
    )
    wire.calls.clear()

    answer = function.invoke(create_user(account.carol.identity, "idle-bot"))

    assert (answer["errorType"], wire.calls) == ("NotPublished", [])
    # The trap works: the same function, if it is not deployed, is caught.
    start(LOOKUP_BUDGET_SECONDS="1").invoke(create_user(account.carol.identity, "idle-bot"))
    assert wire.calls != []


def test_a_deployed_function_does_not_start_with_other_roots_of_trust(account, mailbox, start):
    function = start(
        AWS_ACCESS_KEY_ID="ASIAEXAMPLEDEPLOYED1",
        AWS_LAMBDA_LOG_STREAM_NAME="2026/11/26/alerter[$LATEST]0a1b2c3d",
        SSL_CERT_FILE="/opt/ca.pem",
    )

    # The emulator answers with nothing that is JSON if the function does not start.
    with pytest.raises(json.JSONDecodeError):
        function.invoke(create_user(account.carol.identity, "idle-bot"))

    assert "SSL_CERT_FILE" in function.output() and mailbox.mails() == []


def test_what_the_alerts_depend_on_is_alerted_on(template, account, mailbox, start):
    caller, function = deployer_session(account.role), start()
    name = mailbox.topic.rsplit(":", 1)[1]

    events = [
        event_of(caller, "DeleteTopic", {"topicArn": mailbox.topic}, service="sns"),
        event_of(caller, "UpdateFunctionCode20150331v2", {"functionName": "alerter"}, service="lambda"),
    ]
    assert [rules_that_match(template, event) for event in events] == [
        ["SelfProtectionRule", "TamperingRule"]
    ] * 2

    topic, code = (function.invoke(event) for event in events)

    assert topic["subject"] == f"[CRITICAL] SNS topic {name} deleted by deployer (build-42) in acme-prod"
    assert topic["what"]["arn"] == mailbox.topic
    assert code["severity"] == "CRITICAL" and "Lambda function alerter" in code["subject"]
    assert rules(topic) == rules(code) == ["action"]
    assert len(mailbox.mails()) == 2


def test_a_call_of_iam_that_nobody_knows_is_reported_with_its_parameters(template, account, mailbox, start):
    request = {"userName": "idle-bot", "options": {"depth": 3, "names": ["a", "b"]}}

    event = event_of(deployer_session(account.role), "InventedLastYear", request)
    assert rules_that_match(template, event) == ["IamRule"]

    alert = start().invoke(event)

    subject = "[MEDIUM] Unfamiliar IAM action InventedLastYear called by deployer (build-42) in acme-prod"
    assert (alert["subject"], rules(alert)) == (subject, ["action"])
    parameters = ["userName = idle-bot", "options.depth = 3", "options.names[0] = a", "options.names[1] = b"]
    assert sorted(alert["what"]["parameters"]) == sorted(parameters)
    mail = mailbox.mail()
    assert mail["Subject"] == subject
    assert all(parameter in mail["Message"] for parameter in parameters)


@pytest.mark.parametrize(
    "answer, severity, did, expected",
    [
        pytest.param(
            {"mfa": "Yes"},
            "CRITICAL",
            "Root user signed in",
            [("action", "The root user has full access"), ("root_sign_in", "MFA was used.")],
            id="with MFA",
        ),
        pytest.param(
            {"mfa": "No"},
            "CRITICAL",
            "Root user signed in",
            [("action", "The root user has full access"), ("root_sign_in", "No MFA was used")],
            id="without MFA",
        ),
        pytest.param(
            {"mfa": "No", "outcome": "Failure", "errorMessage": "Failed authentication"},
            "HIGH",
            "Failed: sign-in as the root user",
            [("action", "A sign-in as the root user failed.")],
            id="failed",
        ),
    ],
)
def test_a_sign_in_as_root_is_alerted_on(template, account, mailbox, start, wire, answer, severity, did, expected):
    event = sign_in(ROOT, **answer)
    assert rules_that_match(template, event) == ["SignInRule"]

    alert = start().invoke(event)

    assert alert["subject"] == f"[{severity}] {did} from 198.51.100.7 in acme-prod"
    assert rules(alert) == [rule for rule, _ in expected]
    assert all(reason["text"].startswith(text) for reason, (_, text) in zip(alert["reasons"], expected, strict=True))
    assert alert["what"]["mfa"] == ("used" if answer["mfa"] == "Yes" else "not used")
    assert alert["what"].get("errorMessage") == answer.get("errorMessage")
    assert {call.action for call in wire.iam()} == {"ListAccountAliases"}
    assert mailbox.mail()["Message"] == alert["text"]


def test_a_record_of_iam_in_the_event_of_another_service_is_refused(account, mailbox, start, wire):
    event = create_user(account.carol.identity, "deploy-bot") | {"source": "aws.sns"}

    answer = start().invoke(event)

    assert answer["errorType"] == "ForeignEventSource"
    assert event["detail"]["eventID"] in answer["errorMessage"]
    assert wire.iam("GetUser") == []
    assert mailbox.mails() == []


# An intruder can undo a change before anybody looks; and one of two instances may have cached what the other changed.


def test_the_version_that_was_set_is_judged_and_not_the_one_that_is_the_default_now(aws, account, mailbox, start):
    arn = managed_policy(aws.iam, "back-and-forth", "s3:GetObject")
    aws.iam.attach_user_policy(UserName="deploy-bot", PolicyArn=arn)
    aws.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("*"), SetAsDefault=False)
    set_v2 = event_of(deployer_session(account.role), "SetDefaultPolicyVersion", {"policyArn": arn, "versionId": "v2"})

    alert = start().invoke(set_v2)

    assert (alert["severity"], rules(alert)[0]) == ("CRITICAL", "grants_administrator")
    assert alert["what"]["defaultVersion"].startswith("v1, not the version that this call set")


def test_a_group_that_was_left_again_is_judged_all_the_same(aws, account, mailbox, start):
    request = {"userName": "idle-bot", "groupName": "Admins"}

    alert = start().invoke(event_of(deployer_session(account.role), "AddUserToGroup", request))

    assert (alert["severity"], rules(alert)[0]) == ("CRITICAL", "grants_administrator")
    assert alert["what"]["notShown"].startswith("IAM does not show")


def test_what_was_cached_of_a_policy_does_not_judge_who_is_given_it(aws, account, mailbox, start):
    arn = managed_policy(aws.iam, "rewritten", "s3:GetObject")
    function = start()
    grants = []
    for user in ("before-it", "after-it"):
        aws.iam.create_user(UserName=user)
        aws.iam.attach_user_policy(UserName=user, PolicyArn=arn)
        attached = event_of(deployer_session(account.role), "AttachUserPolicy", {"userName": user, "policyArn": arn})
        grants.append(function.invoke(attached)["what"]["grants"])
        aws.iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("*"), SetAsDefault=True)

    assert grants == ["limited access; no escalation path found", "administrator: rewritten (attached)"]


# --- what is refused, and what fails --------------------------------------------------------------------------


def test_an_event_of_another_source_is_refused(account, mailbox, start, wire):
    function = start()
    event = create_user(account.carol.identity, "deploy-bot") | {"source": "my.app"}

    answer = function.invoke(event)

    assert answer["errorType"] == "ForeignSource"
    assert event["detail"]["eventID"] in answer["errorMessage"]
    assert mailbox.mails() == []
    assert wire.iam("GetUser") == []


def test_an_alert_that_cannot_be_published_fails_the_invocation(account, mailbox, start):
    function = start()
    mailbox.remove_topic()
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    answer = function.invoke(event)

    assert answer["errorType"] == "NotPublished"
    assert event["detail"]["eventID"] in answer["errorMessage"]
    assert "NotFound" in answer["errorMessage"]
    line = function.line_of(event)
    assert (line["level"], line["message"]) == ("ERROR", "no alert")
    assert "_aws" not in line


def test_where_sns_refuses_the_subject_the_alert_goes_out_under_a_plain_one(account, mailbox, start, wire):
    def refuse_names(call):
        if "deploy-bot" in call.parameters.get("Subject", ""):
            return refusal("InvalidParameter", "Invalid parameter: Subject")
        return None

    wire.instead = refuse_names

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    mail = mailbox.mail()
    assert mail["Subject"] == "[CRITICAL] IAM security alert"
    assert mail["Message"] == alert["text"]


# --- what is not known ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code, words",
    [
        ("AccessDenied", "access denied (no permission for iam:GetUser"),
        ("Throttling", "throttled by AWS"),
        ("ServiceFailure", "AWS answered ServiceFailure"),
    ],
)
def test_where_iam_refuses_the_alert_says_what_is_not_known(account, mailbox, start, wire, code, words):
    wire.instead = lambda call: refusal(code) if call.service == "iam" else None
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)
    function = start()

    alert = function.invoke(event)

    assert alert["subject"] == f"[HIGH] IAM user deploy-bot created by ops-carol in {ACCOUNT}"
    for section in (alert["who"], alert["what"]):
        not_known = " ".join(values(section["notKnown"]))
        assert words in not_known
        for fact in ("the user's entry", "MFA devices", "access keys", "groups", "attached policies"):
            assert fact in not_known
        assert "groups" not in section and "accessKeys" not in section
        assert "not known" in section["access"] and section["accessLevel"] == "unknown"
    assert mailbox.mail()["Message"] == alert["text"]
    assert function.line_of(event)["LookupFailures"] > 10


def test_where_iam_cannot_be_reached_the_alert_says_so(account, mailbox, start, wire):
    function = start()
    wire.instead = lambda call: HANG_UP if call.service == "iam" else None

    alert = function.invoke(create_user(account.carol.identity, "deploy-bot"))

    assert "AWS could not be reached" in " ".join(values(alert["what"]["notKnown"]))
    assert mailbox.mail()["Message"] == alert["text"]


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"LOOKUP_BUDGET_SECONDS": "1"}, id="the budget ends"),
        # Of 8 seconds, 6 are kept for publishing.
        pytest.param({"AWS_LAMBDA_FUNCTION_TIMEOUT": "8"}, id="the time of the invocation ends"),
    ],
)
def test_where_iam_does_not_answer_the_alert_still_comes_in_time(account, mailbox, start, wire, settings):
    wire.delay = PATIENCE
    function = start(**settings)
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    alert = function.invoke(event)

    for section in (alert["who"], alert["what"]):
        assert "no answer in time" in " ".join(values(section["notKnown"]))
    assert mailbox.mail()["Message"] == alert["text"]
    # One second, or two; the SDK alone would wait for 6.
    assert function.line_of(event)["lookup_ms"] < 4_000


def test_a_call_that_is_throttled_once_is_tried_again(account, mailbox, start, wire):
    def throttle_the_first(call):
        if call.action == "ListGroupsForUser" and len(wire.iam("ListGroupsForUser", of="deploy-bot")) == 1:
            return refusal("Throttling", "Rate exceeded")
        return None

    wire.instead = throttle_the_first

    alert = start().invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    assert alert["what"]["groups"] == "Bots"
    assert "notKnown" not in alert["what"]


# --- how it goes about it -------------------------------------------------------------------------------------


def test_a_caller_is_cached_and_a_new_user_is_not(account, mailbox, start, wire):
    function = start()
    function.invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))
    first = wire.iam()
    wire.calls.clear()

    alert = function.invoke(create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id))

    assert any("ops-carol" in call.parameters.values() for call in first)
    assert wire.iam(of="ops-carol") == wire.iam(of="Admins") == wire.iam("GetAccessKeyLastUsed") == []
    assert wire.iam("ListAccountAliases") == []
    assert len(wire.iam("GetUser", of="deploy-bot")) == 1
    assert alert["who"]["groups"] == "Admins"
    assert len(mailbox.mails()) == 2


@pytest.mark.parametrize(
    "bot, calls",
    [
        pytest.param("deploy_bot", 3, id="groups, their inline policies, the policy"),
        pytest.param("build_bot", 4, id="groups, their managed policies, the default version, the policy"),
    ],
)
def test_lookups_run_side_by_side(account, mailbox, start, wire, bot, calls):
    bot = getattr(account, bot)
    function = start()
    function.invoke(create_user(deployer_session(account.role), "idle-bot"))  # opens connections
    wire.calls.clear()
    wire.delay = 0.5
    event = create_user(account.carol.identity, bot.name, bot.id)

    function.invoke(event)

    assert len(wire.iam()) > 15
    assert longest_chain(wire.iam()) == calls
    assert longest_chain(wire.calls) == calls + 1  # and then it is published
    # Half a second a call, and some for moto.
    assert function.line_of(event)["lookup_ms"] < (calls + 1.6) * 500


def test_the_log_has_one_line_with_the_metrics(account, mailbox, start):
    function = start()
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    function.invoke(event)

    line = function.line_of(event)
    assert line == function.log()[-1]
    assert (line["level"], line["message"]) == ("INFO", "alert published")
    assert (line["action"], line["outcome"], line["severity"]) == ("CreateUser", "succeeded", "CRITICAL")
    asked = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout
    assert asked == f"iam-security-alert {line['version']}\n"
    assert line["lookup_ms"] > 0 and line["publish_ms"] > 0
    assert (line["Alerts"], line["LookupFailures"], line["Function"]) == (1, 0, "alerter")
    assert 14_000 <= line["EventAge"] < (14 + PATIENCE) * 1_000
    metrics = [metric["Name"] for each in line["_aws"]["CloudWatchMetrics"] for metric in each["Metrics"]]
    assert sorted(metrics) == ["Alerts", "EventAge", "LookupFailures"]


@pytest.mark.parametrize(
    "level",
    [
        "INFO",
        "DEBUG",
        "TRACE",
    ],
)
def test_no_log_holds_a_secret_or_a_policy(account, mailbox, start, wire, level):
    function = start(AWS_LAMBDA_LOG_LEVEL=level)
    event = create_user(account.carol.identity, "deploy-bot", account.deploy_bot.id)

    alert = function.invoke(event)

    assert alert["severity"] == "CRITICAL", "the policy was read"
    assert function.line_of(event)
    assert IN_POLICIES not in function.output()
    assert SECRET not in function.output()
