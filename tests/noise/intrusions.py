"""Twelve intrusions, in the steps of public reports and of stratus-red-team.

Each step says whether it is severe: whether the account belongs to somebody else after it, or nobody would see that any
more. Reading (`ListUsers`, `GetCallerIdentity`) comes before each of them; it makes no event here.
"""

from dataclasses import dataclass
from datetime import timedelta

from account import ACCOUNT, ADMINISTRATOR, AWS, GITHUB, METADATA, allow, document, of_service, trust
from day import CLOUDTRAIL, at, other, sign_in
from records import CLI, REGION, Call, denied, instance

#: An account of which nobody here knows.
STRANGER = "999988887777"
BOTO = "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/windows#10 md/arch#amd64 lang/python#3.12.4 exec-env/none"
BROWSER_OF_INTRUDER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
EVERYTHING = document(allow("*"))


@dataclass
class Step:
    call: object
    severe: bool = False


def severe(call):
    return Step(call, severe=True)


def password(account, caller, action, name):
    return account.call(caller, action, UserName=name, Password="correct horse 7 Battery", PasswordResetRequired=False)


def scarleteel(account):
    """SCARLETEEL (Sysdig, 2023): credentials of an instance, from its metadata service. Its role may create access keys."""
    caller = instance(account.roles["build-agent"], "i-0a1b2c3d4e5f60718", "198.51.100.201")
    yield Step(Call(caller, "iam", "CreateUser", {}, failure=denied(caller, "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/svc")))
    yield severe(account.call(caller, "CreateAccessKey", UserName="ops-carol"))
    stolen = account.user("ops-carol").from_("198.51.100.201", CLI)
    yield severe(account.call(stolen, "CreateUser", UserName="aws-supports"))
    yield Step(account.call(stolen, "AttachUserPolicy", UserName="aws-supports", PolicyArn=ADMINISTRATOR))


def scattered_spider(account):
    """Scattered Spider, 0ktapus (CISA AA23-320A, Permiso 2023): the session of a help desk that was talked into it."""
    caller = account.help_desk.from_("198.51.100.77", BROWSER_OF_INTRUDER)
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/"
    yield severe(account.call(caller, "DeactivateMFADevice", UserName="ops-carol", SerialNumber=f"{serial}ops-carol"))
    yield severe(password(account, caller, "UpdateLoginProfile", "ops-carol"))
    yield Step(account.call(caller, "CreateVirtualMFADevice", VirtualMFADeviceName="phone"))
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    call = account.call(caller, "EnableMFADevice", UserName="ops-carol", SerialNumber=f"{serial}phone", **codes)
    call.request = {"userName": "ops-carol", "serialNumber": f"{serial}phone"}
    yield Step(call)
    yield Step(sign_in(account, "ops-carol", "Yes", address="198.51.100.77"))


def gui_vil(account):
    """GUI-vil, p0-LUCR-1 (Permiso, 2023): a long-lived key that was found in a repository. A password for the user that
    has none, and users that look like the others."""
    caller = account.user("ci-legacy").from_("198.51.100.123", "S3 Browser/11.4.5 (https://s3browser.com)")
    yield Step(account.call(caller, "CreateAccessKey", UserName="ci-legacy"))
    yield severe(password(account, caller, "CreateLoginProfile", "backup-bot"))
    yield severe(account.call(caller, "CreateUser", UserName="dana.andersson"))
    yield Step(account.call(caller, "CreateAccessKey", UserName="dana.andersson"))
    yield Step(account.call(caller, "AttachUserPolicy", UserName="dana.andersson", PolicyArn=ADMINISTRATOR))


def blinded(account):
    """LUCR-3 (Permiso, 2023) and stratus aws.defense-evasion.cloudtrail-stop: an administrator's session at the console.
    The trail first."""
    caller = account.alice.from_("198.51.100.66", BROWSER_OF_INTRUDER)
    selectors = [{"readWriteType": "ReadOnly", "includeManagementEvents": True}]
    yield severe(other(caller, "cloudtrail", "StopLogging", {"name": CLOUDTRAIL}))
    yield severe(other(caller, "cloudtrail", "PutEventSelectors", {"trailName": CLOUDTRAIL, "eventSelectors": selectors}))
    yield Step(account.call(caller, "CreateAccessKey", UserName="ci-legacy"))


