"""The doctor, at stacks in moto: a healthy one, and one fault at a time.

moto deploys no SAM template. So each part that the doctor looks at is made here, with the event patterns and names of the
template. moto has no metrics of Lambda and EventBridge, and no state ALARM of its own: both are set.
"""

import hashlib
import io
import json
import os
import subprocess
import zipfile
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from types import SimpleNamespace

import boto3
import pytest
from stage import ACCOUNT, BUILT, REFERENCES, REGION, Reply, refusal, refusal_by_rest, refusal_in_json, resolved

DOCTOR = BUILT / "examples" / "doctor"
TOOL = BUILT / "examples" / "iam-security-alert-tool"
EMAIL = "soc@acme.example"
#: The alarms of a stack without options.
ALARMS = ("Errors", "Failed", "FailedInvocations", "Lookup", "Lost", "Readers", "Schedule", "Throttles", "Undelivered", "Verification")


def arn(service, resource, region=REGION):
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


class Stack:
    """What the template makes, as far as the doctor looks at it."""

    def __init__(self, aws, template, history, name, topic):
        self.name, self.topic, self.history, self.aws = name, topic, history, aws
        self.function = f"{name}-AlertFunction-1A"
        session = boto3.Session("test", "test", region_name=REGION)
        at = {"endpoint_url": f"http://{aws.address}"}
        for service in ("cloudformation", "cloudtrail", "cloudwatch", "events", "lambda", "s3", "sns", "sqs"):
            setattr(self, service, session.client(service, **at))
        self.queues = {kind: f"{name}-{kind}Queue-1A" for kind in ("Undelivered", "Failed")}
        for queue in self.queues.values():
            self.sqs.create_queue(QueueName=queue)
        for each in (topic, f"{topic}-health"):
            self.sns.create_topic(Name=each)
            self.sns.subscribe(TopicArn=arn("sns", each), Protocol="email", Endpoint=EMAIL)
        self.make_rules(template)
        for alarm in ALARMS:
            self.cloudwatch.put_metric_alarm(
                AlarmName=f"{name}-{alarm}Alarm-1A",
                AlarmDescription="First look at this.\nThen run that.",
                AlarmActions=[arn("sns", f"{topic}-health")],
                Namespace="IamSecurityAlert",
                MetricName=alarm,
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
            )
        self.make_function()
        outputs = {"AlertFunctionName": {"Value": self.function}}
        body = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": outputs}
        self.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(body))
        self.trail = f"{name}-trail"
        self.s3.create_bucket(Bucket=self.trail)
        self.cloudtrail.create_trail(Name=self.trail, S3BucketName=self.trail, IsMultiRegionTrail=True)
        self.cloudtrail.start_logging(Name=self.trail)
        self.select(ReadWriteType="All", IncludeManagementEvents=True)
        self.beat(ACCOUNT, hours=5)
        self.measure("AWS/Lambda", "Invocations", "FunctionName", self.function)
        self.measure("AWS/Events", "MatchedEvents", "RuleName", f"{topic}-iam")

    def make_rules(self, template):
        copy = {"ALERT_EMAIL": EMAIL, "MODE": "alert", "RESERVED_CONCURRENCY": "0", "HISTORY_TABLE": self.history.table.name}
        copy = json.dumps({"source": "aws.events", "settings": copy})
        for rule in template["Resources"].values():
            if rule["Type"] != "AWS::Events::Rule" or "Condition" in rule:
                continue
            rule = rule["Properties"]
            name, target = resolved(rule["Name"]), {"Id": "AlertFunction", "Arn": arn("lambda", f"function:{self.function}")}
            if "EventPattern" in rule:
                when = {"EventPattern": json.dumps(resolved(rule["EventPattern"]))}
            else:
                when, target["Input"] = {"ScheduleExpression": "rate(1 minute)"}, copy
            if name.endswith("-tampering"):
                target["Arn"] = arn("sns", f"{self.topic}-health")
            self.events.put_rule(Name=name, State="ENABLED", **when)
            self.events.put_targets(Rule=name, Targets=[target])

    def make_function(self, **more):
        rules = [arn("events", f"rule/{self.topic}-{rule}") for rule in self.rules()]
        own = [arn("sns", f"{self.topic}-health"), *(arn("sqs", queue) for queue in self.queues.values()), *rules]
        own += [arn("logs", f"log-group:/aws/lambda/{self.name}"), arn("cloudwatch", f"alarm:{self.name}-*")]
        settings = {
            "ALERT_TOPIC_ARN": arn("sns", self.topic),
            "OWN_RESOURCES": ",".join(own),
            "HEARTBEAT_ROLE": f"{self.topic}-heartbeat",
            "MODE": "alert",
        }
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as file:
            file.writestr("bootstrap", "")
        self.lambda_ = getattr(self, "lambda")
        self.settings = settings | self.history.settings
        self.lambda_.create_function(
            FunctionName=self.function,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=self.role(),
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": self.settings},
        )

    def role(self):
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        return self.aws.iam.create_role(RoleName=f"{self.name}-AlertRole", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    @staticmethod
    def rules():
        return ("iam", "self-protection", "sign-in", "other-doors", "root", "schedule", "tampering")

    def set(self, **variables):
        """Changes variables of the function."""
        variables = {"Variables": self.settings | variables}
        self.lambda_.update_function_configuration(FunctionName=self.function, Environment=variables)

    def select(self, **selector):
        self.cloudtrail.put_event_selectors(TrailName=self.trail, EventSelectors=[selector])

    def beat(self, account, hours):
        """The last heartbeat of an account, so many hours ago."""
        last = datetime.now(timezone.utc) - timedelta(hours=hours)
        expires = Decimal(int((last + timedelta(days=30)).timestamp()))
        self.history.put("HEARTBEAT", account, lastAt=last.strftime("%Y-%m-%dT%H:%M:%SZ"), expiresAt=expires)

    def measure(self, namespace, metric, dimension, value):
        now = datetime.now(timezone.utc) - timedelta(minutes=2)
        data = {"MetricName": metric, "Dimensions": [{"Name": dimension, "Value": value}], "Timestamp": now, "Value": 3}
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[data])

    def remove(self):
        self.cloudtrail.delete_trail(Name=self.trail)


