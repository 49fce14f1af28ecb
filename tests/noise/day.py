"""A quiet day: what people, pipelines and services do on a weekday, in clusters as deployments are.

No step of it is an attack. The day has a fixed seed, so it is the same in every run.
"""

import json
import random
from datetime import datetime, timedelta, timezone

from account import ACCOUNT, AWS, HOME, OF_CENTER, REGION, RESERVED, allow, document, of_service
from records import BROWSER, Call, denied, service

#: A Tuesday.
DAY = datetime(2026, 11, 17, tzinfo=timezone.utc)
#: When everybody was active who is every day: before the two weeks that the history must cover.
EARLIER = DAY - timedelta(days=20)
THROTTLED = "Throttling", "Rate exceeded"
CLOUDTRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main"


def at(clock, day=DAY):
    """A time of the day: "09:15" or "09:15:30"."""
    parts = [int(part) for part in clock.split(":")]
    return day + timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2] if len(parts) > 2 else 0)


class Steps(list):
    """Calls with their times. A call that needs what an earlier one made is a function that returns it."""

    def __init__(self, seed, whole=True):
        super().__init__()
        self.random, self.whole, self.seed = random.Random(seed), whole, seed

    def cluster(self, start, calls, pause=(1, 4), again=False):
        """Calls one after another, seconds apart. A short day has none that are only more of the same."""
        if again and not self.whole:
            return
        # The same times in a whole and in a short day.
        pauses = random.Random(f"{self.seed} {start}")
        time = at(start) if isinstance(start, str) else start
        for call in calls:
            self.append((time, call))
            time += timedelta(seconds=pauses.uniform(*pause))

    def slowly(self, start, calls):
        """As a person at a console does it."""
        self.cluster(start, calls, (15, 50))


def other(caller, service_name, name, request, response=None, region=REGION, failure=None, **changes):
    """A call of another service, of which moto need not know."""
    return Call(caller, service_name, name, request, None, response, failure, region, changes)


def sign_in(account, name, mfa, outcome="Success", address="203.0.113.80"):
    """A sign-in to the console, of an IAM user."""
    identity = {key: part for key, part in account.user(name).identity.items() if key != "accessKeyId"}
    extra = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": mfa}
    failure = {"errorMessage": "Failed authentication"} if outcome == "Failure" else {}
    caller = type(account.user(name))(identity, address, BROWSER)
    call = Call(caller, "signin", "ConsoleLogin", None, None, {"ConsoleLogin": outcome}, kind="Console Sign In")
    call.changes = {"eventType": "AwsConsoleSignIn", "additionalEventData": extra} | failure
    return call


# --- pipelines ------------------------------------------------------------------------------------------------


