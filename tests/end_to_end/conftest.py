"""The account that the tests find in moto, and a function, a wire and a mailbox for each test."""

import copy
import gc
import json
import logging
import os
import threading
from itertools import count
from types import SimpleNamespace

import boto3
import moto.dynamodb.models as moto_dynamodb
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from stage import REGION, Function, History, Mailbox, Person, Wire

#: In every policy that we write: it may not be seen in a log.
IN_POLICIES = "OnlyInPolicies"


def policy(*actions):
    statement = {"Sid": IN_POLICIES, "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def managed_policy(iam, name, *actions):
    """A customer managed policy, by its ARN."""
    return iam.create_policy(PolicyName=name, PolicyDocument=policy(*actions))["Policy"]["Arn"]


def copying_each_table_once():
    """Lets moto copy a table once for a transaction. It copies the whole table again for each item of the transaction,
    before it writes any, and that takes longer than a function waits if a table is large and five functions ask."""
    backend, copies = moto_dynamodb.DynamoDBBackend, threading.local()
    transact, deepcopy = backend.transact_write_items, copy.deepcopy

    def transact_write_items(self, transact_items):
        copies.of_table = {}
        try:
            return transact(self, transact_items)
        finally:
            del copies.of_table

    def once(value, *more):
        of_table = getattr(copies, "of_table", None)
        if of_table is None or not isinstance(value, moto_dynamodb.Table):
            return deepcopy(value, *more)
        if id(value) not in of_table:
            of_table[id(value)] = deepcopy(value, *more)
        return of_table[id(value)]

    backend.transact_write_items = transact_write_items
    moto_dynamodb.copy = SimpleNamespace(deepcopy=once, copy=copy.copy)


@pytest.fixture(scope="session")
def aws():
    """moto, with clients that reach it without the wire."""
    copying_each_table_once()
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["NO_PROXY"] = "127.0.0.1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "{}:{}".format(*server.get_host_and_port())
    session = boto3.Session("test", "test", region_name=REGION)
    clients = {name: session.client(name, endpoint_url=f"http://{address}") for name in ("events", "iam", "securityhub", "sns", "sqs", "ssm")}
    dynamodb = session.resource("dynamodb", endpoint_url=f"http://{address}")
    clients["securityhub"].enable_security_hub()
    # The policies of AWS stay until the end: without them, a garbage collection does not hold up moto's answers.
    clients["iam"].list_policies(MaxItems=1)
    # moto loads Systems Manager with the first call, and answers nobody meanwhile.
    clients["ssm"].describe_parameters()
    gc.freeze()
    yield SimpleNamespace(address=address, dynamodb=dynamodb, **clients)
    server.stop()


@pytest.fixture(scope="session")
def account(aws):
    """The account acme-prod.

    ops-carol is an administrator through the group Admins; the role deployer can change IAM by a customer managed
    policy; deploy-bot has just been created, has an access key, and is an administrator through an inline policy
    of the group Bots; build-bot is in the group Builders, which has a customer managed policy; idle-bot has nothing.
    """
    iam = aws.iam
    iam.create_account_alias(AccountAlias="acme-prod")

    def user(name, group=None, **more):
        user_id = iam.create_user(UserName=name, **more)["User"]["UserId"]
        if group:
            iam.add_user_to_group(GroupName=group, UserName=name)
        return Person(name, user_id, iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"])

    for group in ("Admins", "Bots", "Builders"):
        iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName="Admins", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_group_policy(GroupName="Bots", PolicyName="everything", PolicyDocument=policy("*"))
    iam.attach_group_policy(GroupName="Builders", PolicyArn=managed_policy(iam, "artifacts", "s3:GetObject"))

    role = iam.create_role(
        RoleName="deployer",
        Path="/ci/",
        Description="Deploys from the pipeline",
        AssumeRolePolicyDocument=trust({"AWS": "*"}),
        Tags=[{"Key": "team", "Value": "delivery"}],
    )["Role"]
    iam.attach_role_policy(RoleName="deployer", PolicyArn=managed_policy(iam, "manage-users", "iam:*"))
    iam.put_role_policy(RoleName="deployer", PolicyName="read-logs", PolicyDocument=policy("logs:GetLogEvents"))

    return SimpleNamespace(
        carol=user("ops-carol", "Admins", Tags=[{"Key": "team", "Value": "platform"}]),
        deploy_bot=user("deploy-bot", "Bots"),
        build_bot=user("build-bot", "Builders"),
        idle_bot=Person("idle-bot", iam.create_user(UserName="idle-bot")["User"]["UserId"]),
        role=SimpleNamespace(name="deployer", arn=role["Arn"], id=role["RoleId"]),
    )


@pytest.fixture
def wire(aws):
    wire = Wire(aws.address)
    yield wire
    wire.close()


@pytest.fixture
def mailbox(aws, numbers=count(1)):
    return Mailbox(aws, f"alerts-{next(numbers)}")


@pytest.fixture
def security_hub(aws):
    """What Security Hub has, as a function. It is empty."""
    aws.securityhub.disable_security_hub()
    aws.securityhub.enable_security_hub()

    def findings():
        pages = aws.securityhub.get_paginator("get_findings").paginate()
        return [finding for page in pages for finding in page["Findings"]]

    return findings


@pytest.fixture
def history(aws, numbers=count(1)):
    """A history of its own. Its settings make a function use it."""
    return History(aws, f"history-{next(numbers)}")


@pytest.fixture
def start(account, wire, mailbox, tmp_path):
    """Starts a function, with these settings besides the usual ones."""
    functions = []

    def start(**settings):
        functions.append(Function(wire, mailbox.topic, tmp_path / f"function-{len(functions)}.log", settings))
        return functions[-1]

    yield start
    for function in functions:
        function.close()