def exposed_key(account):
    """EleKtra-Leak (Unit 42, 2023): a key in a public repository. AWS attaches its quarantine; whoever has the key acts."""
    caller = account.user("backup-bot").from_("198.51.100.45", BOTO)
    quarantine = AWS + "AWSCompromisedKeyQuarantineV3"
    by_aws = account.user("backup-bot").from_("AWS Internal", "AWS Internal")
    yield severe(account.call(by_aws, "AttachUserPolicy", UserName="backup-bot", PolicyArn=quarantine))
    yield severe(account.call(caller, "DetachUserPolicy", UserName="backup-bot", PolicyArn=quarantine))
    yield Step(Call(caller, "iam", "CreateUser", {}, failure=denied(caller, "iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/admin")))


def miners(account):
    """Miners in Amazon ECS (Expel 2022, Unit 42): a user for the console, administrators by number, a role for the tasks."""
    caller = account.user("ci-legacy").from_("198.51.100.99", "aws-cli/1.22.34 Python/3.10.6 Linux/5.15.0 botocore/1.23.34")
    yield severe(account.call(caller, "CreateUser", UserName="adminn1"))
    yield severe(password(account, caller, "CreateLoginProfile", "adminn1"))
    yield Step(account.call(caller, "AttachUserPolicy", UserName="adminn1", PolicyArn=ADMINISTRATOR))
    yield Step(account.call(caller, "CreateRole", RoleName="ecsTaskExecutionRole", AssumeRolePolicyDocument=of_service("ecs-tasks")))
    policy = AWS + "service-role/AmazonECSTaskExecutionRolePolicy"
    yield Step(account.call(caller, "AttachRolePolicy", RoleName="ecsTaskExecutionRole", PolicyArn=policy))


def backdoor_role(account):
    """stratus aws.persistence.iam-backdoor-role and iam-create-backdoor-role: roles that trust another account."""
    caller = account.terraform(88140).from_("198.51.100.5")
    outside = trust({"AWS": f"arn:aws:iam::{STRANGER}:root"})
    yield Step(account.call(caller, "TagRole", RoleName="audit", Tags=[{"Key": "team", "Value": "security"}]))
    yield severe(account.call(caller, "UpdateAssumeRolePolicy", RoleName="audit", PolicyDocument=outside))
    yield severe(account.call(caller, "CreateRole", RoleName="OrganizationAuditor", AssumeRolePolicyDocument=outside))
    yield Step(account.call(caller, "AttachRolePolicy", RoleName="OrganizationAuditor", PolicyArn=ADMINISTRATOR))


