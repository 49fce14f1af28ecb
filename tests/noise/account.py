"""The account in moto: people, pipelines, workloads, and what they may do."""

import copy
import gc
import json
import logging
import os
import urllib.request
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import boto3
import moto.dynamodb.models as moto_dynamodb
import moto.ssoadmin.models as moto_sso
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.ssoadmin.exceptions import ResourceNotFoundException
from moto.ssoadmin.responses import SSOAdminResponse
from records import ACCOUNT, CLI, HOME, REGION, Call, linked, pipeline, pod, session, user, workforce, written

TOPIC, TABLE = "alerts", "history"
AWS = "arn:aws:iam::aws:policy/"
ADMINISTRATOR = AWS + "AdministratorAccess"
RESERVED = f"/aws-reserved/sso.amazonaws.com/{HOME}/"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
CLUSTER = f"oidc.eks.{REGION}.amazonaws.com/id/0A1B2C3D4E5F60718293A4B5C6D7E8F9"
CENTERS_PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0a1b2c3d4e5f6a7b_DO_NOT_DELETE"
METADATA = f'<EntityDescriptor entityID="https://idp.example.com/{"x" * 1000}"/>'


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources} | more


def trust(principal, action="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return document(statement | ({"Condition": condition} if condition else {}))


def of_service(*names):
    names = [f"{name}.amazonaws.com" for name in names]
    return trust({"Service": names[0] if len(names) == 1 else names})


def of_repository(name):
    condition = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
    subject = {"token.actions.githubusercontent.com:sub": f"repo:acme/{name}:ref:refs/heads/main"}
    return trust({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity", StringEquals=condition | subject)


def of_pod(name):
    condition = {f"{CLUSTER}:sub": f"system:serviceaccount:kube-system:{name}", f"{CLUSTER}:aud": "sts.amazonaws.com"}
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{CLUSTER}"
    return trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", StringEquals=condition)


OF_CENTER = trust(
    {"Federated": CENTERS_PROVIDER},
    ["sts:AssumeRoleWithSAML", "sts:TagSession"],
    StringEquals={"SAML:aud": "https://signin.aws.amazon.com/saml"},
)


@dataclass
class Person:
    """An IAM user."""

    name: str
    id: str
    key: str
    path: str = "/"


def copying_only_the_lists():
    """Lets moto copy a table for a transaction without its items. It copies all of them, again for each item of the
    transaction, to take the transaction back; a day would last half an hour. The function's transactions only put and delete items,
    and that replaces an item and never changes it."""
    deepcopy = copy.deepcopy

    def copied(value, *more):
        if not isinstance(value, moto_dynamodb.Table):
            return deepcopy(value, *more)
        table = copy.copy(value)
        table.items = defaultdict(dict, {key: dict(items) for key, items in value.items.items()})
        return table

    moto_dynamodb.copy = SimpleNamespace(deepcopy=copied, copy=copy.copy)


@contextmanager
def moto():
    """moto's address. It answers all that the function asks."""
    copying_only_the_lists()
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["NO_PROXY"] = "127.0.0.1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def no_boundary(self):
        raise ResourceNotFoundException("There is no boundary")

    # The only question to IAM Identity Center that moto does not know; and moto makes up another form of ARN than AWS.
    SSOAdminResponse.get_permissions_boundary_for_permission_set = no_boundary
    former = moto_sso.PermissionSet.generate_id
    moto_sso.PermissionSet.generate_id = staticmethod(lambda instance: former(instance.replace(":instance/", ":permissionSet/")))
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()
        moto_sso.PermissionSet.generate_id = former


class Account:
    """An account on a weekday morning. `reset` makes it anew."""

    def __init__(self, address, reset=True):
        self.address = address
        if reset:
            urllib.request.urlopen(urllib.request.Request(f"{address}/moto-api/reset", method="POST")).read()
        aws = boto3.Session("test", "test", region_name=REGION)
        self.iam = aws.client("iam", endpoint_url=address)
        self.sso = aws.client("sso-admin", endpoint_url=address, region_name=HOME)
        self.store = aws.client("identitystore", endpoint_url=address, region_name=HOME)
        self.topic = aws.client("sns", endpoint_url=address).create_topic(Name=TOPIC)["TopicArn"]
        keys = {"pk": "HASH", "sk": "RANGE"}
        aws.client("dynamodb", endpoint_url=address).create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        )
        self.roles, self.people = {}, {}
        self.iam.create_account_alias(AccountAlias="acme-prod")
        self._policies_and_people()
        self._roles_of_pipelines()
        self._roles_of_workloads()
        self._center()
        # A garbage collection would hold up answers of moto, and a day leaves little garbage.
        gc.collect()
        gc.freeze()
        gc.disable()

    # --- what is there already ---

    def role(self, name, trust, path="/", managed=(), inline=None):
        role = self.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)["Role"]
        for policy in managed:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        for policy, statements in (inline or {}).items():
            self.iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document(*statements))
        self.roles[name] = role
        return role

    def policy(self, name, *statements):
        return self.iam.create_policy(PolicyName=name, PolicyDocument=document(*statements))["Policy"]["Arn"]

    def person(self, name, group=None, password=True, mfa=True):
        id = self.iam.create_user(UserName=name)["User"]["UserId"]
        if group:
            self.iam.add_user_to_group(GroupName=group, UserName=name)
        if password:
            self.iam.create_login_profile(UserName=name, Password="correct horse 7 Battery")
        if mfa:
            self.register(name, name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
        self.people[name] = Person(name, id, key)

    def register(self, name, device):
        serial = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=device)["VirtualMFADevice"]["SerialNumber"]
        self.iam.enable_mfa_device(UserName=name, SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")

    def _policies_and_people(self):
        iam = self.iam
        own = "arn:aws:iam::*:user/${aws:username}"
        manage_own = ["iam:ChangePassword", "iam:*AccessKey*", "iam:EnableMFADevice", "iam:ResyncMFADevice", "iam:GetUser"]
        self.manage_own = self.policy("manage-own-credentials", allow(manage_own, own))
        self.boundary = self.policy("workload-boundary", allow(["s3:*", "sqs:*", "sns:*", "dynamodb:*", "logs:*", "kms:Decrypt"]))
        self.artifacts = self.policy("read-artifacts", allow(["s3:GetObject", "s3:ListBucket"], "arn:aws:s3:::acme-artifacts*"))
        self.team = self.policy("orders-team", allow(["dynamodb:Query", "logs:StartQuery"], "*"))
        for group, policies in (
            ("Engineers", [AWS + "ReadOnlyAccess", self.manage_own, self.team]),
            ("Platform", [ADMINISTRATOR]),
            ("Backups", [AWS + "AWSBackupOperatorAccess"]),
        ):
            iam.create_group(GroupName=group)
            for policy in policies:
                iam.attach_group_policy(GroupName=group, PolicyArn=policy)
        for name in ("dana", "emil", "fay", "gus", "hana", "leo"):
            self.person(name, "Engineers")
        self.person("ops-carol", "Platform")
        self.person("backup-bot", "Backups", password=False, mfa=False)
        self.person("ci-legacy", None, password=False, mfa=False)
        iam.attach_user_policy(UserName="ci-legacy", PolicyArn=AWS + "PowerUserAccess")
        iam.put_user_policy(UserName="ci-legacy", PolicyName="deploy", PolicyDocument=document(allow(["iam:*Role*", "iam:*User*", "iam:*Login*"])))

    def _roles_of_pipelines(self):
        github = self.iam.create_open_id_connect_provider
        github(Url="https://token.actions.githubusercontent.com", ThumbprintList=["1" * 40], ClientIDList=["sts.amazonaws.com"])
        github(Url=f"https://{CLUSTER}", ThumbprintList=["2" * 40], ClientIDList=["sts.amazonaws.com"])
        self.role("terraform", of_repository("infrastructure"), "/ci/", [ADMINISTRATOR])
        own = f"arn:aws:iam::{ACCOUNT}:role/app/*"
        deploys = allow(["lambda:AddPermission", "lambda:UpdateFunctionCode", "s3:PutBucketPolicy", "ecs:UpdateService"])
        self.role("github-deploy", of_repository("shop"), "/ci/", inline={"deploy": [deploys, allow(["iam:TagRole", "iam:PutRolePolicy"], own)]})
        cdk = f"cdk-hnb659fds-%s-role-{ACCOUNT}-{REGION}"
        self.cfn_exec, self.cdk_deploy = cdk % "cfn-exec", cdk % "deploy"
        self.role(self.cfn_exec, of_service("cloudformation"), managed=[ADMINISTRATOR])
        self.role(self.cdk_deploy, trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), inline={"default": [allow(["cloudformation:*"])]})

    def _roles_of_workloads(self):
        for app in ("checkout", "orders", "search", "mailer", "invoices", "carts"):
            grants = allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{app}-*")
            self.role(f"{app}-task", of_service("ecs-tasks"), "/app/", [self.artifacts], {"queues": [grants]})
        for preview in ("preview-114", "preview-115", "preview-117"):
            grants = allow("s3:GetObject", f"arn:aws:s3:::acme-{preview}/*")
            self.role(preview, of_service("ec2"), "/app/", [AWS + "CloudWatchAgentServerPolicy"], {"bucket": [grants]})
            self.iam.create_instance_profile(InstanceProfileName=preview)
            self.iam.add_role_to_instance_profile(InstanceProfileName=preview, RoleName=preview)
        keys = allow(["iam:CreateAccessKey", "iam:ListUsers"])
        self.role("build-agent", of_service("ec2"), managed=[AWS + "AmazonSSMManagedInstanceCore"], inline={"keys": [keys]})
        self.role("node", of_service("ec2"), managed=[AWS + "AmazonEKSWorkerNodePolicy", AWS + "AmazonEC2ContainerRegistryReadOnly"])
        profiles = ["iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile", "iam:TagInstanceProfile", "iam:DeleteInstanceProfile"]
        self.role("karpenter", of_pod("karpenter"), "/eks/", inline={"nodes": [allow([*profiles, "iam:RemoveRoleFromInstanceProfile"])]})
        self.role("audit", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), managed=[AWS + "SecurityAudit", AWS + "job-function/ViewOnlyAccess"])
        self.role("ops-automation", of_service("ssm"), managed=[ADMINISTRATOR])
        self.role("iam-security-alerts-heartbeat", of_service("scheduler"), inline={"tag": [allow("iam:TagRole")]})
        for name, service in (("AutoScaling", "autoscaling"), ("SSO", "sso"), ("Backup", "backup")):
            role = self.iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")["Role"]
            self.roles[name] = role

    def _center(self):
        self.iam.create_saml_provider(Name=CENTERS_PROVIDER.split("/")[1], SAMLMetadataDocument=METADATA)
        for set, managed, inline in (
            ("OrgAdmin", [ADMINISTRATOR], None),
            ("Developer", [AWS + "ReadOnlyAccess"], None),
            ("HelpDesk", [], {"AwsSSOInlinePolicy": [allow(["iam:*LoginProfile", "iam:*MFADevice*", "iam:List*", "iam:Get*", "identitystore:*"])]}),
        ):
            self.role(f"AWSReservedSSO_{set}_0a1b2c3d4e5f6a7b", OF_CENTER, RESERVED, managed, inline)
        instance = self.sso.list_instances()["Instances"][0]
        self.instance, self.store_id = instance["InstanceArn"], instance["IdentityStoreId"]
        self.sets = {}
        for name, policy in (("ViewOnly", AWS + "ReadOnlyAccess"), ("PlatformAdmin", ADMINISTRATOR)):
            arn = self.sso.create_permission_set(Name=name, InstanceArn=self.instance)["PermissionSet"]["PermissionSetArn"]
            self.sso.attach_managed_policy_to_permission_set(InstanceArn=self.instance, PermissionSetArn=arn, ManagedPolicyArn=policy)
            self.sets[name] = arn
        group = lambda name: self.store.create_group(IdentityStoreId=self.store_id, DisplayName=name)["GroupId"]  # noqa: E731
        self.groups = {name: group(name) for name in ("readers", "auditors")}
        self.assign("ViewOnly", "readers")
        self.joiner = None

    def assign(self, set, group):
        return self.sso.create_account_assignment(**self.assignment(set, group))

    def assignment(self, set, group):
        target = {"TargetId": ACCOUNT, "TargetType": "AWS_ACCOUNT"}
        of = {"InstanceArn": self.instance, **target, "PermissionSetArn": self.sets[set]}
        return of | {"PrincipalType": "GROUP", "PrincipalId": self.groups[group]}

    # --- who calls ---

    def user(self, name, **how):
        return user(self.people[name], **how)

    def sso_role(self, set):
        return self.roles[f"AWSReservedSSO_{set}_0a1b2c3d4e5f6a7b"]

    @property
    def alice(self):
        """The platform team's administrator."""
        return workforce(self.sso_role("OrgAdmin"), "alice@acme.example", "203.0.113.21")

    @property
    def help_desk(self):
        return workforce(self.sso_role("HelpDesk"), "ivo@acme.example", "203.0.113.33")

    @property
    def curious(self):
        return workforce(self.sso_role("Developer"), "fay@acme.example", "203.0.113.62", CLI)

    def terraform(self, run):
        return pipeline(self.roles["terraform"], run, "infrastructure")

    def deploy(self, run):
        return pipeline(self.roles["github-deploy"], run, "shop")

    @property
    def cloudformation(self):
        """CloudFormation, with the role that CDK gives it."""
        return session(self.roles[self.cfn_exec], "AWSCloudFormation").through_cloudformation

    @property
    def karpenter(self):
        return pod(self.roles["karpenter"], "1763366400113904512", f"arn:aws:iam::{ACCOUNT}:oidc-provider/{CLUSTER}")

    def linked(self, name, session_name):
        return linked(self.roles[name], session_name)

    # --- calls ---

    def call(self, caller, name, failure=None, made=True, **request):
        """A call of IAM, made in moto."""
        make = (lambda: self.iam._make_api_call(name, request)) if made else None
        return Call(caller, "iam", name, written(request) or None, make, failure=failure)