def new_service(account, caller, name):
    """`terraform apply`: the roles of a new service, their policies, and an instance profile."""

    def call(action, **request):
        return account.call(caller, action, **request)

    task, execution, function = f"{name}-task", f"{name}-execution", f"{name}-function"
    tags = [{"Key": "team", "Value": "shop"}, {"Key": "managed-by", "Value": "terraform"}]
    for role, trusted in ((task, "ecs-tasks"), (execution, "ecs-tasks"), (function, "lambda")):
        yield call("CreateRole", RoleName=role, Path="/app/", AssumeRolePolicyDocument=of_service(trusted), Tags=tags)
    queue = allow(["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-*")
    table = allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}")
    key = allow(["kms:Decrypt", "kms:GenerateDataKey"], f"arn:aws:kms:{REGION}:{ACCOUNT}:key/6d9a1f0e-5f0e-4a52-8a4f-0c1f4a526c1e")
    policy = f"arn:aws:iam::{ACCOUNT}:policy/{name}-data"
    yield call("CreatePolicy", PolicyName=f"{name}-data", PolicyDocument=document(table, key), Tags=tags)
    yield call("AttachRolePolicy", RoleName=execution, PolicyArn=AWS + "service-role/AmazonECSTaskExecutionRolePolicy")
    yield account.call(caller, "AttachRolePolicy", THROTTLED, RoleName=function, PolicyArn=policy)
    yield call("AttachRolePolicy", RoleName=task, PolicyArn=policy)
    yield call("AttachRolePolicy", RoleName=function, PolicyArn=policy)
    yield call("AttachRolePolicy", RoleName=function, PolicyArn=AWS + "service-role/AWSLambdaVPCAccessExecutionRole")
    yield call("AttachRolePolicy", RoleName=function, PolicyArn=AWS + "AWSXRayDaemonWriteAccess")
    yield call("PutRolePolicy", RoleName=task, PolicyName="queues", PolicyDocument=document(queue))
    yield call("PutRolePolicy", RoleName=function, PolicyName="queues", PolicyDocument=document(queue))
    secrets = allow("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}/*")
    yield call("PutRolePolicy", RoleName=execution, PolicyName="secrets", PolicyDocument=document(secrets))
    yield call("CreateRole", RoleName=f"{name}-worker", Path="/app/", AssumeRolePolicyDocument=of_service("ec2"), Tags=tags)
    yield call("CreateInstanceProfile", InstanceProfileName=f"{name}-worker", Path="/app/")
    yield call("AddRoleToInstanceProfile", InstanceProfileName=f"{name}-worker", RoleName=f"{name}-worker")
    yield call("AttachRolePolicy", RoleName=f"{name}-worker", PolicyArn=AWS + "CloudWatchAgentServerPolicy")
    yield call("AttachRolePolicy", RoleName=f"{name}-worker", PolicyArn=AWS + "AmazonSSMManagedInstanceCore")
    yield call("PutRolePermissionsBoundary", RoleName=f"{name}-worker", PermissionsBoundary=account.boundary)
    # `terraform apply` once more, after its state was lost in part.
    yield call("CreatePolicy", PolicyName=f"{name}-data", PolicyDocument=document(table, key), Tags=tags)
    yield call("CreateRole", RoleName=task, Path="/app/", AssumeRolePolicyDocument=of_service("ecs-tasks"), Tags=tags)
    yield call("UpdateAssumeRolePolicy", RoleName=task, PolicyDocument=of_service("ecs-tasks", "ecs"))
    index = allow(["dynamodb:Query"], f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}/index/*")
    yield call("CreatePolicyVersion", PolicyArn=policy, PolicyDocument=document(table, key, index), SetAsDefault=True)
    yield call("DeletePolicyVersion", PolicyArn=policy, VersionId="v1")


def refactoring(account, caller):
    """`terraform apply`: inline policies get other names, and managed policies take their place. IAM is eventually
    consistent, and Terraform does not wait long enough."""

    def call(action, failure=None, **request):
        return account.call(caller, action, failure, **request)

    for app in ("checkout", "orders", "search", "mailer"):
        queue = allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{app}-*")
        yield call("PutRolePolicy", RoleName=f"{app}-task", PolicyName="messages", PolicyDocument=document(queue))
        yield call("DeleteRolePolicy", RoleName=f"{app}-task", PolicyName="queues")
        yield call("TagRole", RoleName=f"{app}-task", Tags=[{"Key": "team", "Value": app}])
    yield call("CreatePolicy", PolicyName="read-assets", PolicyDocument=document(allow("s3:GetObject", "arn:aws:s3:::acme-assets/*")))
    assets = f"arn:aws:iam::{ACCOUNT}:policy/read-assets"
    missing = "NoSuchEntity", f"Policy {assets} does not exist or is not attachable."
    yield call("AttachRolePolicy", missing, RoleName="checkout-task", PolicyArn=assets)
    for app in ("checkout", "search", "mailer"):
        yield call("AttachRolePolicy", RoleName=f"{app}-task", PolicyArn=assets)
        yield call("DetachRolePolicy", RoleName=f"{app}-task", PolicyArn=account.artifacts)
    in_use = "DeleteConflict", "Cannot delete a policy attached to entities."
    yield call("DeletePolicy", in_use, PolicyArn=account.artifacts)
    yield call("DetachRolePolicy", RoleName="search-task", PolicyArn=account.artifacts)  # again: it is not there
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app/orders-api"}, "Action": "sts:AssumeRole"}
    invalid = "MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:role/app/orders-api"'
    yield call("UpdateAssumeRolePolicy", invalid, RoleName="orders-task", PolicyDocument=document(statement))
    yield call("UpdateAssumeRolePolicy", RoleName="orders-task", PolicyDocument=of_service("ecs-tasks", "ecs"))
    yield call("UpdateRole", RoleName="orders-task", Description="Tasks of the service orders")
    yield call("TagPolicy", PolicyArn=assets, Tags=[{"Key": "team", "Value": "shop"}])


def destroyed(account, caller, name):
    """`terraform destroy` of a preview environment."""

    def call(action, failure=None, **request):
        return account.call(caller, action, failure, **request)

    yield call("DetachRolePolicy", RoleName=name, PolicyArn=AWS + "CloudWatchAgentServerPolicy")
    yield call("DeleteRolePolicy", RoleName=name, PolicyName="bucket")
    in_use = "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first."
    yield call("DeleteRole", in_use, RoleName=name)
    yield call("RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=name)
    yield call("DeleteInstanceProfile", InstanceProfileName=name)
    yield call("DeleteRole", RoleName=name)
    yield call("DeleteRole", RoleName=name)  # by a second job: it is gone


def cdk_stack(account, name, functions):
    """`cdk deploy`: CloudFormation creates functions with their roles, and lets services call them."""
    caller = account.cloudformation

    def call(action, **request):
        return account.call(caller, action, **request)

    tags = [{"Key": "aws-cdk:stack", "Value": name}]
    for number in range(functions):
        role = f"{name}-Function{number}ServiceRole-{'BXK7R2QM'[number:]}{number}A"
        yield call("CreateRole", RoleName=role, AssumeRolePolicyDocument=of_service("lambda"), Tags=tags)
        yield call("AttachRolePolicy", RoleName=role, PolicyArn=AWS + "service-role/AWSLambdaBasicExecutionRole")
        table = allow(["dynamodb:BatchGetItem", "dynamodb:Query"], f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}-Table-1K2J3")
        yield call("PutRolePolicy", RoleName=role, PolicyName=f"Function{number}ServiceRoleDefaultPolicy", PolicyDocument=document(table))
        yield called_by_service(caller, f"{name}-Function{number}", "events.amazonaws.com", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}")
    yield bucket_policy(caller, f"{name.lower()}-bucket-1a2b3c", f"arn:aws:iam::{ACCOUNT}:role/{name}-Function0ServiceRole")
    yield queue_policy(caller, f"{name}-Queue", "events.amazonaws.com", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}")
    yield topic_policy(caller, f"{name}-Topic", "cloudwatch.amazonaws.com")


def rolled_back(account, name):
    """A deployment that fails, and is taken back."""

    def call(action, failure=None, **request):
        return account.call(account.cloudformation, action, failure, **request)

    role = f"{name}-HandlerServiceRole-9Z8Y7X"
    yield call("CreateRole", RoleName=role, AssumeRolePolicyDocument=of_service("lambda"))
    yield call("AttachRolePolicy", RoleName=role, PolicyArn=AWS + "service-role/AWSLambdaBasicExecutionRole")
    yield call("PutRolePolicy", RoleName=role, PolicyName="HandlerDefaultPolicy", PolicyDocument=document(allow("s3:GetObject", "arn:aws:s3:::acme-assets/*")))
    yield call("CreateRole", RoleName="orders-task", AssumeRolePolicyDocument=of_service("ecs-tasks"))  # the name is taken
    yield call("DeleteRolePolicy", RoleName=role, PolicyName="HandlerDefaultPolicy")
    yield call("DetachRolePolicy", RoleName=role, PolicyArn=AWS + "service-role/AWSLambdaBasicExecutionRole")
    yield call("DeleteRole", RoleName=role)


def merge(account, number):
    """A merge into the main branch of the shop: a job of GitHub Actions deploys."""
    caller, app = account.deploy(19400 + number), ("checkout", "orders", "search", "mailer", "invoices", "carts")[number % 6]
    tags = [{"Key": "release", "Value": f"2026-11-17.{number}"}]
    yield account.call(caller, "TagRole", RoleName=f"{app}-task", Tags=tags)
    if number % 2:
        yield called_by_service(caller, f"{app}-webhook", "apigateway.amazonaws.com", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3/*")
    else:
        actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"]
        policy = document(allow(actions, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{app}-*"))
        yield account.call(caller, "PutRolePolicy", RoleName=f"{app}-task", PolicyName="jobs", PolicyDocument=policy)


# --- resources ------------------------------------------------------------------------------------------------


def called_by_service(caller, function, service_name, source):
    request = {"functionName": function, "statementId": "AllowService", "action": "lambda:InvokeFunction"}
    request |= {"principal": service_name, "sourceArn": source}
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    statement = {"Sid": "AllowService", "Effect": "Allow", "Principal": {"Service": service_name}, "Action": "lambda:InvokeFunction"}
    response = {"statement": json.dumps(statement | {"Resource": arn})}
    return other(caller, "lambda", "AddPermission20150331v2", request, response)


def bucket_policy(caller, bucket, reader):
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    secure = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources}
    secure |= {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    reads = {"Effect": "Allow", "Principal": {"AWS": reader}, "Action": ["s3:GetObject*", "s3:List*"], "Resource": resources}
    policy = {"Version": "2012-10-17", "Statement": [secure, reads]}
    host = f"{bucket}.s3.{REGION}.amazonaws.com"
    return other(caller, "s3", "PutBucketPolicy", {"bucketName": bucket, "Host": host, "policy": "", "bucketPolicy": policy})


def private_bucket(caller, bucket):
    block = {"RestrictPublicBuckets": True, "BlockPublicPolicy": True, "BlockPublicAcls": True, "IgnorePublicAcls": True}
    configuration = {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"} | block
    request = {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com", "publicAccessBlock": ""}
    return other(caller, "s3", "PutBucketPublicAccessBlock", request | {"PublicAccessBlockConfiguration": configuration})


def queue_policy(caller, queue, service_name, source):
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
    statement = {"Effect": "Allow", "Principal": {"Service": service_name}, "Action": "sqs:SendMessage", "Resource": arn}
    policy = document(statement | {"Condition": {"ArnEquals": {"aws:SourceArn": source}}})
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}"
    return other(caller, "sqs", "SetQueueAttributes", {"queueUrl": url, "attributes": {"Policy": policy}})


def topic_policy(caller, topic, service_name):
    arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"
    statement = {"Effect": "Allow", "Principal": {"Service": service_name}, "Action": "sns:Publish", "Resource": arn}
    policy = document(statement | {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}})
    return other(caller, "sns", "SetTopicAttributes", {"topicArn": arn, "attributeName": "Policy", "attributeValue": policy})


def key_policy(caller):
    key = "6d9a1f0e-5f0e-4a52-8a4f-0c1f4a526c1e"
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    use = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app/orders-task"}, "Action": "kms:Decrypt", "Resource": "*"}
    request = {"keyId": key, "policyName": "default", "policy": document(own, use), "bypassPolicyLockoutSafetyCheck": False}
    return other(caller, "kms", "PutKeyPolicy", request)


def grant(caller, grantee):
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/6d9a1f0e-5f0e-4a52-8a4f-0c1f4a526c1e"
    operations = ["Decrypt", "Encrypt", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "CreateGrant"]
    request = {"keyId": key, "granteePrincipal": grantee, "operations": operations}
    return other(caller, "kms", "CreateGrant", request, {"grantId": "0d8aa621-43ef-4657-b29c-3752c41dc132", "keyId": key})


# --- people ---------------------------------------------------------------------------------------------------


def lost_phone(account, name):
    """The help desk takes the lost device away, and registers the new one together with its owner."""
    caller = account.help_desk
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/{name}"
    yield account.call(caller, "DeactivateMFADevice", UserName=name, SerialNumber=serial)
    yield account.call(caller, "DeleteVirtualMFADevice", SerialNumber=serial)
    yield account.call(caller, "CreateVirtualMFADevice", VirtualMFADeviceName=f"{name}-2")
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    call = account.call(caller, "EnableMFADevice", UserName=name, SerialNumber=f"{serial}-2", **codes)
    call.request = {"userName": name, "serialNumber": f"{serial}-2"}
    yield call


def reset_password(account, caller, name):
    return account.call(caller, "UpdateLoginProfile", UserName=name, Password="correct horse 7 Battery", PasswordResetRequired=True)


def rotation(account, name, **how):
    """A new key, then the old one is deactivated, and deleted when nothing failed."""
    caller, old = account.user(name, **how), account.people[name].key
    yield account.call(caller, "CreateAccessKey", UserName=name)
    yield account.call(caller, "UpdateAccessKey", UserName=name, AccessKeyId=old, Status="Inactive")
    yield account.call(caller, "DeleteAccessKey", UserName=name, AccessKeyId=old)


def curious(account):
    """A developer tries what the console offers, and may not."""
    caller, users = account.curious, f"arn:aws:iam::{ACCOUNT}:user/"
    for name, resource in (
        ("CreateUser", users + "test"),
        ("CreateUser", users + "test"),
        ("CreateAccessKey", users + "fay"),
        ("AttachUserPolicy", users + "fay"),
        ("CreateRole", f"arn:aws:iam::{ACCOUNT}:role/test"),
        ("PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/app/orders-task"),
    ):
        yield Call(caller, "iam", name, {"userName": "x"}, failure=denied(caller, f"iam:{name}", resource))


def leaver(account, name):
    """Somebody leaves the company."""
    person = account.people[name]

    def call(action, **request):
        return account.call(account.alice, action, UserName=name, **request)

    yield call("DeleteLoginProfile")
    yield call("UpdateAccessKey", AccessKeyId=person.key, Status="Inactive")
    yield call("DeleteAccessKey", AccessKeyId=person.key)
    yield call("DeactivateMFADevice", SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/{name}")
    yield call("RemoveUserFromGroup", GroupName="Engineers")
    yield call("DeleteUser")


def assigned(account, set, group):
    """An assignment in IAM Identity Center, and what it writes into the account: the role of the permission set."""
    request = account.assignment(set, group)
    lowered = {name[:1].lower() + name[1:]: value for name, value in request.items()}
    status = {"accountAssignmentCreationStatus": lowered | {"status": "IN_PROGRESS", "requestId": "9dd4e461-268c-8034-f5c8-564e155c67a6"}}
    yield Call(account.alice, "sso", "CreateAccountAssignment", lowered, lambda: account.assign(set, group) and None, status, region=HOME)
    by_center, role = account.linked("SSO", "AWS-SSO"), f"AWSReservedSSO_{set}_0f1e2d3c4b5a6978"
    yield account.call(by_center, "CreateRole", RoleName=role, Path=RESERVED, AssumeRolePolicyDocument=OF_CENTER)
    yield account.call(by_center, "AttachRolePolicy", RoleName=role, PolicyArn=AWS + "ReadOnlyAccess")


def joiner(account):
    """A new colleague: a user of IAM Identity Center, who joins the group of all readers."""
    store = account.store_id
    profile = {"UserName": "nora@acme.example", "DisplayName": "Nora Nilsen", "Name": {"GivenName": "Nora", "FamilyName": "Nilsen"}}

    def create():
        account.joiner = account.store.create_user(IdentityStoreId=store, **profile)["UserId"]
        return {"userId": account.joiner, "identityStoreId": store}

    yield Call(account.help_desk, "identitystore", "CreateUser", {"identityStoreId": store, "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}, create, region=HOME)

    def join():
        group = account.groups["readers"]
        member = {"identityStoreId": store, "groupId": group, "memberId": {"userId": account.joiner}}
        make = lambda: account.store.create_group_membership(IdentityStoreId=store, GroupId=group, MemberId={"UserId": account.joiner})  # noqa: E731
        return Call(account.help_desk, "identitystore", "CreateGroupMembership", member, make, region=HOME)

    yield join


# --- workloads ------------------------------------------------------------------------------------------------


def karpenter(account, number):
    """Karpenter makes the instance profile of a pool of nodes, and removes that of a former one."""
    name = f"acme_{1763366400 + number}_node"

    def call(action, **request):
        return account.call(account.karpenter, action, InstanceProfileName=name, **request)

    yield call("CreateInstanceProfile", Tags=[{"Key": "karpenter.sh/nodepool", "Value": f"pool-{number}"}])
    yield call("AddRoleToInstanceProfile", RoleName="node")
    if number % 2:
        yield call("RemoveRoleFromInstanceProfile", RoleName="node")
        yield call("DeleteInstanceProfile")


def linked_role(account, name, caller=None):
    """A service makes its service-linked role when it is first used."""
    caller = caller or service(f"{name}.amazonaws.com")
    return account.call(caller, "CreateServiceLinkedRole", AWSServiceName=f"{name}.amazonaws.com")


# --- the day --------------------------------------------------------------------------------------------------


def quiet(account, seed=18, whole=True):
    """The calls of the day, in the order of their times."""
    steps = Steps(seed, whole)
    nightly, morning, noon, late = (account.terraform(run) for run in (88120, 88131, 88140, 88152))
    alice = account.alice

    def tags(caller, drift):
        for app in ("checkout", "orders", "search", "mailer", "invoices", "carts"):
            yield account.call(caller, "TagRole", RoleName=f"{app}-task", Tags=[{"Key": "cost-center", "Value": drift}])
            yield account.call(caller, "UntagRole", RoleName=f"{app}-task", TagKeys=["cost-centre"])
        yield account.call(caller, "TagPolicy", PolicyArn=account.artifacts, Tags=[{"Key": "cost-center", "Value": drift}])

    # the night
    steps.cluster("01:10", [account.call(account.linked("Backup", "Backup"), "TagRole", made=False, RoleName="orders-task")])
    steps.cluster("02:00", tags(nightly, "4711"))
    backups = account.linked("Backup", "AWSBackup-AWSServiceRoleForBackup")
    steps.cluster("03:00", (grant(backups, f"backup.{REGION}.amazonaws.com") for _ in range(8)), (20, 90))
    heartbeat = "iam-security-alerts-heartbeat"
    beats = account.call(service("scheduler.amazonaws.com"), "TagRole", RoleName=heartbeat, Tags=[{"Key": "heartbeat", "Value": "2026-11-17"}])
    steps.cluster("04:17", [beats])
    # all day
    scaling = account.linked("AutoScaling", "AutoScaling")
    for hour in range(24):
        steps.cluster(at(f"{hour:02}:{steps.random.randrange(60):02}"), (grant(scaling, scaling.arn) for _ in range(2)), (2, 30), again=hour % 8 != 0)
    for number in range(8):
        steps.cluster(f"{6 + 2 * number:02}:{steps.random.randrange(50):02}", karpenter(account, number), again=number > 1)
    for number in range(14):
        steps.cluster(at(f"{8 + number * 45 // 60:02}:{number * 45 % 60:02}:20"), merge(account, number), again=number > 3)
    # the morning
    for minute, name in enumerate(("dana", "emil", "fay", "gus", "hana", "ops-carol")):
        steps.cluster(f"08:{41 + 3 * minute:02}:{7 * minute:02}", [sign_in(account, name, "Yes")])
    steps.slowly("08:43", [sign_in(account, "emil", "No", "Failure"), sign_in(account, "emil", "No", "Failure")])
    steps.cluster("08:52", [sign_in(account, "hana", "Yes", "Failure")])
    for number, name in enumerate(("dana", "gus")):
        change = account.call(account.user(name, mfa=True, console=True), "ChangePassword", made=False)
        steps.cluster(f"09:0{number + 2}", [change])
    steps.cluster("09:15", new_service(account, morning, "returns"))
    steps.slowly("09:50", assigned(account, "ViewOnly", "auditors"))
    steps.slowly("10:05", joiner(account))
    steps.cluster("10:12", [reset_password(account, account.help_desk, "emil")])
    steps.cluster("10:16", [account.call(account.user("emil", console=True), "ChangePassword", made=False)])
    steps.cluster("10:30", refactoring(account, morning))
    resync = account.call(account.help_desk, "ResyncMFADevice", made=False, UserName="hana", SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/hana")
    steps.cluster("10:52", [resync])
    steps.cluster("11:00", cdk_stack(account, "Reports", 5))
    steps.slowly("11:20", rotation(account, "dana", mfa=True))
    steps.cluster("11:40", [linked_role(account, "rds"), linked_role(account, "ecs", noon)], (30, 60))
    # the afternoon
    data = account.user("gus", mfa=True)
    steps.slowly("13:05", [bucket_policy(data, "acme-reports", f"arn:aws:iam::{ACCOUNT}:role/app/invoices-task"), private_bucket(data, "acme-reports")])
    steps.slowly("13:12", [key_policy(alice), grant(alice, f"arn:aws:iam::{ACCOUNT}:role/app/orders-task")])
    steps.slowly("13:20", [queue_policy(data, "imports", "s3.amazonaws.com", "arn:aws:s3:::acme-reports"), topic_policy(data, "reports-done", "s3.amazonaws.com")])
    for number, name in enumerate(("preview-114", "preview-115", "preview-117")):
        steps.cluster(f"13:{40 + 6 * number}", destroyed(account, noon, name), again=number > 1)
    steps.slowly("14:00", (account.call(alice, "TagUser", UserName=name, Tags=[{"Key": "team", "Value": "shop"}]) for name in ("dana", "emil", "fay", "gus", "hana")))
    steps.slowly("14:08", (account.call(alice, "UpdateRole", RoleName=f"{app}-task", MaxSessionDuration=3600) for app in ("orders", "carts", "search")))
    steps.cluster("14:20", cdk_stack(account, "Exports", 6), again=True)
    steps.cluster("14:45", new_service(account, noon, "loyalty"))
    steps.slowly("15:10", leaver(account, "leo"))
    steps.slowly("15:20", lost_phone(account, "gus"))
    entry = {"name": "acme", "principalArn": f"arn:aws:iam::{ACCOUNT}:role/audit", "type": "STANDARD"}
    steps.cluster("15:30", [other(alice, "eks", "CreateAccessEntry", entry, {"accessEntry": {"clusterName": "acme"} | entry})])
    steps.cluster("15:45", rolled_back(account, "Ledger"))
    steps.cluster("16:05", cdk_stack(account, "Ledger", 7), again=True)
    steps.cluster("16:30", curious(account), (8, 30))
    steps.slowly("16:50", rotation(account, "hana", mfa=True))
    steps.cluster("17:10", new_service(account, late, "vouchers"), again=True)
    steps.cluster("17:40", tags(late, "4712"), again=True)
    delete = account.call(alice, "DeleteServiceLinkedRole", made=False, RoleName="AWSServiceRoleForRDS")
    steps.cluster("17:55", [delete])
    steps.cluster("22:00", tags(account.terraform(88160), "4713"), again=True)
    return sorted(steps, key=lambda step: step[0])


def earlier(account):
    """What everybody did three weeks ago who acts on the day: one call each."""
    steps = Steps(1)

    def call(caller, action, **request):
        return account.call(caller, action, made=False, **request)

    for caller in (account.terraform(87001), account.deploy(18001), account.cloudformation, account.alice, account.karpenter):
        steps.append(call(caller, "TagRole", RoleName="orders-task", Tags=[{"Key": "a", "Value": "b"}]))
    steps.append(call(account.help_desk, "ResyncMFADevice", UserName="fay", SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/fay"))
    for name in ("dana", "emil", "fay", "gus", "hana", "ops-carol"):
        steps.append(call(account.user(name, mfa=True, console=True), "ChangePassword"))
    steps.append(call(account.user("ci-legacy"), "TagUser", UserName="ci-legacy", Tags=[{"Key": "a", "Value": "b"}]))
    return [(EARLIER + timedelta(minutes=10 * number), step) for number, step in enumerate(steps)]