def roles_anywhere(account):
    """stratus aws.persistence.rolesanywhere-create-trust-anchor: a certificate authority of one's own."""
    caller = account.alice.from_("198.51.100.66", CLI)
    anchor = f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT}:trust-anchor/5f4a6e8b-1d2c-4b3a-9e8f-7a6b5c4d3e2f"
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": "-----BEGIN CERTIFICATE-----…"}}
    machines = trust({"Service": "rolesanywhere.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
    yield Step(account.call(caller, "CreateRole", RoleName="on-premises", AssumeRolePolicyDocument=machines))
    yield severe(other(caller, "rolesanywhere", "CreateTrustAnchor", {"name": "corporate", "enabled": True, "source": source}, {"trustAnchor": {"name": "corporate", "trustAnchorArn": anchor}}))
    yield severe(account.call(caller, "AttachRolePolicy", RoleName="on-premises", PolicyArn=ADMINISTRATOR))
    profile = {"name": "corporate", "enabled": True, "roleArns": [f"arn:aws:iam::{ACCOUNT}:role/on-premises"]}
    yield Step(other(caller, "rolesanywhere", "CreateProfile", profile, {"profile": {"name": "corporate"}}))


def federation(account):
    """Golden SAML in AWS (Splunk's attack range; LUCR-3): a provider of one's own, and a role that trusts it."""
    caller = account.alice.from_("198.51.100.66", CLI)
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/okta-2"
    trusts = trust({"Federated": provider}, "sts:AssumeRoleWithSAML", StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"})
    yield Step(account.call(caller, "CreateSAMLProvider", Name="okta-2", SAMLMetadataDocument=METADATA))
    yield severe(account.call(caller, "UpdateAssumeRolePolicy", RoleName="ops-automation", PolicyDocument=trusts))
    # And any repository of GitHub.
    anyone = trust({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity", StringLike={"token.actions.githubusercontent.com:sub": "repo:*"})
    yield severe(account.call(caller, "UpdateAssumeRolePolicy", RoleName="terraform", PolicyDocument=anyone))


def root_of_member(account):
    """Root sessions (AWS, 2024; "AssumeRoot" in Permiso's and Elastic's detections): the root password of a member account."""
    caller = account.alice.from_("198.51.100.66", CLI)
    task = {"arn": "arn:aws:iam::aws:policy/root-task/IAMCreateRootUserPassword"}
    request = {"targetPrincipal": "210987654321", "taskPolicyArn": task, "durationSeconds": 900}
    token = {"credentials": {"accessKeyId": "ASIAEXAMPLEROOT00001", "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS"}}
    yield Step(account.call(caller, "EnableOrganizationsRootSessions", made=False))
    yield severe(other(caller, "sts", "AssumeRoot", request, token))
    yield severe(other(caller, "organizations", "LeaveOrganization", None))


def stolen_pipeline(account):
    """A pipeline's session in other hands (Codecov 2021, tj-actions 2025): the same role, name, program and address as the
    deployment that is under way. A stranger becomes an administrator."""
    caller = account.terraform(88140)
    here = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/emil"})
    yield Step(account.call(caller, "CreateRole", RoleName="returns-api-task", Path="/app/", AssumeRolePolicyDocument=here))
    yield severe(account.call(caller, "AttachRolePolicy", RoleName="returns-api-task", PolicyArn=ADMINISTRATOR))
    yield severe(account.call(caller, "PutUserPolicy", UserName="emil", PolicyName="debug", PolicyDocument=EVERYTHING))


def policy_version(account):
    """Rhino Security Labs' escalations, CloudGoat iam_privesc_by_rollback: another version of a policy that a team has."""
    caller = account.user("emil").from_("198.51.100.130", CLI)
    yield Step(Call(caller, "iam", "AttachUserPolicy", {}, failure=denied(caller, "iam:AttachUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/emil")))
    yield Step(account.call(caller, "TagPolicy", PolicyArn=account.team, Tags=[{"Key": "team", "Value": "orders"}]))
    yield severe(account.call(caller, "CreatePolicyVersion", PolicyArn=account.team, PolicyDocument=EVERYTHING, SetAsDefault=False))
    yield severe(account.call(caller, "SetDefaultPolicyVersion", PolicyArn=account.team, VersionId="v2"))


#: When each begins, in busy hours; the stolen pipeline acts in the midst of a deployment of the same role.
INTRUSIONS = {
    "scarleteel": ("09:32", scarleteel),
    "scattered_spider": ("15:23", scattered_spider),
    "gui_vil": ("10:33", gui_vil),
    "blinded": ("14:03", blinded),
    "exposed_key": ("11:03", exposed_key),
    "miners": ("12:20", miners),
    "backdoor_role": ("13:41:12", backdoor_role),
    "roles_anywhere": ("16:07", roles_anywhere),
    "federation": ("14:22", federation),
    "root_of_member": ("13:14", root_of_member),
    "stolen_pipeline": ("14:45:40", stolen_pipeline),
    "policy_version": ("16:34", policy_version),
}


def hidden(account, names):
    """The steps of these intrusions with their times, each with its name and whether it is severe."""
    for name in names:
        start, intrusion = INTRUSIONS[name]
        time = at(start)
        for step in intrusion(account):
            yield time, step.call, (name, step.severe)
            time += timedelta(seconds=8 if name == "stolen_pipeline" else 45)
