"""The Terraform module has what the template has.

Terraform itself evaluates the module, with a provider that stands in for AWS and has the schemas of the real one
(tests/terraform). What it plans is compared, value by value, with what CloudFormation would make of template.yaml. The
differences that are meant are written in this file; there are no others.
"""

import copy
import filecmp
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import Loader
from terraform import cli
from terraform.module import local_name, resources
from terraform.stack import NAME, STACK, Stack

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "terraform"
MISSING = cli.missing()
needs_terraform = pytest.mark.skipif(bool(MISSING) and not cli.expected(), reason=f"NOT CHECKED with Terraform: {MISSING}")

# --- The differences that are meant ---------------------------------------------------------------------------------

#: Without a stack, names have no random part, and there is no stack to protect. In the text of the template.
WITHOUT_A_STACK = [
    ("assumed-role/${AWS::StackName}-AlertRole-*", "assumed-role/${AWS::StackName}-AlertRole/*"),
    ("table/${AWS::StackName}-HistoryTable-*", "table/${AWS::StackName}-HistoryTable"),
    (
        "                  - !Sub arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${AWS::StackName}/*\n",
        "",
    ),
    (
        "            - requestParameters:\n"
        "                stackName: [!Ref 'AWS::StackName', { wildcard: !Sub '*:stack/${AWS::StackName}/*' }]\n",
        "",
    ),
    # Only `sam local invoke` reads it.
    ("          EMULATOR_ENDPOINT_URL: ''\n", ""),
]

#: What texts for people say in another way. Names of parameters and outputs have the spelling of Terraform.
SAID = [
    (f"aws cloudformation detect-stack-drift --region REGION --stack-name {STACK}", "terraform plan"),
    ("a second stack with another stack name and another", "a second copy of the module with another name and another"),
    ("deploy a second copy", "apply a second copy"),
    (f"the alerts of the stack {STACK} depend", f"the alerts of the module {STACK} depend"),
    ("If you deploy the stack at", "If you run terraform apply at"),
    ("deploy the stack again, or the member stack of that account", "apply the module again, or deploy the member stack of that account again"),
    ("update the stack with ChatWebhookUrl", "apply the module with another chat_webhook_url"),
    ("or deploy with EnableSecurityHub=false", "or apply the module with enable_security_hub = false"),
    ("parameter MinimumSeverity", "MinimumSeverity"),
    ("the parameter ReservedConcurrency", "ReservedConcurrency"),
    ("stack output ", "output "),
    ("The new trail of this stack", "The new trail"),
    ("If not, deploy with CreateTrail=true", "If not, apply the module with create_trail = true"),
    (f"doctor --stack {STACK}", f"doctor --function {STACK}-AlertFunction"),
    ("--template-file organization/", "--template-file ./organization/"),
    ("changes to this stack", "changes to this module's resources"),
    ("this stack", "this module"),
]  # fmt: skip

#: An output about the stack itself.
NO_OUTPUT = {"Step4Protect"}

# --- The template, as the module should have it ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def expected_template():
    text = (ROOT / "template.yaml").read_text()
    for old, new in WITHOUT_A_STACK:
        assert old in text, old
        text = text.replace(old, new)
    return yaml.load(text, Loader)


def said(template, text, region):
    """A text for people, with the words of the module."""
    for old, new in SAID:
        text = text.replace(old.replace("REGION", region), new)
    names = [name for name in {**template["Parameters"], **template["Outputs"]} if re.search("[a-z][A-Z]", name)]
    # Behind --parameter-overrides, the names are those of another template.
    return re.sub(rf"\b({'|'.join(names)})\b(?!=)", lambda it: local_name(it[1]), text)


