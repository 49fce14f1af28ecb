"""AWS: one account's IAM, table, topics and findings, and what goes wrong between it and the function. The other
accounts of an organization are in rollout.py.

Each call has a name that says what it is for: the action, and of the table, whose items. The names are made of the
calls that come, so a new call of the function has one by itself.
"""

import asyncio
import base64
import collections
import json
import re
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote

from table import Refused, Table

ACCOUNT, REGION = "123456789012", "us-east-1"
ALERTS, CHAT = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("alerts", "chat"))


def ago(seconds):
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def policy(*actions):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return quote(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def members(name, items):
    return f"<{name}>{''.join(f'<member>{item}</member>' for item in items)}</{name}>"


#: The groups, attached policies, inline policies, keys and password of users; anybody else is in the group Builders.
USERS = {
    "carol": (["Admins"], ["carol-more"], ["carol-inline"], 1, True),
    "quarantined": ([], ["aws:AWSCompromisedKeyQuarantineV3"], [], 1, False),
    "with-key": ([], [], [], 1, False),
}
GROUPS = {"Admins": ["aws:AdministratorAccess"], "Builders": ["builders"]}
ROLES = {"admin": ["aws:AdministratorAccess"], "deployer": ["deployer-more"]}
#: What the reading of the whole account finds, besides; a roll-out has more roles, in other accounts.
OWN_ROLES, POLICIES = list(ROLES), ["builders", "carol-more", "deployer-more", "team"]


def arn_of(policy, account):
    return f"arn:aws:iam::aws:policy/{policy[4:]}" if policy.startswith("aws:") else f"arn:aws:iam::{account}:policy/{policy}"


SINCE = f"<CreateDate>{ago(9_000_000)}</CreateDate>"


def details(kind, account, more_users):
    """All entities of a kind, as GetAccountAuthorizationDetails gives them."""
    attached = lambda names: members(
        "AttachedManagedPolicies",
        [f"<PolicyName>{name.removeprefix('aws:')}</PolicyName><PolicyArn>{arn_of(name, account)}</PolicyArn>" for name in names],
    )
    inline = lambda kind, names: members(
        f"{kind}PolicyList",
        [f"<PolicyName>{name}</PolicyName><PolicyDocument>{policy('s3:GetObject')}</PolicyDocument>" for name in names],
    )
    entity = lambda kind, prefix, name: (
        f"<Path>/</Path><{kind}Name>{name}</{kind}Name><{kind}Id>{prefix}{name}</{kind}Id>"
        f"<Arn>arn:aws:iam::{account}:{kind.lower()}/{name}</Arn>{SINCE}"
    )
    if kind == "User":
        users = USERS | {name: ([], [], [], 0, False) for name in more_users}
        return "UserDetailList", [
            entity(kind, "AIDA", name) + attached(policies) + inline(kind, own) + members("GroupList", groups)
            for name, (groups, policies, own, *_) in users.items()
        ]
    if kind == "Group":
        return "GroupDetailList", [
            entity(kind, "AGPA", name) + attached(policies) + inline(kind, ["of-the-group"] * (name == "Builders"))
            for name, policies in GROUPS.items()
        ]
    if kind == "Role":
        trust = f"<AssumeRolePolicyDocument>{policy('sts:AssumeRole')}</AssumeRolePolicyDocument>"
        return "RoleDetailList", [
            entity(kind, "AROA", name) + trust + attached(ROLES[name]) + inline(kind, ["inline"] * (name == "deployer"))
            for name in OWN_ROLES
        ]
    version = lambda name: (
        f"<VersionId>v1</VersionId><IsDefaultVersion>true</IsDefaultVersion>{SINCE}"
        f"<Document>{policy('iam:*' if name == 'team' else 'logs:GetLogEvents')}</Document>"
    )
    return "Policies", [
        f"<PolicyName>{name}</PolicyName><PolicyId>ANPA{name}</PolicyId><Arn>{arn_of(name, account)}</Arn><Path>/</Path>"
        f"<DefaultVersionId>v1</DefaultVersionId>{SINCE}" + members("PolicyVersionList", [version(name)])
        for name in POLICIES
    ]


def page_of_details(call, account, more_users):
    """One of the two pages of a kind."""
    name, all_of_it = details(call["Filter.member.1"].removeprefix("LocalManaged").replace("Policy", ""), account, more_users)
    if call.get("Marker"):
        return members(name, all_of_it[1:])
    return members(name, all_of_it[:1]) + "<Marker>more</Marker>"


def credential_report(account, more_users):
    columns = "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,access_key_1_last_rotated"
    row = lambda name, resource, password, keys: (
        f"{name},arn:aws:iam::{account}:{resource},2023-02-14T09:12:44+00:00,{str(password).lower()},false,"
        + ("true,2024-05-01T10:00:00+00:00" if keys else "false,N/A")
    )
    rows = [row("<root_account>", "root", False, 0)]
    rows += [row(name, f"user/{name}", password, keys) for name, (_, _, _, keys, password) in USERS.items()]
    rows += [row(name, f"user/{name}", False, 0) for name in more_users]
    return base64.b64encode("\n".join([columns, *rows]).encode()).decode()


def iam(action, call, account=ACCOUNT, more_users=()):
    """What IAM of an account answers; None if there is no such entity."""
    user, group, role = (call.get(f"{kind}Name") for kind in ("User", "Group", "Role"))
    groups, attached, inline, keys, password = USERS.get(user, (["Builders"], [], [], 0, False))
    since = f"<CreateDate>{ago(9_000_000)}</CreateDate>"
    entity = lambda kind, prefix, name: (
        f"<Path>/</Path><{kind}Name>{name}</{kind}Name><{kind}Id>{prefix}{name}</{kind}Id>"
        f"<Arn>arn:aws:iam::{account}:{kind.lower()}/{name}</Arn>{since}"
    )
    policies = lambda names: members(
        "AttachedPolicies",
        [f"<PolicyName>{name.removeprefix('aws:')}</PolicyName><PolicyArn>{arn_of(name, account)}</PolicyArn>" for name in names],
    )
    inline_policy = f"<PolicyName>{call.get('PolicyName')}</PolicyName><PolicyDocument>{policy('s3:GetObject')}</PolicyDocument>"
    arn = call.get("PolicyArn", "")
    answers = {
        "GetUser": lambda: f"<User>{entity('User', 'AIDA', user)}</User>",
        "ListGroupsForUser": lambda: members("Groups", [entity("Group", "AGPA", name) for name in groups]),
        "ListAttachedUserPolicies": lambda: policies(attached),
        "ListUserPolicies": lambda: members("PolicyNames", inline),
        "GetUserPolicy": lambda: f"<UserName>{user}</UserName>{inline_policy}",
        "ListAttachedGroupPolicies": lambda: policies(GROUPS.get(group, [])),
        "ListGroupPolicies": lambda: members("PolicyNames", ["of-the-group"] if group == "Builders" else []),
        "GetGroupPolicy": lambda: f"<GroupName>{group}</GroupName>{inline_policy}",
        "GetGroup": lambda: f"<Group>{entity('Group', 'AGPA', group)}</Group>" + members("Users", [entity("User", "AIDA", "dana")]),
        "GetPolicy": lambda: f"<Policy><PolicyName>{arn.split('/')[-1]}</PolicyName><Arn>{arn}</Arn>"
        "<DefaultVersionId>v1</DefaultVersionId></Policy>",
        "GetPolicyVersion": lambda: "<PolicyVersion><Document>"
        + policy("iam:*" if arn.endswith("/team") else "logs:GetLogEvents")
        + "</Document></PolicyVersion>",
        "ListEntitiesForPolicy": lambda: members("PolicyUsers", ["<UserName>dana</UserName>"]),
        "ListMFADevices": lambda: members("MFADevices", []),
        "ListAccessKeys": lambda: members(
            "AccessKeyMetadata",
            [f"<UserName>{user}</UserName><AccessKeyId>AKIA{user}</AccessKeyId><Status>Active</Status>{since}"] * keys,
        ),
        "GetLoginProfile": lambda: f"<LoginProfile><UserName>{user}</UserName>{since}</LoginProfile>" if password else None,
        "GetAccessKeyLastUsed": lambda: "<AccessKeyLastUsed><LastUsedDate>2026-01-01T00:00:00Z</LastUsedDate>"
        "<ServiceName>iam</ServiceName><Region>us-east-1</Region></AccessKeyLastUsed>",
        "ListAccountAliases": lambda: members("AccountAliases", ["acme-prod"]),
        "GetRole": lambda: f"<Role>{entity('Role', 'AROA', role)}<AssumeRolePolicyDocument>{policy('sts:AssumeRole')}"
        "</AssumeRolePolicyDocument></Role>",
        "ListAttachedRolePolicies": lambda: policies(ROLES.get(role, [])),
        "ListRolePolicies": lambda: members("PolicyNames", ["inline"] if role == "deployer" else []),
        "GetRolePolicy": lambda: f"<RoleName>{role}</RoleName>{inline_policy}",
        "GetAccountAuthorizationDetails": lambda: page_of_details(call, account, more_users),
        "GenerateCredentialReport": lambda: "<State>COMPLETE</State>",
        "GetCredentialReport": lambda: f"<Content>{credential_report(account, more_users)}</Content><ReportFormat>text/csv</ReportFormat>",
        "ListSAMLProviders": lambda: members("SAMLProviderList", [f"<Arn>arn:aws:iam::{account}:saml-provider/idp</Arn>"]),
        "GetSAMLProvider": lambda: f"<SAMLMetadataDocument>metadata</SAMLMetadataDocument>{SINCE}",
        "ListOpenIDConnectProviders": lambda: members(
            "OpenIDConnectProviderList", [f"<Arn>arn:aws:iam::{account}:oidc-provider/ci.example</Arn>"]
        ),
        "GetOpenIDConnectProvider": lambda: f"<Url>ci.example</Url>{members('ClientIDList', ['sts'])}{SINCE}",
        "GetAccountPasswordPolicy": lambda: "<PasswordPolicy><MinimumPasswordLength>14</MinimumPasswordLength></PasswordPolicy>",
    }
    return answers[action]()


def in_xml(action, result):
    truncated = "true" if "<Marker>" in result else "false"
    return (
        f"<{action}Response><{action}Result>{result}<IsTruncated>{truncated}</IsTruncated></{action}Result>"
        f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


#: An error of each service: by the fault, its code and status.
CODES = {
    "500": {"iam": ("ServiceFailure", 500), "sns": ("InternalError", 500), "dynamodb": ("InternalServerError", 500), "securityhub": ("InternalException", 500)},
    "503": dict.fromkeys(("iam", "sns", "dynamodb", "securityhub"), ("ServiceUnavailable", 503)),
    "throttled": {"iam": ("Throttling", 400), "sns": ("Throttling", 400), "dynamodb": ("ThrottlingException", 400), "securityhub": ("TooManyRequestsException", 429)},
    "denied": {"iam": ("AccessDenied", 403), "sns": ("AuthorizationError", 403), "dynamodb": ("AccessDeniedException", 400), "securityhub": ("AccessDeniedException", 403)},
    "expired": {"iam": ("ExpiredToken", 403), "sns": ("ExpiredToken", 403), "dynamodb": ("ExpiredTokenException", 400), "securityhub": ("ExpiredTokenException", 403)},
}  # fmt: skip
for codes in CODES.values():
    # Both speak JSON, with the same names of errors.
    codes["ssm"] = codes["dynamodb"]
#: What can go wrong. "unacknowledged": it was done, and the connection ends without an answer. "applied 500": it was done,
#: and the answer says it was not. "late": the answer comes after three seconds. "conflict": another transaction.
FAULTS = [
    "refused", "reset", "500", "503", "throttled", "denied", "expired", "garbage", "cut", "empty", "slow", "late", "hang",
    "unacknowledged", "applied 500", "applied hang", "conflict",
]  # fmt: skip
#: Faults after which a caller has the true answer, perhaps too late for its patience.
ONLY_SLOW = ("slow",)


def applies(fault, name):
    """Whether a fault can happen to a call."""
    if fault == "conflict":
        return name.startswith("dynamodb TransactWriteItems")
    if fault in ("applied 500", "applied hang"):
        return not name.startswith("iam ")
    return True


class Call:
    def __init__(self, number, name, service, action, parameters):
        self.number, self.name, self.service, self.action, self.parameters = number, name, service, action, parameters
        self.begun, self.fault, self.answered = time.monotonic(), None, False


class Cloud:
    def __init__(self):
        self.table, self.mails, self.chats, self.findings, self.calls = Table(), [], [], {}, []
        #: A function from a call to its fault, or None.
        self.fault = lambda call: None
        #: (number of the call, "before" | "after" | "answered"): the process is killed there.
        self.kill, self.killed = None, False
        #: Calls of IAM a second; None: as many as come.
        self.iam_rate, self.iam_tokens, self.iam_since, self.throttled = None, 0.0, time.monotonic(), 0
        self.keep_calls, self.problems = True, []
        #: Users that the reading of the account finds besides: those of events, and those of whom there was none.
        self.more_users, self.unseen = [], []
        #: A call, by its name, that is denied until the case is over, whatever else goes wrong.
        self.denied = None
        #: How long each service takes for an answer, in seconds.
        self.delays = {}

    # --- calls ------------------------------------------------------------------------------------------------

    def begin(self, path, headers, body):
        target = headers.get("x-amz-target")
        if target and target.startswith("AmazonSSM."):
            service, action, call = "ssm", target.split(".")[-1], json.loads(body)
            name = f"ssm {action}"
        elif target:
            action, call = target.split(".")[-1], json.loads(body)
            first = call["TransactItems"][0]["Put"]["Item"] if action == "TransactWriteItems" else call.get("Item") or call.get("Key")
            of = first["pk"]["S"] if first else call["ExpressionAttributeValues"][":pk"]["S"]
            # FLOOD#suppressed, but not FLOOD#2026-11-22.
            of = re.match(r"[A-Z]+(#[a-z]+(?=#|$))?", of)[0]
            state = (first or {}).get("state", {}).get("S", "")
            name = " ".join(filter(None, ["dynamodb", action, of, state]))
            service = "dynamodb"
        elif path.startswith("/findings"):
            service, action, call, name = "securityhub", "Import", json.loads(body), "securityhub Import"
        else:
            call = dict(parse_qsl(body.decode(), keep_blank_values=True))
            action = call.pop("Action")
            service = "sns" if "TopicArn" in call else "iam"
            name = f"{service} {action}" + (" to the chat" if call.get("TopicArn") == CHAT else "")
            # GetAccountAuthorizationDetails, by the kind of entity.
            name = " ".join(filter(None, [name, call.get("Filter.member.1")]))
        begun = Call(len(self.calls) + 1, name, service, action, call)
        begun.fault = "denied" if name == self.denied else self.fault(begun)
        if self.keep_calls:
            self.calls.append(begun)
        return begun

    def do(self, call):
        """Does what is asked: the status and the body of the answer."""
        if call.service == "dynamodb":
            try:
                return 200, json.dumps(self.table.call(call.action, call.parameters)).encode()
            except Refused as refused:
                return 400, json.dumps({"__type": f"x#{refused.code}", "message": "refused"} | refused.more).encode()
        if call.service == "ssm":
            return 200, b'{"Parameters":[]}'
        if call.service == "securityhub":
            (finding,) = call.parameters["Findings"]
            self.findings[finding["Id"]] = finding
            return 200, b'{"FailedCount":0,"SuccessCount":1,"FailedFindings":[]}'
        if call.action == "Publish":
            to = self.chats if call.parameters["TopicArn"] == CHAT else self.mails
            to.append({"at": time.monotonic(), "subject": call.parameters.get("Subject", ""), "text": call.parameters["Message"]})
            return 200, in_xml("Publish", "<MessageId>m</MessageId>")
        if call.action == "GetTopicAttributes":
            entries = {"SubscriptionsConfirmed": 1, "SubscriptionsPending": 0}.items()
            entries = "".join(f"<entry><key>{key}</key><value>{count}</value></entry>" for key, count in entries)
            return 200, in_xml(call.action, f"<Attributes>{entries}</Attributes>")
        if self.iam_rate and not self.take_token():
            self.throttled += 1
            call.fault = "throttled"
            return self.error(call)
        result = iam(call.action, call.parameters, more_users=self.more_users + self.unseen)
        if result is None:
            return 404, b"<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>"
        return 200, in_xml(call.action, result)

    def take_token(self):
        now = time.monotonic()
        self.iam_tokens = min(self.iam_rate, self.iam_tokens + (now - self.iam_since) * self.iam_rate)
        self.iam_since = now
        if self.iam_tokens < 1:
            return False
        self.iam_tokens -= 1
        return True

    @staticmethod
    def error(call):
        if call.fault == "conflict":
            reasons = [{"Code": "TransactionConflict"}] * len(call.parameters["TransactItems"])
            return 400, json.dumps({"__type": "x#TransactionCanceledException", "CancellationReasons": reasons}).encode()
        code, status = CODES["500" if call.fault == "applied 500" else call.fault][call.service]
        if call.service in ("iam", "sns"):
            return status, f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()
        if call.service in ("dynamodb", "ssm"):
            return status, json.dumps({"__type": f"x#{code}", "message": "no"}).encode()
        return status, json.dumps({"Code": code, "Message": "no"}).encode()

    async def answer(self, path, headers, body, connection):
        """Answers a call, or lets it fail. `connection` sends, cuts and kills."""
        try:
            await self.answer_call(path, headers, body, connection)
        except Exception as error:  # of this harness
            self.problems.append(repr(error))
            connection.abort()

    async def answer_call(self, path, headers, body, connection):
        call = self.begin(path, headers, body)
        fault, kill = call.fault, self.kill if self.kill and self.kill[0] == call.number and not self.killed else None
        if kill and kill[1] == "before":
            return self.end(connection)
        if fault == "hang":
            return
        if fault == "refused":
            return connection.abort()
        if fault == "slow":
            await asyncio.sleep(1.5)
        if delay := self.delays.get(call.service):
            await asyncio.sleep(delay)
        error = fault in CODES or fault == "conflict"
        status, answer = self.error(call) if error else self.do(call)
        if kill and kill[1] == "after":
            return self.end(connection)
        if fault == "unacknowledged":
            return connection.abort()
        if fault == "applied hang":
            return
        if fault == "applied 500":
            status, answer = self.error(call)
        if fault == "late":
            await asyncio.sleep(3)
        if fault == "reset":
            return connection.send_half(status, answer)
        if fault in ("garbage", "cut", "empty"):
            answer = {"garbage": b"\x00garbage\xff" * 20, "cut": answer[: len(answer) // 2], "empty": b""}[fault]
        connection.send(status, answer, headers.get("x-amz-target"))
        call.answered = call.fault is None or call.fault in ONLY_SLOW
        if kill:
            await asyncio.sleep(0.001)
            self.end(connection)

    def end(self, connection):
        self.killed = True
        connection.kill()

    # --- what came of it --------------------------------------------------------------------------------------

    def mails_about(self, event_id):
        """The mails of the event's own. Their reference has its id."""
        return [mail for mail in self.mails if event_id in mail["text"].rpartition("\nREFERENCE")[2]]

    def listed(self):
        """How often summaries list each event."""
        lists = (mail["text"].partition("\nWHAT WAS SUPPRESSED")[2].partition("\nREFERENCE")[0] for mail in self.mails)
        return collections.Counter(event for text in lists for event in re.findall(r"  ([0-9a-f-]{36})\n", text))

    def mailed(self):
        """How many mails each event has of its own. Their reference has its id."""
        references = (mail["text"].rpartition("\nREFERENCE")[2] for mail in self.mails)
        return collections.Counter(event for text in references for event in re.findall(r" ([0-9a-f-]{36})\n", text))

    def first_readings(self):
        return [mail for mail in self.mails if "First reading" in mail["subject"]]

    def most_mails_in_a_second(self):
        times = sorted(mail["at"] for mail in self.mails)
        return max((sum(0 <= later - begin < 1 for later in times[n : n + 40]) for n, begin in enumerate(times)), default=0)

    def counts(self):
        return collections.Counter(call.name for call in self.calls)