@pytest.fixture
def stack(aws, template, history, monkeypatch, numbers=count(1)):
    number = next(numbers)
    name, topic = f"patient-{number}", f"patient-alerts-{number}"
    references = {"AlertTopicName": topic, "AWS::StackName": name, "AlertTopic": arn("sns", topic)}
    for reference, value in references.items():
        monkeypatch.setitem(REFERENCES, reference, value)
    stack = Stack(aws, template, history, name, topic)
    yield stack
    stack.remove()


@pytest.fixture
def doctor(wire, stack):
    """What the doctor prints, and its exit status."""

    def run(*options, command=(DOCTOR,), **variables):
        environment = {"AWS_ENDPOINT_URL": wire.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        environment |= {"AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"} | variables
        options = options or ("--stack", stack.name)
        done = subprocess.run([*command, *options], env=environment, capture_output=True, text=True, timeout=60)
        assert not done.stderr or done.returncode == 2, done.stderr
        return SimpleNamespace(text=done.stdout, status=done.returncode, errors=done.stderr)

    return run


def wrong(report):
    """The lines that are not OK, and what is below them. moto keeps no termination protection: its note is not here."""
    lines = [line for line in report.text.split("\n\n")[0].splitlines() if not line.startswith("OK")]
    return [line for line in lines if "ermination" not in line]


def test_a_healthy_stack(doctor, stack):
    report = doctor()
    assert (report.status, wrong(report)) == (0, []), report.text
    checks = [line[4:18].strip() for line in report.text.split("\n\n")[0].splitlines() if line.startswith("OK")]
    assert checks == [
        "credentials", "region", "stack", "function", "settings", "rules", "trail", "mails", "health mails", "alarms",
        "undelivered", "failed", "runs", "events", "history", "heartbeat",
    ]  # fmt: skip
    assert f"account {ACCOUNT}, as arn:aws:" in report.text
    assert "7 rules: enabled, with the event patterns and targets of this version" in report.text
    assert report.text.endswith("\nEverything that was checked works.\n")
    # By its function, as a stack is found that CloudFormation did not deploy; and by the tool of a release.
    by_function = doctor("--function", stack.function, command=(TOOL, "doctor"))
    assert by_function.status == 0 and "stack " not in by_function.text.splitlines()[2], by_function.text


def test_a_stack_that_is_not_there_is_looked_for_where_the_doctor_says(doctor, stack):
    report = doctor("--stack", "nobody")
    assert report.status == 1
    assert wrong(report) == [
        "!!  stack         There is no stack nobody in us-east-1.",
        f"                  Looked in account {ACCOUNT}. Another account: AWS_PROFILE. Another region: --region REGION.",
        "                  Another name: --stack NAME. A stack that was not deployed by CloudFormation: --function NAME.",
    ]
    elsewhere = doctor("--stack", stack.name, "--region", "eu-west-1")
    assert elsewhere.status == 1
    assert wrong(elsewhere)[:3] == [
        "!!  region        In eu-west-1, no events of IAM arrive: they arrive in us-east-1 only.",
        "                  Look there: --region us-east-1",
        f"!!  stack         There is no stack {stack.name} in eu-west-1.",
    ]
    other = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    stack.cloudformation.create_stack(StackName=f"{stack.name}-other", TemplateBody=other)
    another = doctor("--stack", f"{stack.name}-other")
    assert another.status == 1 and "has no output AlertFunctionName, so it is another stack" in another.text, another.text
    function = doctor("--function", "nobody")
    assert function.status == 1 and "!!  function      The function does not exist in us-east-1." in function.text


def disabled_rule(stack):
    stack.events.disable_rule(Name=f"{stack.topic}-iam")
    return (
        f"!!  rules         The EventBridge rule {stack.topic}-iam is disabled.",
        f"                  aws events enable-rule --region us-east-1 --name {stack.topic}-iam",
    )


def deleted_rule(stack):
    stack.events.remove_targets(Rule=f"{stack.topic}-root", Ids=["AlertFunction"])
    stack.events.delete_rule(Name=f"{stack.topic}-root")
    return f"!!  rules         The EventBridge rule {stack.topic}-root does not exist.", "Deploy a second stack under another name"


def unsubscribed(stack):
    for subscription in stack.sns.list_subscriptions_by_topic(TopicArn=arn("sns", stack.topic))["Subscriptions"]:
        stack.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    return (
        "!!  mails         The alert topic has no confirmed subscription: nobody gets the alerts.",
        f"                  aws sns subscribe --region us-east-1 --topic-arn {arn('sns', stack.topic)} --protocol email "
        f"--notification-endpoint {EMAIL}",
    )


def stopped_trail(stack):
    stack.cloudtrail.stop_logging(Name=stack.trail)
    trail = arn("cloudtrail", f"trail/{stack.trail}")
    return (
        f"!!  trail         The trail {trail} is stopped: there are no alerts.",
        f"                  aws cloudtrail start-logging --region us-east-1 --name {trail}",
    )


def trail_of_reads(stack):
    stack.select(ReadWriteType="ReadOnly", IncludeManagementEvents=True)
    return "logs only management events that read: calls that change access make no alerts.", "select Read and Write"


def trail_of_data(stack):
    stack.select(ReadWriteType="All", IncludeManagementEvents=False)
    return "logs no management events: there are no alerts.", "select Read and Write"


def no_trail(stack):
    stack.cloudtrail.stop_logging(Name=stack.trail)
    stack.cloudtrail.delete_trail(Name=stack.trail)
    stack.remove = lambda: None
    return "!!  trail         The account has no trail: EventBridge gets no events of IAM", "CreateTrail=true"


def waiting_events(stack):
    queue = stack.sqs.get_queue_url(QueueName=stack.queues["Undelivered"])["QueueUrl"]
    for _ in range(2):
        stack.sqs.send_message(QueueUrl=queue, MessageBody="{}")
    stack.sqs.receive_message(QueueUrl=queue, VisibilityTimeout=300)
    return (
        f"!!  undelivered   2 messages in the queue {stack.queues['Undelivered']}: EventBridge could not deliver them",
        f"describe-stacks --region us-east-1 --stack-name {stack.name} --query \"Stacks[0].Outputs[?OutputKey=='ReplayUndelivered']",
    )


def late_heartbeat(stack):
    stack.beat(ACCOUNT, hours=50)
    return (
        "!!  heartbeat     The last one came 2 days ago (",
        f"                  aws iam list-role-tags --role-name {stack.topic}-heartbeat",
    )


def lost_history(stack):
    stack.history.table.delete()
    return f"!!  history       The table {stack.history.table.name} does not exist", "Restore it from a backup"


def alarms_without_actions(stack):
    stack.cloudwatch.disable_alarm_actions(AlarmNames=[f"{stack.name}-ErrorsAlarm-1A"])
    return (
        f"!!  alarms        The alarm {stack.name}-ErrorsAlarm-1A has its actions disabled.",
        f"                  aws cloudwatch enable-alarm-actions --region us-east-1 --alarm-names {stack.name}-ErrorsAlarm-1A",
    )


def ringing_alarm(stack):
    stack.cloudwatch.set_alarm_state(AlarmName=f"{stack.name}-LostAlarm-1A", StateValue="ALARM", StateReason="1 >= 1")
    return (
        f"!!  alarms        The alarm {stack.name}-LostAlarm-1A is in the state ALARM. Its description:\n"
        "                  First look at this.\n                  Then run that.\n",
    )


def quiet_settings(stack):
    stack.set(MODE="observe")
    return "!!  settings      The variable MODE of the function is observe; deployed was alert.", "deploy the stack again"


def no_concurrency(stack):
    stack.lambda_.put_function_concurrency(FunctionName=stack.function, ReservedConcurrentExecutions=0)
    return (
        "!!  concurrency   The reserved concurrency of the function is 0; deployed was none.",
        "aws lambda delete-function-concurrency --region us-east-1 --function-name",
    )


def bad_setting(stack):
    stack.set(MINIMUM_SEVERITY="loud")
    return '!!  settings      The function cannot start: MINIMUM_SEVERITY is "loud" in one place', "Deploy the stack again"


def bad_expectation(stack):
    text = f"expectations:\n  - who: {arn('iam', 'role/deployer', '')}\n    why: x\n    upto: HIGH\n"
    stack.aws.ssm.put_parameter(Name=f"/{stack.topic}/expectations/main", Value=text, Type="String")
    return f'The parameter /{stack.topic}/expectations/main is not valid: line 4: "upto"', "last valid version counts"


FAULTS = [
    disabled_rule, deleted_rule, unsubscribed, stopped_trail, trail_of_reads, trail_of_data, no_trail, waiting_events,
    late_heartbeat, lost_history, alarms_without_actions, ringing_alarm, quiet_settings, no_concurrency, bad_setting,
    bad_expectation,
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_has_a_line_and_what_to_do(doctor, stack, fault):
    expected = fault(stack)
    report = doctor()
    assert report.status == 1, report.text
    for part in expected:
        assert part in report.text, report.text
    # Without the table, the heartbeats cannot be read either.
    marks = [line[:2] for line in wrong(report) if line[0] != " "]
    assert marks == (["!!", "??"] if fault is lost_history else ["!!"]), report.text


def pending(name):
    """SNS confirms nothing by itself. moto does, so what SNS answers is played."""
    member = (
        f"<member><TopicArn>{arn('sns', name)}</TopicArn><Protocol>email</Protocol><Owner>{ACCOUNT}</Owner>"
        f"<SubscriptionArn>PendingConfirmation</SubscriptionArn><Endpoint>{EMAIL}</Endpoint></member>"
    )
    return Reply(
        200,
        '<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ListSubscriptionsByTopicResult>'
        f"<Subscriptions>{member}</Subscriptions></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>",
    )


def test_subscriptions_that_are_not_confirmed(doctor, stack, wire):
    wire.instead = lambda call: pending(stack.topic) if call.action == "ListSubscriptionsByTopic" else None
    report = doctor()
    assert report.status == 1
    assert [line for line in wrong(report) if line.startswith("!!")] == [
        "!!  mails         The alert topic has no confirmed subscription: nobody gets the alerts.",
        "!!  health mails  The health topic has no confirmed subscription: nobody gets the alarms about the alerting.",
    ]
    assert report.text.count("AWS Notification - Subscription Confirmation") == 2
    assert f"--topic-arn {arn('sns', stack.topic)}-health --protocol email --notification-endpoint {EMAIL}" in report.text


def test_a_stack_whose_deployment_failed(doctor, stack, wire):
    def failed(call):
        if call.action != "DescribeStacks":
            return None
        state = "<StackStatus>ROLLBACK_COMPLETE</StackStatus><StackStatusReason>a &lt;b&gt; &amp; c\x7f</StackStatusReason>"
        return Reply(200, f"<DescribeStacksResponse><Stacks><member>{state}</member></Stacks></DescribeStacksResponse>")

    wire.instead = failed
    report = doctor()
    assert report.status == 1
    assert f"!!  stack         {stack.name} in us-east-1 is ROLLBACK_COMPLETE: a <b> & c\\u{{7f}}." in report.text
    assert "aws cloudformation describe-stack-events --region us-east-1" in report.text


def test_a_member_that_is_silent_is_named(doctor, stack):
    stack.set(READER_ROLE=f"{stack.topic}-reader", ORGANIZATION_ID="o-a1b2c3d4e5", ACCOUNT_NAMES="222233334444=acme-dev")
    stack.beat("222233334444", hours=60)
    stack.beat("333344445555", hours=6)
    report = doctor()
    line = "!!  members       1 member account sent no heartbeat for more than a day: 222233334444 acme-dev (2 days ago)."
    assert report.status == 1 and line in report.text, report.text


def test_without_credentials_nothing_is_checked_and_the_doctor_says_how_to_get_some(doctor, wire):
    wire.instead = lambda call: refusal("ExpiredToken") if call.action == "GetCallerIdentity" else None
    expired = doctor()
    assert expired.status == 3
    assert expired.text.startswith("??  credentials   There are no AWS credentials that work: ExpiredToken")
    for report in (expired, doctor(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", HOME="/nonexistent")):
        assert report.status == 3 and 'eval "$(aws configure export-credentials --format env)"' in report.text


def test_a_profile_of_identity_center_and_one_with_a_program(doctor, wire, tmp_path):
    key = {"accessKeyId": "ASIAOFSSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4_000_000_000_000}
    key = Reply(200, json.dumps({"roleCredentials": key}), "application/json")
    wire.instead = lambda call: key if call.action == "GetRoleCredentials" else None
    program = {"Version": 1, "AccessKeyId": "ASIAOFPROGRAM", "SecretAccessKey": "s", "SessionToken": "t"}
    (tmp_path / "program.json").write_text(json.dumps(program))
    (tmp_path / "config").write_text(
        "[profile sso]\nsso_session = acme\nsso_account_id = 123456789012\nsso_role_name = ReadOnly\n"
        "[sso-session acme]\nsso_region = us-east-1\nsso_start_url = https://acme.awsapps.com/start\n"
        f"[profile program]\ncredential_process = cat {tmp_path}/program.json\n"
    )
    # What `aws sso login` leaves.
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    token = {"accessToken": "token", "expiresAt": "2096-01-01T00:00:00Z", "region": REGION, "startUrl": "https://acme.awsapps.com/start"}
    (cache / f"{hashlib.sha1(b'acme').hexdigest()}.json").write_text(json.dumps(token))
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": f"{tmp_path}/config", "PATH": os.environ["PATH"]}
    for profile, expected in (("sso", "ASIAOFSSO"), ("program", "ASIAOFPROGRAM")):
        wire.calls.clear()
        report = doctor("--stack", "nobody", "--profile", profile, HOME=str(tmp_path), **nothing)
        assert report.text.startswith("OK  credentials"), report.text
        (call,) = wire.called("GetCallerIdentity")
        assert f"Credential={expected}/" in call.sent[1]["authorization"]


def test_what_may_not_be_read_is_not_called_healthy(doctor, wire):
    refused = {"lambda": refusal_by_rest, "sns": refusal, "cloudformation": refusal, "dynamodb": refusal_in_json}

    def deny(call):
        if call.service == "sts" or call.action in ("GetFunctionConfiguration", "DescribeStacks"):
            return None
        return refused.get(call.service, refusal_in_json)("AccessDenied")

    wire.instead = deny
    report = doctor()
    marks = {line[4:18].strip(): line[:2] for line in report.text.splitlines() if line[:2] in ("OK", "!!", "??")}
    assert report.status == 3 and "!!" not in marks.values(), report.text
    assert [check for check, mark in marks.items() if mark == "OK"] == ["credentials", "region", "stack", "function"]
    assert "Your credentials lack events:DescribeRule" in report.text


def test_the_policy_has_the_actions_that_the_doctor_calls_and_no_other(doctor, stack, wire):
    stack.set(SECURITY_HUB_MINIMUM_SEVERITY="HIGH")
    wire.calls.clear()
    assert doctor().status == 0
    services = {"monitoring": "cloudwatch"}
    called = {f"{services.get(call.service, call.service)}:{call.action}" for call in wire.calls}
    policy = json.loads(doctor("--policy").text)
    assert sorted(called - {"sts:GetCallerIdentity"}) == policy["Statement"][0]["Action"]
    assert {call.region for call in wire.calls} == {REGION}
    # Nothing that changes something.
    assert all(action.split(":")[1].startswith(("Describe", "Get", "List", "Query")) for action in called)


def test_for_scripts_there_is_json(doctor, stack):
    disabled_rule(stack)
    report = doctor("--stack", stack.name, "--format", "json")
    found = json.loads(report.text)
    assert report.status == 1 and all(set(line) == {"name", "status", "text", "action"} for line in found)
    assert [line for line in found if line["status"] == "broken"] == [
        {
            "name": "rules",
            "status": "broken",
            "text": f"The EventBridge rule {stack.topic}-iam is disabled.",
            "action": f"aws events enable-rule --region us-east-1 --name {stack.topic}-iam",
        }
    ]


@pytest.mark.parametrize("options", [("--stack", "a", "--function", "b"), ("--region", "x/y"), ("--wat",), ("--format", "csv")])
def test_a_wrong_command_line(doctor, options):
    assert doctor(*options).status == 2


@pytest.mark.parametrize("options, status, part", [((), 2, "doctor"), (("wat",), 2, "no command"), (("--version",), 0, "tool 0."), (("preview", "--help"), 0, "Usage: iam-security-alert-tool preview [")])  # fmt: skip
def test_the_tool_of_a_release(options, status, part):
    done = subprocess.run([TOOL, *options], capture_output=True, text=True)
    assert done.returncode == status and part in done.stdout + done.stderr, done