def plain(value):
    """A value without what makes no difference: the order of texts in a list, and whether a number is a text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [plain(item) for item in value]
        return sorted(items) if all(isinstance(item, str) for item in items) else items
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, (int, float)) else value


def expected(stack):
    """The properties of each resource, by its logical id."""
    found = {}
    for logical_id, of in stack.there("Resources").items():
        kind, values = of["Type"], stack.of(copy.deepcopy(of["Properties"]))
        if kind in NAME:
            values.setdefault(NAME[kind], stack.name(logical_id))
        name = values.get(NAME.get(kind))
        for key in ("AlarmDescription", "Description"):
            if key in values:
                values[key] = said(stack.template, values[key], stack.region)
        if kind == "AWS::Events::Rule":
            values["TheRule"] = name
            transformer = values["Targets"][0].get("InputTransformer")
            if transformer:
                transformer["InputTemplate"] = said(stack.template, transformer["InputTemplate"], stack.region)
        elif kind == "AWS::IAM::Role" and "Policies" in values:
            values["TheRole"] = name
        elif kind == "AWS::S3::Bucket":
            values["TheBucket"] = name
        elif kind == "AWS::DynamoDB::Table":
            values["TheTable"] = stack.attribute(f"{logical_id}.Arn")
        elif kind == "AWS::Events::EventBus" and "Policy" in values:
            values["TheBus"] = name
        elif kind == "AWS::Serverless::Function":
            assert values.pop("CodeUri") == "."
        elif kind == "AWS::CloudFormation::StackSet":
            values["TheStackSet"] = values["StackSetName"]
            values["TemplateBody"] = (ROOT / values.pop("TemplateURL")).read_text()
        elif kind == "AWS::CloudWatch::Alarm":
            for query in values.get("Metrics", []):
                # "PutMetricAlarm": true, unless it says false.
                query.setdefault("ReturnData", True)
        for key in ("DashboardBody", "PolicyDocument"):
            if isinstance(values.get(key), str):
                values[key] = json.loads(values[key])
        found[logical_id] = values
    return found


def by_id(values):
    """What Terraform has as a set or a map, in one order."""
    for query in values.get("Metrics", []):
        if "MetricStat" in query:
            query["MetricStat"]["Metric"]["Dimensions"].sort(key=lambda it: it["Name"])
    if "Metrics" in values:
        values["Metrics"].sort(key=lambda it: it["Id"])
    if "Dimensions" in values:
        values["Dimensions"].sort(key=lambda it: it["Name"])
    if "StackSetName" in values:
        values["Parameters"].sort(key=lambda it: it["ParameterKey"])
    return values


# --- Terraform --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    made = cli.Module(MODULE, tmp_path_factory.mktemp("terraform"))
    made.succeeds("init", "-input=false")
    return made


ORGANIZATION = {"OrganizationId": "o-a1b2c3d4e5"}
TENANT = "00000000-0000-0000-0000-000000000000"
CHAT = {
    "SlackWorkspaceId": "T01234567",
    "SlackChannelId": "C01234567",
    "TeamsTenantId": TENANT,
    "TeamsTeamId": TENANT,
    "TeamsChannelId": "19%3Ax%40thread.tacv2",
}
CHOICES = {
    "defaults": {},
    "everything": {
        **ORGANIZATION,
        **CHAT,
        "HealthEmail": "health@example.com",
        "AlertTopicName": "alerts",
        "ChatWebhookUrl": "https://hooks.example.com/services/T0/B0/x%20y",
        "ChatWebhookFormat": "teams",
        "EnableSecurityHub": "true",
        "SecurityHubMinimumSeverity": "HIGH",
        "EnableAlertBus": "true",
        "WatchedEventNames": "default,-DeleteUser,+TagRole,+s3:PutBucketPolicy",
        "MinimumSeverity": "MEDIUM,sandbox=HIGH,ou-ab12-11111111=LOW",
        "Mode": "observe",
        "ExpectedPrincipals": "arn:aws:iam::123456789012:role/ci/*",
        "AccountNames": "123456789012=production, 210987654321=test account",
        "OrganizationalUnitIds": "ou-ab12-11111111,r-ab12",
        "HistoryRetentionDays": "0",
        "Reviewers": "arn:aws:iam::123456789012:user/jo,arn:aws:iam::123456789012:role/soc/*",
        "Digest": "daily",
        "CreateTrail": "true",
        "FeedingTrails": "arn:aws:cloudtrail:us-east-1:123456789012:trail/all",
        "Architecture": "arm64",
        "LookupBudgetSeconds": "20",
        "ReservedConcurrency": "4",
        "LogLevel": "DEBUG",
        "LogRetentionDays": "365",
    },
    "no history": {"EnableHistory": "false", "EnableAlertBus": "true", "ReservedConcurrency": "4"},
    "webhook": {"ChatWebhookUrl": "https://hooks.example.com/x", "EnableSecurityHub": "true"},
    "Slack": {"SlackWorkspaceId": "T01234567", "SlackChannelId": "C01234567", "ChatWebhookUrl": ""},
    "organization without units or history": {**ORGANIZATION, "EnableHistory": "false", "CreateTrail": "true"},
    "management account in GovCloud": {**ORGANIZATION, "OrganizationalUnitIds": "r-ab12", "StackSetCallAs": "SELF"},
}
ALERT_EMAIL = {"AlertEmail": "alerts@example.com"}


def variables(template, parameters):
    """The parameters as variables of the module, each with its own type."""

    def typed(name, value):
        of = template["Parameters"][name]
        if of.get("AllowedValues") == ["true", "false"]:
            return value == "true"
        return int(value) if of["Type"] == "Number" else value

    return {local_name(name): typed(name, value) for name, value in (ALERT_EMAIL | parameters).items()}


def where(choice):
    region, partition = ("us-gov-west-1", "aws-us-gov") if "GovCloud" in choice else ("us-east-1", "aws")
    return region, partition, {"STAND_IN_REGION": region, "STAND_IN_PARTITION": partition}


@needs_terraform
def test_the_module_is_formatted_and_valid(module):
    assert module.succeeds("fmt", "-check", "-recursive") == ""
    assert json.loads(module.succeeds("validate", "-json"))["diagnostics"] == []


@needs_terraform
@pytest.mark.parametrize("choice", CHOICES)
def test_terraform_plans_what_the_template_has(expected_template, module, choice):
    region, partition, environment = where(choice)
    plan = module.plan(variables(expected_template, CHOICES[choice]), environment)
    stack = Stack(expected_template, ALERT_EMAIL | CHOICES[choice], region, partition)
    planned, wanted = resources(plan, expected_template["Resources"]), expected(stack)
    assert sorted(planned) == sorted(wanted)
    for logical_id, values in wanted.items():
        assert plain(by_id(planned[logical_id])) == plain(by_id(values)), logical_id
    outputs = {name: it["value"] for name, it in plan["planned_values"]["outputs"].items() if it["value"] is not None}
    assert outputs == {
        local_name(name): said(expected_template, stack.of(it["Value"]), region)
        for name, it in stack.there("Outputs").items()
        if name not in NO_OUTPUT
    }


@needs_terraform
def test_the_first_plan_of_an_account_knows_no_arn_and_succeeds(expected_template, module):
    """Which resources there are must not depend on what only AWS knows."""
    for choice in ("defaults", "everything"):
        module.plan(variables(expected_template, CHOICES[choice]), {"STAND_IN_UNKNOWN": "1"})


@needs_terraform
def test_resources_wait_for_what_they_need(expected_template, module):
    plan = module.plan(variables(expected_template, CHOICES["everything"]))
    waits = {}
    for it in plan["configuration"]["root_module"]["resources"]:
        waits.setdefault(it["name"], []).append(
            (it["type"], it.get("depends_on", []), json.dumps(it.get("expressions", {})))
        )
    for logical_id, of in expected_template["Resources"].items():
        depends_on = of.get("DependsOn", [])
        for needed in [depends_on] if isinstance(depends_on, str) else depends_on:
            for kind, found, _ in waits[local_name(logical_id)]:
                assert local_name(needed) in {address.split(".")[1] for address in found}, (kind, logical_id)
    # CloudFormation makes a role with its policy, and a rule with its target, before what refers to them.
    with_policy = {name for name, parts in waits.items() if "aws_iam_role_policy" in {kind for kind, *_ in parts}}
    users = 0
    for name, parts in waits.items():
        for kind, found, expressions in parts:
            role = re.search(r'"role(?:_arn)?": \{"references": \["aws_iam_role\.(\w+)\S*\.arn"', expressions)
            if role and role[1] in with_policy:
                users += 1
                assert f"aws_iam_role_policy.{role[1]}" in found, (kind, name)
            if kind == "aws_lambda_permission":
                rule = re.search(r"aws_cloudwatch_event_rule\.(\w+)", expressions)[1]
                assert f"aws_cloudwatch_event_target.{rule}" in found, name
    # The function, the schedule, and two rules.
    assert users == 4


#: For each parameter with conditions, values that the template refuses.
REFUSED = {
    "AlertEmail": ["jo", "a@b.example,c@d.example", 'a"@b.example', f"{'a' * 250}@b.example"],
    "HealthEmail": ["jo"],
    "AlertTopicName": ["", "a.b", 49 * "a"],
    "SlackWorkspaceId": ["t01234567"],
    "SlackChannelId": ["C-1"],
    "TeamsTenantId": ["1"],
    "TeamsTeamId": ["1"],
    "TeamsChannelId": ["19:x@thread.tacv2"],
    "ChatWebhookUrl": ["http://hooks.example.com", "https://a b", "https://" + 2048 * "a"],
    "ChatWebhookFormat": ["discord"],
    "SecurityHubMinimumSeverity": ["NONE"],
    "WatchedEventNames": ["default, -DeleteUser", "deleteUser", ""],
    "MinimumSeverity": ["NONE", "MEDIUM,sandbox", 'MEDIUM,a"b=LOW', "MEDIUM,a\nb=LOW"],
    "Mode": ["off"],
    "ExpectedPrincipals": ["ci", 'arn:aws:iam::123456789012:role/a"b'],
    "AccountNames": ["production", "1=production", "123456789012=a\\b"],
    "OrganizationId": ["a1b2c3d4e5"],
    "OrganizationalUnitIds": ["ou-1", "ou-ab12-11111111, r-ab12"],
    "StackSetCallAs": ["ME"],
    "HistoryRetentionDays": ["-1", "3651"],
    "Reviewers": ["jo", "arn:aws:iam::123456789012:user/a b"],
    "Digest": ["monthly"],
    "FeedingTrails": ["all"],
    "Architecture": ["arm"],
    "LookupBudgetSeconds": ["0", "21"],
    "ReservedConcurrency": ["-1", "1001"],
    "LogLevel": ["WARN"],
    "LogRetentionDays": ["2"],
}


def template_refuses(of, value):
    pattern, allowed = of.get("AllowedPattern"), of.get("AllowedValues")
    number = float(value) if of["Type"] == "Number" else 0
    return (
        (pattern and not re.fullmatch(pattern, value))
        or (allowed and value not in map(str, allowed))
        or len(value) > of.get("MaxLength", 10**6)
        or not of.get("MinValue", number) <= number <= of.get("MaxValue", number)
    )


@needs_terraform
def test_terraform_refuses_what_the_template_refuses(expected_template, module):
    parameters = expected_template["Parameters"]
    limits = {"AllowedPattern", "AllowedValues", "MaxLength", "MinValue", "MaxValue"}
    with_limits = [
        name for name, of in parameters.items() if limits & set(of) and of.get("AllowedValues") != ["true", "false"]
    ]
    assert sorted(REFUSED) == sorted(with_limits)
    # One plan names all variables that are not valid. Those that are checked together with others are not in it.
    alone = {"SlackWorkspaceId", "TeamsTenantId", "OrganizationalUnitIds"}
    plans = [{name: value} for name in alone for value in REFUSED[name]]
    for i in range(max(map(len, REFUSED.values()))):
        plans.append({name: bad[i] for name, bad in REFUSED.items() if i < len(bad) and name not in alone})
    for values in plans:
        assert all(template_refuses(parameters[name], value) for name, value in values.items())
        found = module.errors(variables(expected_template, values))
        for name in values:
            assert re.search(rf"\b{local_name(name)} must be ", found), name


@needs_terraform
@pytest.mark.parametrize(
    "values, region, message",
    [
        ({"slack_workspace_id": "T01234567"}, "us-east-1", "Slack needs both"),
        ({"teams_tenant_id": TENANT}, "us-east-1", "Teams needs all three"),
        ({"organizational_unit_ids": "r-ab12"}, "us-east-1", "organizational_unit_ids needs organization_id."),
        ({}, "eu-central-1", "Apply this module in us-east-1"),
        ({"slack_workspace_id": "T01234567", "slack_channel_id": "C1"}, "us-gov-west-1", "not available in GovCloud"),
        ({"organizational_unit_ids": "r-ab12", "organization_id": "o-a1b2c3d4e5"}, "cn-north-1", "In China, a stack set"),
        ({"code_file": None}, "us-east-1", "Give either code_file, or code_bucket and code_key."),
        ({"code_bucket": "b", "code_key": "k"}, "us-east-1", "Give either code_file, or code_bucket and code_key."),
        ({"code_file": None, "code_bucket": "b"}, "us-east-1", "code_bucket and code_key need each other."),
        ({"code_key": "k"}, "us-east-1", "code_bucket and code_key need each other."),
        ({"name": "a_b"}, "us-east-1", "name must begin with a letter"),
    ],
)
def test_terraform_refuses_what_does_not_fit_together(module, values, region, message):
    assert message in module.errors({"alert_email": "a@example.com"} | values, {"STAND_IN_REGION": region})


#: How long AWS accepts them, by resource and argument: see the limits in tests/test_template.py.
LIMITS = {
    ("aws_cloudwatch_event_api_destination", "name"): 64,
    ("aws_cloudwatch_event_bus_policy", "policy"): 10 * 1024,
    ("aws_cloudwatch_event_connection", "name"): 64,
    ("aws_cloudwatch_event_rule", "name"): 64,
    ("aws_cloudwatch_event_rule", "event_pattern"): 2048,
    ("aws_cloudwatch_log_resource_policy", "policy_document"): 5120,
    ("aws_cloudwatch_metric_alarm", "alarm_description"): 1024,
    ("aws_iam_role", "name"): 64,
    ("aws_iam_role_policy", "policy"): 10240,
    ("aws_lambda_function", "function_name"): 64,
    ("aws_s3_bucket", "bucket"): 63,
    ("aws_scheduler_schedule", "name"): 64,
    ("aws_sqs_queue", "name"): 80,
}


@needs_terraform
def test_with_the_longest_names_everything_stays_within_the_limits_of_its_service(expected_template, module):
    names = {"AlertTopicName": 48 * "n", "OrganizationId": "o-" + 32 * "a"}
    region, partition, environment = where("GovCloud")
    of_chat = dict.fromkeys(CHAT, "")
    chosen = variables(expected_template, CHOICES["everything"] | names | of_chat) | {"name": 40 * "N"}
    found = set()
    for it in module.plan(chosen, environment)["planned_values"]["root_module"]["resources"]:
        for argument, value in it["values"].items():
            if (it["type"], argument) in LIMITS and value is not None:
                found.add((it["type"], argument))
                assert len(value) <= LIMITS[it["type"], argument], (it["address"], argument, len(value))
        if it["type"] == "aws_lambda_function":
            everything = it["values"]["environment"][0]["variables"]
            # Lists that somebody writes may take what the names leave.
            lists = ("ACCOUNT_NAMES", "EXPECTED_PRINCIPALS", "FEEDING_TRAILS", "WATCHED_EVENT_NAMES")
            size = sum(len(name) + len("" if name in lists else value) for name, value in everything.items())
            assert size <= 4096 - 512, size
    assert found == set(LIMITS)


@needs_terraform
def test_the_code_can_be_in_a_bucket(module):
    values = {"alert_email": "a@example.com", "code_file": None, "code_bucket": "b", "code_key": "k"}
    (function,) = [
        it["values"]
        for it in module.plan(values)["planned_values"]["root_module"]["resources"]
        if it["type"] == "aws_lambda_function"
    ]
    assert [function[key] for key in ("filename", "s3_bucket", "s3_key")] == [None, "b", "k"]


@needs_terraform
def test_the_evidence_is_kept_as_the_readme_says(expected_template, tmp_path):
    """An apply of the stand-in makes nothing, but Terraform takes it for true."""
    module = cli.Module(MODULE, tmp_path)
    module.succeeds("init", "-input=false")
    module.variables(variables(expected_template, CHOICES["everything"]))
    module.succeeds("apply", "-auto-approve", "-input=false", environment={"STAND_IN_UNKNOWN": "1"})
    # A second plan finds nothing to do.
    module.succeeds("plan", "-input=false", "-no-color", "-detailed-exitcode")
    retained = {local_name(name) for name, of in expected_template["Resources"].items() if "DeletionPolicy" in of}
    addresses = module.succeeds("state", "list").splitlines()
    evidence = {address for address in addresses if re.split(r"[.\[]", address)[1] in retained}
    # The table with its policy, the bucket with its five settings.
    assert len(evidence) == 8
    (command,) = re.findall(r"^terraform state list .*$", (MODULE / "README.md").read_text(), re.MULTILINE)
    pattern = re.search(r"grep -E '(.+?)'", command)[1]
    assert evidence <= {address for address in addresses if re.search(pattern, address)}
    # Terraform names those on which no other depends. Until it has forgotten all, it refuses.
    forgotten = set()
    while (refused := module.run("plan", "-destroy", "-input=false", "-no-color")).returncode:
        text = " ".join(refused.stderr.replace("│", " ").split())
        named = re.findall(r"Resource (\S+) has lifecycle.prevent_destroy set", text)
        assert "Instance cannot be destroyed" in text and named
        module.succeeds("state", "rm", *named)
        forgotten |= set(named)
    assert forgotten == evidence
    module.succeeds("destroy", "-auto-approve", "-input=false")
    assert module.succeeds("state", "list") == ""


@needs_terraform
def test_the_example_of_the_readme_is_valid(tmp_path):
    (example,) = re.findall(r"```hcl\n(.*?)```", (MODULE / "README.md").read_text(), re.DOTALL)
    source = tmp_path / "example"
    shutil.copytree(MODULE, source / "iam-security-alert" / "terraform")
    (source / "main.tf").write_text(example)
    module = cli.Module(source, tmp_path)
    module.succeeds("fmt", "-check")
    module.succeeds("init", "-input=false")
    (module.folder / "iam-security-alert-x86_64.zip").write_bytes(b"code")
    assert "module.iam_security_alert.aws_lambda_function.alert_function" in module.succeeds("plan", "-no-color")


# --- The generator ----------------------------------------------------------------------------------------------------


def test_the_files_are_those_of_the_generator(tmp_path):
    subprocess.run([sys.executable, MODULE / "generate.py", tmp_path], check=True)
    made = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file())
    there = sorted(str(file.relative_to(MODULE)) for pattern in ("*.tf", "organization/*") for file in MODULE.glob(pattern))
    assert made == there
    assert filecmp.cmpfiles(tmp_path, MODULE, made, shallow=False) == (made, [], []), "make terraform writes them again"


@pytest.mark.parametrize(
    "old, new",
    [
        ("      DisplayName: IAM security alert\n", "      DisplayName: IAM security alert\n      FifoTopic: true\n"),
        ("          Action: sts:AssumeRole", "          Action: !Base64 sts:AssumeRole"),
        ("    Type: AWS::CloudWatch::Dashboard", "    Type: AWS::Kinesis::Stream"),
        ("      RetryPolicy:\n", "      SqsParameters: { MessageGroupId: a }\n          RetryPolicy:\n"),
        ("    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n", "    DeletionPolicy: Retain\n"),
        ("    DependsOn: TrailBucketPolicy\n", "    DependsOn: TrailBucket\n"),
        ("      - Assert: !Equals [!Ref 'AWS::Region', us-east-1]", "      - Assert: !EachMemberIn [[a], [b]]"),
        ("Value: !Ref AlertFunction\n", "Value: !GetAtt AlertFunction.Version\n"),
    ],
)
def test_the_generator_refuses_what_it_does_not_know(tmp_path, old, new):
    text = (ROOT / "template.yaml").read_text()
    assert old in text
    folder = tmp_path / "terraform"
    folder.mkdir()
    (folder / "generate.py").write_text((MODULE / "generate.py").read_text())
    (tmp_path / "template.yaml").write_text(text.replace(old, new))
    done = subprocess.run([sys.executable, folder / "generate.py"], capture_output=True, text=True)
    assert done.returncode and "Unknown: " in done.stderr, done.stderr
    assert not list(folder.glob("*.tf"))
