"""The templates agree with themselves, with each other, and with the code."""

import fnmatch
import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import Loader
from moto.events.models import EventPattern

PATTERN_LIMIT = 2048  # "Amazon EventBridge quotas": the size of an event pattern, in characters
RULE_NAME_LIMIT = 64  # the same
BUS_POLICY_LIMIT = 10 * 1024  # "PutPermission": the size of the policy of a bus
ROLE_NAME_LIMIT = 64  # "IAM and AWS STS quotas"
FUNCTION_NAME_LIMIT = 64  # "CreateFunction", Lambda
GENERATED_NAME_LIMITS = {"AWS::IAM::Role": ROLE_NAME_LIMIT, "AWS::Serverless::Function": FUNCTION_NAME_LIMIT}
DESCRIPTION_LIMIT = 1024  # "PutMetricAlarm": the size of an alarm's description, in characters
ALARM_METRICS = 10  # "CloudWatch quotas": the metrics in the expression of an alarm
LAMBDA_ENVIRONMENT = 4096  # "Lambda quotas": all environment variables together
LOG_POLICY_LIMIT = 5120  # "PutResourcePolicy", CloudWatch Logs: the size of a policy, in characters
ROLE_POLICY_LIMIT = 10240  # "IAM and AWS STS quotas": all inline policies of a role, without white space
TEMPLATE_BODY = 51200  # "CloudFormation quotas": a template that is not in a bucket, in bytes
ROOT = Path(__file__).parents[1]

#: Pseudo parameters, with values of some account.
PSEUDO = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "us-gov-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "iam-security-alert",
    "AWS::URLSuffix": "amazonaws.com",
}
ORGANIZATION = "o-a1b2c3d4e5"


@pytest.fixture(scope="module")
def member(member_template):
    return member_template


@pytest.fixture(scope="module")
def region(region_template):
    return region_template


@pytest.fixture(scope="module")
def exports():
    run = ["cargo", "run", "--quiet", "--example", "exports"]
    return json.loads(subprocess.check_output(run, cwd=ROOT))


def rules(template, kind="EventPattern"):
    """The rules that wait for events, or those with a `ScheduleExpression`."""
    resources = template["Resources"].items()
    return [name for name, it in resources if it["Type"] == "AWS::Events::Rule" and kind in it["Properties"]]


def rules_by_bus(template):
    """The rules, events and schedules, by the logical id of their bus. The default bus has none."""
    found = {}
    for name in rules(template) + rules(template, "ScheduleExpression"):
        bus = template["Resources"][name]["Properties"].get("EventBusName", {"Ref": None})["Ref"]
        found.setdefault(bus, []).append(name)
    return found


def default_bus_rules(template):
    """The rules of the account's default bus."""
    return rules_by_bus(template)[None]


def organization_rules(template):
    """The rules for the events of member accounts."""
    return rules_by_bus(template)["OrganizationBus"]


def rule_name(template, rule):
    return template["Resources"][rule]["Properties"]["Name"]["Sub"]


def bus_name(template, bus):
    name = template["Resources"][bus]["Properties"]["Name"]
    return name["Sub"] if "Sub" in name else f"${{{name['Ref']}}}"


def rule_arn(template, rule):
    """The ARN of a rule, with the variables of `Sub`. It has the name of the bus, except of the default one."""
    bus = template["Resources"][rule]["Properties"].get("EventBusName")
    name = (f"{bus_name(template, bus['Ref'])}/" if bus else "") + rule_name(template, rule)
    return f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{name}"


def keeps_events(template, rule):
    """Whether what the rule cannot deliver goes to a dead-letter queue."""
    return all("DeadLetterConfig" in target for target in template["Resources"][rule]["Properties"]["Targets"])


def texts(value):
    """Every text within a value, however deep."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def watched_rules(template, alarm, metric):
    """The names of the rules of whose `metric` an alarm knows. A metric of a condition counts too."""
    found = set()
    metrics = template["Resources"][alarm]["Properties"]["Metrics"]
    for query in [part for it in metrics for part in (it["If"] if "If" in it else [it]) if "MetricStat" in part]:
        of = query["MetricStat"]["Metric"]
        assert query["ReturnData"] is False
        if of["MetricName"] == metric:
            found |= {d["Value"]["Sub"] for d in of["Dimensions"] if d["Name"] == "RuleName"}
    return found


def values(template, parameters={}):
    """What the variables of `Sub` are when the template's own resources stand for themselves."""
    defaults = {name: str(it.get("Default", "")) for name, it in template["Parameters"].items()}
    return PSEUDO | defaults | parameters


def filled(template, text, parameters={}):
    return re.sub(r"\$\{([^!}]+)\}", lambda it: values(template, parameters).get(it[1], it[1]), text)


def attribute(template, name, parameters={}):
    """What `Ref` or `GetAtt` give after a deployment."""
    if name in values(template, parameters):
        return values(template, parameters)[name]
    resource, _, wanted = name.partition(".")
    kind, of = (template["Resources"][resource][key] for key in ("Type", "Properties"))
    given = [of[key] for key in ("Name", "TopicName", "RoleName", "QueueName", "LogGroupName") if key in of]
    stack = values(template, parameters)["AWS::StackName"]
    # CloudFormation shortens a generated name to what its service takes, before the random part.
    random = "-0A1B2C3D4E5F"
    generated = f"{stack}-{resource}"[: GENERATED_NAME_LIMITS.get(kind, 255) - len(random)] + random
    own = resolved(template, given[0], parameters) if given else generated
    given_by_aws = values(template, parameters)
    partition, region, account = (given_by_aws[f"AWS::{part}"] for part in ("Partition", "Region", "AccountId"))
    arns = {
        "AWS::CloudWatch::Alarm": f"cloudwatch:{region}:{account}:alarm:{own}",
        "AWS::DynamoDB::Table": f"dynamodb:{region}:{account}:table/{own}",
        "AWS::Events::EventBus": f"events:{region}:{account}:event-bus/{own}",
        "AWS::Events::Rule": f"events:{region}:{account}:rule/{own}",
        "AWS::IAM::Role": f"iam::{account}:role/{own}",
        "AWS::Logs::LogGroup": f"logs:{region}:{account}:log-group:{own}:*",
        "AWS::S3::Bucket": f"s3:::{own.lower()}",
        "AWS::SNS::Topic": f"sns:{region}:{account}:{own}",
        "AWS::SQS::Queue": f"sqs:{region}:{account}:{own}",
        "AWS::Serverless::Function": f"lambda:{region}:{account}:function:{own}",
    }
    # `Ref` gives a name, but the ARN of a topic.
    return f"arn:{partition}:{arns[kind]}" if wanted == "Arn" or kind == "AWS::SNS::Topic" and not wanted else own


#: `AWS::NoValue`: the property or the item is not there.
NO_VALUE = object()


def resolved(template, value, parameters={}):
    """A value as CloudFormation gives it to a service."""
    if isinstance(value, list):
        items = [resolved(template, item, parameters) for item in value]
        return [item for item in items if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, of),) = value.items()
        if function == "Ref" or function == "GetAtt":
            return NO_VALUE if of == "AWS::NoValue" else attribute(template, of, parameters)
        if function == "Sub":
            return re.sub(r"\$\{([^!}]+)\}", lambda it: attribute(template, it[1], parameters), of)
        if function == "If":
            return resolved(template, of[1] if holds(template, of[0], parameters) else of[2], parameters)
        if function == "Join":
            return of[0].join(resolved(template, of[1], parameters))
        if function == "Split":
            return resolved(template, of[1], parameters).split(of[0])
    items = {key: resolved(template, item, parameters) for key, item in value.items()}
    return {key: item for key, item in items.items() if item is not NO_VALUE}


#: The values of each parameter that decides which resources there are.
CHOICES = {
    "SlackWorkspaceId": ["", "T01234567"],
    "TeamsTenantId": ["", "00000000-0000-0000-0000-000000000000"],
    "ChatWebhookUrl": ["", "none", "https://hooks.example.com/x"],
    "EnableAlertBus": ["true", "false"],
    "EnableSecurityHub": ["true", "false"],
    "EnableHistory": ["true", "false"],
    "CreateTrail": ["true", "false"],
    "OrganizationId": ["", ORGANIZATION],
    "OrganizationalUnitIds": ["", "ou-ab12-11111111"],
}
#: Set if, and only if, another is.
TOGETHER = {"SlackChannelId": "SlackWorkspaceId", "TeamsTeamId": "TeamsTenantId", "TeamsChannelId": "TeamsTenantId"}


def combinations():
    for values in itertools.product(*CHOICES.values()):
        chosen = dict(zip(CHOICES, values))
        # The template's Rules refuse units without an organization.
        if chosen["OrganizationId"] or not chosen["OrganizationalUnitIds"]:
            yield chosen | {name: chosen[other] for name, other in TOGETHER.items()}


def holds(template, condition, parameters):
    """Whether a condition holds, by its name or as it is written."""
    if isinstance(condition, str):
        return holds(template, template["Conditions"][condition], parameters)
    ((function, of),) = condition.items()
    if function == "Equals":
        left, right = (chosen(template, side["Ref"], parameters) if isinstance(side, dict) else side for side in of)
        return left == right
    if function == "Condition":
        return holds(template, of, parameters)
    parts = [holds(template, part, parameters) for part in of]
    return {"Not": lambda: not parts[0], "And": lambda: all(parts), "Or": lambda: any(parts)}[function]()


def chosen(template, name, parameters):
    """The value of a parameter. No combination chooses one that decides about properties only."""
    return parameters.get(name, template["Parameters"][name].get("Default"))


def references(template, value, parameters):
    """The names that a value refers to, with its conditions decided."""
    if isinstance(value, list):
        return set().union(*(references(template, part, parameters) for part in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, of in value.items():
        if key == "If":
            found |= references(template, of[1] if holds(template, of[0], parameters) else of[2], parameters)
        elif key == "Ref":
            found.add(of)
        elif key == "GetAtt":
            found.add(of.split(".")[0])
        elif key == "Sub":
            text, given = of if isinstance(of, list) else (of, {})
            found |= references(template, list(given.values()), parameters)
            found |= {name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text)} - set(given)
        elif key == "DependsOn":
            found |= set(of if isinstance(of, list) else [of])
        else:
            found |= references(template, of, parameters)
    return found


def kept(template, kind, parameters):
    """The resources or outputs that there are with these parameters."""
    there = template[kind].items()
    return {name: it for name, it in there if "Condition" not in it or holds(template, it["Condition"], parameters)}


def test_no_choice_of_parameters_leaves_a_reference_to_a_missing_resource(template):
    stacks = set()
    for chosen in combinations():
        resources = kept(template, "Resources", chosen)
        for it in [*resources.values(), *kept(template, "Outputs", chosen).values()]:
            unknown = references(template, it, chosen) - set(resources) - set(template["Parameters"])
            assert not {name for name in unknown if not name.startswith("AWS::")}, (unknown, chosen)
        stacks.add(frozenset(resources))
    # Slack, Teams, both or none; a webhook (which needs the bus), the bus or none; an organization with and without a
    # stack set, or none; each of the others with and without.
    assert len(stacks) == 4 * 3 * 3 * 2 * 2 * 2


def test_a_stack_without_an_organization_has_nothing_of_one(template):
    variables = template["Resources"]["AlertFunction"]["Properties"]["Environment"]["Variables"]
    resources, outputs = (kept(template, kind, {}) for kind in ("Resources", "Outputs"))
    one = kept(template, "Resources", {"OrganizationId": ORGANIZATION})
    all_ = kept(template, "Resources", {"OrganizationId": ORGANIZATION, "OrganizationalUnitIds": "r-ab12"})
    assert set(one) - set(resources) == {
        "MemberDeliveryAlarm",
        "MemberHealthAlarm",
        "MemberTamperingAlarm",
        "OrganizationBus",
        "OrganizationHealthRule",
        "OrganizationLogs",
        "OrganizationLogsPolicy",
        "OrganizationRule",
        "OrganizationRuleMayInvoke",
        "OrganizationTamperingRule",
    }
    assert set(all_) - set(one) == {"Members"}
    assert not {name for name in [*resources, *outputs] if "Organization" in name or "Member" in name}
    # What an account alone has. The heartbeat comes with the history.
    rules = {"Doors", "Iam", "Root", "Schedule", "SelfProtection", "SignIn"}
    alarms = {"Baseline", "Errors", "Expectations", "Failed", "FailedInvocations", "History", "Lookup", "Lost", "Readers", "Schedule"}
    alarms |= {"SilentAccounts", "Summary", "Suppressed", "Throttles", "Undelivered", "Unsent", "Verification"}
    others = {"AlertFunction", "AlertLogs", "AlertRetries", "AlertRole", "Dashboard", "HistoryTable", "TamperingRole"}
    others |= {"RegionRole"}
    others |= {f"{topic}{part}" for topic in ("Alert", "Health") for part in ("Topic", "TopicPolicy", "Subscription")}
    others |= {f"{queue}Queue{part}" for queue in ("Failed", "Undelivered") for part in ("", "Policy")}
    rules = {f"{rule}Rule{part}" for rule in rules for part in ("", "MayInvoke")} | {"TamperingRule"}
    heartbeat = {"HeartbeatRole", "HeartbeatSchedule"}
    assert set(resources) == rules | {f"{alarm}Alarm" for alarm in alarms} | others | heartbeat
    for name, it in resources.items():
        text = json.dumps(resolved(template, it["Properties"])) if name != "Dashboard" else ""
        # An account alone may be a management account: then AWS Organizations says what its policies forbid.
        of_organization = "-org|-reader|-member|organizations:(?!DescribePolicy|:)|PrincipalOrgID|eventBusName"
        assert not re.search(of_organization, text), name
    assert resolved(template, variables["READER_ROLE"]) == "" == resolved(template, variables["ORGANIZATION_ID"])


def test_every_parameter_is_in_a_group_and_every_alarm_notifies_the_health_topic(template):
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])
    for name, it in template["Resources"].items():
        if it["Type"] == "AWS::CloudWatch::Alarm":
            assert it["Properties"]["AlarmActions"] == [{"Ref": "HealthTopic"}], name


def test_the_dashboard_shows_every_alarm(template):
    for chosen in combinations():
        resources = kept(template, "Resources", chosen)
        shown = references(template, resources["Dashboard"]["Properties"], chosen)
        assert {name for name, it in resources.items() if it["Type"] == "AWS::CloudWatch::Alarm"} <= shown


def test_a_hidden_parameter_accepts_a_word_for_none(template):
    """`sam deploy --guided` offers no default for it, and asks until something is typed."""
    hidden = [it for it in template["Parameters"].values() if it.get("NoEcho")]
    assert hidden and all(it["Default"] and re.match(it["AllowedPattern"], it["Default"]) for it in hidden)


def test_every_rule_is_known_and_its_name_begins_as_the_topic_s(template):
    assert sorted(rules(template)) == [
        "DoorsRule",
        "IamRule",
        "OrganizationHealthRule",
        "OrganizationRule",
        "OrganizationTamperingRule",
        "RootRule",
        "SelfProtectionRule",
        "SignInRule",
        "TamperingRule",
        "WebhookRule",
    ]
    for rule in rules(template) + rules(template, "ScheduleExpression"):
        assert rule_name(template, rule).startswith("${AlertTopicName}-"), rule


def test_with_the_longest_name_everything_stays_within_the_limits_of_its_service(template, member, region):
    longest = {"AlertTopicName": 48 * "n", "Name": 48 * "n"}
    assert template["Parameters"]["AlertTopicName"]["MaxLength"] == member["Parameters"]["Name"]["MaxLength"] == 48
    everything = longest | {"OrganizationId": "o-" + 32 * "a", "AWS::StackName": 80 * "s"}
    everything |= {"CentralBusArn": "arn:aws-us-gov:events:us-gov-west-1:123456789012:event-bus/n"}
    for which in (template, member, region):
        if which is region:
            # The names of its rules are longer.
            shorter = which["Parameters"]["AlertTopicName"]["MaxLength"] * "n"
            longest, everything = longest | {"AlertTopicName": shorter}, everything | {"AlertTopicName": shorter}
        for name, it in which["Resources"].items():
            of = it["Properties"]
            if it["Type"] == "AWS::Events::Rule":
                assert len(filled(which, rule_name(which, name), longest)) <= RULE_NAME_LIMIT, name
                pattern = resolved(which, of.get("EventPattern"), everything)
                assert len(json.dumps(pattern, separators=(",", ":"))) <= PATTERN_LIMIT, name
            if "RoleName" in of:
                assert len(resolved(which, of["RoleName"], longest)) <= ROLE_NAME_LIMIT, name
            if name in ("AlertRole", "ReaderRole"):
                documents = [policy["PolicyDocument"] for policy in of["Policies"]]
                inline = resolved(which, documents, everything | {"EnableAlertBus": "true", "EnableSecurityHub": "true"})
                assert len(re.sub(r"\s", "", json.dumps(inline))) <= ROLE_POLICY_LIMIT, name
    assert len(filled(region, rule_name(region, "ForwardRegionWatchRule"), longest)) == RULE_NAME_LIMIT
    everything |= {"AlertTopicName": 48 * "n"}
    policy = resolved(template, template["Resources"]["OrganizationBus"]["Properties"]["Policy"], everything)
    assert len(json.dumps(policy, separators=(",", ":"))) <= BUS_POLICY_LIMIT
    policy = template["Resources"]["OrganizationLogsPolicy"]["Properties"]["PolicyDocument"]
    assert len(resolved(template, policy, everything)) <= LOG_POLICY_LIMIT


def test_the_rule_of_iam_gets_every_call(template):
    assert template["Resources"]["IamRule"]["Properties"]["EventPattern"] == {
        "source": ["aws.iam"],
        "account": [{"Ref": "AWS::AccountId"}],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["iam.amazonaws.com"]},
    }


def test_every_rule_can_invoke_the_function_and_keeps_what_it_could_not_deliver(template):
    permissions = [
        resource["Properties"]["SourceArn"]["GetAtt"].split(".")[0]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Permission"
    ]
    schedules = rules(template, "ScheduleExpression")
    assert schedules == ["ScheduleRule"]
    # The rules about tampering and health go past the function.
    past = {"TamperingRule", "OrganizationTamperingRule", "OrganizationHealthRule"}
    invoking = sorted(set(default_bus_rules(template) + organization_rules(template)) - past)
    assert sorted(permissions) == invoking
    for rule in invoking:
        (target,) = template["Resources"][rule]["Properties"]["Targets"]
        assert target["Arn"] == {"GetAtt": "AlertFunction.Arn"}
        # A schedule has no queue: what one invocation misses, the next one finds.
        if rule not in schedules:
            assert target["DeadLetterConfig"] == {"Arn": {"GetAtt": "UndeliveredQueue.Arn"}}
            assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    for rule in rules(template):
        assert keeps_events(template, rule), rule
    for rule in rules(template) + schedules:
        assert template["Resources"][rule]["Properties"]["State"] == "ENABLED", rule


def test_a_permission_exists_exactly_where_its_rule_does(template):
    for name, it in template["Resources"].items():
        if it["Type"] == "AWS::Lambda::Permission":
            rule = it["Properties"]["SourceArn"]["GetAtt"].split(".")[0]
            assert it.get("Condition") == template["Resources"][rule].get("Condition"), name
            assert it["Properties"]["Principal"] == "events.amazonaws.com"


def test_the_undelivered_queue_accepts_events_of_every_rule_that_uses_it_and_of_no_other_name_or_account(template):
    policy = template["Resources"]["UndeliveredQueuePolicy"]["Properties"]["PolicyDocument"]
    (statement,) = [it for it in policy["Statement"] if it["Effect"] == "Allow"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] == {"GetAtt": "UndeliveredQueue.Arn"}
    ((operator, condition),) = statement["Condition"].items()
    assert operator == "ArnLike"
    reach = filled(template, condition["aws:SourceArn"]["Sub"])
    using = default_bus_rules(template) + organization_rules(template)
    using = [rule for rule in using if keeps_events(template, rule)]
    assert sorted(using) == sorted(set(rules(template)) - {"WebhookRule"})
    for rule in using:
        assert fnmatch.fnmatchcase(filled(template, rule_arn(template, rule)), reach), rule
    mine = filled(template, rule_arn(template, "IamRule"))
    for other in [mine.replace("rule/", "rule/other-"), mine.replace(PSEUDO["AWS::AccountId"], "210987654321")]:
        assert not fnmatch.fnmatchcase(other, reach), other


def test_every_rule_has_its_alarms(template):
    resources = template["Resources"]
    assert resources["FailedInvocationsAlarm"]["Properties"]["Metrics"][0]["Expression"] == "SUM(FILL(METRICS(), 0))"
    assert resources["LostAlarm"]["Properties"]["Metrics"][0]["Expression"] == "SUM(FILL(METRICS(), 0))"
    assert resources["MemberDeliveryAlarm"]["Properties"]["Metrics"][0]["Expression"] == "SUM(FILL(METRICS(), 0))"
    # What the webhook does not accept has an alarm of its own, and so has the bus of the organization.
    of_organization = {rule_name(template, rule) for rule in organization_rules(template)}
    invoking = {rule_name(template, rule) for rule in default_bus_rules(template)}
    assert watched_rules(template, "FailedInvocationsAlarm", "FailedInvocations") == invoking
    keeping = rules(template) + rules(template, "ScheduleExpression")
    keeping = {rule_name(template, rule) for rule in keeping if keeps_events(template, rule)}
    assert watched_rules(template, "LostAlarm", "InvocationsFailedToBeSentToDlq") == keeping - of_organization
    assert of_organization <= keeping
    for metric in ("FailedInvocations", "InvocationsFailedToBeSentToDlq"):
        assert watched_rules(template, "MemberDeliveryAlarm", metric) == of_organization
    for alarm in ("FailedInvocationsAlarm", "LostAlarm", "MemberDeliveryAlarm"):
        metrics = [it["If"][1] if "If" in it else it for it in resources[alarm]["Properties"]["Metrics"]]
        metrics = [it["MetricStat"]["Metric"]["Dimensions"] for it in metrics if "MetricStat" in it]
        assert len(metrics) <= ALARM_METRICS
        # A rule of another bus than the default one has its metrics under the name of the bus, too.
        for dimensions in metrics:
            by_name = {it["Name"]: it["Value"] for it in dimensions}
            for rule in organization_rules(template):
                if by_name.get("RuleName") == {"Sub": rule_name(template, rule)}:
                    assert by_name["EventBusName"] == {"Sub": bus_name(template, "OrganizationBus")}


def test_every_queue_has_an_alarm_and_accepts_tls_only(template):
    queues = {name for name, it in template["Resources"].items() if it["Type"] == "AWS::SQS::Queue"}
    alarmed, protected = set(), set()
    for it in template["Resources"].values():
        of = it["Properties"]
        if it["Type"] == "AWS::CloudWatch::Alarm" and of.get("MetricName") == "ApproximateNumberOfMessagesVisible":
            alarmed |= {of["Dimensions"][0]["Value"]["GetAtt"].split(".")[0]}
        if it["Type"] == "AWS::SQS::QueuePolicy":
            denied = [part for part in of["PolicyDocument"]["Statement"] if part["Effect"] == "Deny"]
            assert [part["Condition"] for part in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
            protected |= {queue["Ref"] for queue in of["Queues"]}
    assert alarmed == protected == queues


def test_the_dashboard_shows_every_rule(template):
    body, variables = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    separator, names = variables["RuleNames"]["Join"]
    assert separator == " OR "
    shown = [json.loads(f'"{name["Sub"]}"').strip('"') for name in names]
    assert sorted(shown) == sorted(rule_name(template, rule) for rule in default_bus_rules(template))
    for metric in ["MatchedEvents", "Invocations", "FailedInvocations", "IngestionToInvocationStartLatency"]:
        assert f'MetricName=\\"{metric}\\" RuleName=(${{RuleNames}})' in body, metric
    # The rules of the stack's own bus need no list: no other stack has rules there.
    assert "{AWS/Events,EventBusName,RuleName}" in body and 'EventBusName=\\"${AlertTopicName}\\"' in body


def test_the_dashboard_is_json(template):
    body, variables = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    for with_optional in [True, False]:
        optional = {name: value["If"][1]["Sub"] for name, value in variables.items() if "If" in value}
        assert {"OrganizationEvents", "OrganizationAlarms"} <= set(optional)
        assert set(variables) <= set(re.findall(r"\$\{(\w+)\}", body)), "each is shown"
        given = {name: text if with_optional else "" for name, text in optional.items()}
        separator, names = variables["RuleNames"]["Join"]
        given["RuleNames"] = separator.join(name["Sub"] for name in names)
        text = re.sub(r"\$\{([^!}]+)\}", lambda it: given.get(it[1], it[0]), body)
        dashboard = json.loads(filled(template, text).replace("${!", "${"))
        expressions = [
            metric[0]["expression"]
            for widget in dashboard["widgets"]
            for metric in widget["properties"].get("metrics", [])
            if isinstance(metric[0], dict)
        ]
        terms = 'RuleName=("iam-security-alerts-iam" OR "iam-security-alerts-self-protection"'
        assert any(terms in it for it in expressions)


def test_every_resource_that_the_alerts_depend_on_is_protected(template):
    resources = template["Resources"]
    variables = resources["AlertFunction"]["Properties"]["Environment"]["Variables"]
    own = texts(variables["OWN_RESOURCES"])
    # The function itself adds the topic that it publishes to: see tests/template.rs.
    assert variables["ALERT_TOPIC_ARN"] == {"Ref": "AlertTopic"}
    own = {"AlertTopic"} | {arn for text in own for arn in text.split(",")}
    for rule in rules(template) + rules(template, "ScheduleExpression"):
        # One ARN with a wildcard names the rules of the organization's bus.
        assert [arn for arn in own if fnmatch.fnmatchcase(rule_arn(template, rule), arn)], rule
    # The other resources: by Ref where that is the ARN, by GetAtt, or as ARNs with their given names.
    kinds = {
        "AWS::SNS::Topic": lambda name: {name, f"${{{name}}}"},
        "AWS::SQS::Queue": lambda name: {f"{name}.Arn", f"${{{name}.Arn}}"},
        "AWS::DynamoDB::Table": lambda name: {f"${{{name}.Arn}}"},
        "AWS::Events::EventBus": lambda name: {
            f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:event-bus/{bus_name(template, name)}"
        },
        "AWS::CloudFormation::StackSet": lambda name: {
            "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stackset/${AlertTopicName}-members*"
        },
        "AWS::Scheduler::Schedule": lambda name: {
            "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}"
            ":schedule/default/${AlertTopicName}-heartbeat"
        },
        "AWS::Logs::LogGroup": lambda name: {
            "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
            + resources[name]["Properties"]["LogGroupName"]["Sub"]
        },
        "AWS::CloudTrail::Trail": lambda name: {
            "arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/${AWS::StackName}-trail"
        },
    }
    for name, it in resources.items():
        if it["Type"] in kinds:
            assert kinds[it["Type"]](name) & own, name
    assert {"AlertRole.Arn", "TamperingRole.Arn"} <= own
    assert "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AlertTopicName}-heartbeat" in own
    for chosen in combinations():
        needed = references(template, variables["OWN_RESOURCES"], chosen) | {"AlertTopic"}
        for name, it in kept(template, "Resources", chosen).items():
            if it["Type"] in ("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::DynamoDB::Table"):
                assert name in needed, (name, chosen)


def test_what_the_webhook_does_not_accept_is_kept(template):
    resources = template["Resources"]
    (target,) = resources["WebhookRule"]["Properties"]["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": {"GetAtt": "WebhookQueue.Arn"}}
    assert target["RoleArn"] == {"GetAtt": "WebhookRole.Arn"}
    (statement,) = resources["WebhookRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == target["Arn"] == {"GetAtt": "WebhookDestination.Arn"}
    sends, _ = resources["WebhookQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert sends["Action"] == "sqs:SendMessage" and sends["Resource"] == {"GetAtt": "WebhookQueue.Arn"}
    assert sends["Condition"] == {"ArnEquals": {"aws:SourceArn": {"GetAtt": "WebhookRule.Arn"}}}


def test_the_function_s_environment_leaves_room(template):
    variables = template["Resources"]["AlertFunction"]["Properties"]["Environment"]["Variables"]

    def size(parameters):
        return sum(len(name) + len(resolved(template, value, parameters)) for name, value in variables.items())

    everything = max(combinations(), key=size)
    # A stack that was deployed before `default` was a word has a list of names with 1,305 characters.
    assert size({}) + 1305 < LAMBDA_ENVIRONMENT - 750
    # The rest is for ExpectedPrincipals, AccountNames, FeedingTrails and the exceptions of MinimumSeverity.
    assert size({"OrganizationId": ORGANIZATION}) < LAMBDA_ENVIRONMENT - 1700
    assert size(everything) < LAMBDA_ENVIRONMENT - 1000
    assert size(everything | {"AlertTopicName": 48 * "n"}) < LAMBDA_ENVIRONMENT - 350


@pytest.mark.parametrize("which", ["template", "member", "region"])
def test_alarm_descriptions_stay_within_the_limit_of_cloudwatch(which, request):
    template = request.getfixturevalue(which)
    for name, it in template["Resources"].items():
        if it["Type"] == "AWS::CloudWatch::Alarm":
            text = filled(template, it["Properties"]["AlarmDescription"]["Sub"])
            # These have no limit of their own.
            used = set(re.findall(r"\$\{(\w+)", it["Properties"]["AlarmDescription"]["Sub"]))
            assert not used & {"AccountNames", "ExpectedPrincipals", "FeedingTrails", "MinimumSeverity"}, name
            # A queue's URL and a function's name are longer than their logical ids, a stack's name can be.
            assert len(text) + 200 <= DESCRIPTION_LIMIT, (name, len(text))
            assert "aws " in text, f"{name} gives no command"


@pytest.mark.parametrize(
    "text",
    [
        "default",
        "*",
        "CreateUser",
        "CreateUser,CreateAccessKey",
        "default,-DeleteUser,+TagRole",
        "*,-TagUser",
        "identitystore:CreateUser,CreateRole",
        "default,+sso:CreatePermissionSet,-identitystore:CreateUser",
    ],
)
def test_the_watched_calls_accept_every_form(template, text):
    assert re.fullmatch(template["Parameters"]["WatchedEventNames"]["AllowedPattern"], text)
    assert template["Parameters"]["WatchedEventNames"]["Default"] == "default"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "Default,",
        "CreateUser, DeleteUser",
        "default, -DeleteUser",
        "-DeleteUser",
        "default,TagRole",
        "CreateUser,-DeleteUser",
        "CreateUser,default",
        "Create*",
        "iam:",
        "default;-DeleteUser",
    ],
)
def test_the_watched_calls_refuse_what_the_function_could_not_read(template, text):
    assert not re.fullmatch(template["Parameters"]["WatchedEventNames"]["AllowedPattern"], text)


@pytest.mark.parametrize(
    "name, good, bad",
    [
        (
            "MinimumSeverity",
            ["LOW", "CRITICAL", "MEDIUM,sandbox=HIGH,111122223333=LOW,ou-ab12-11111111=HIGH", "HIGH, Sandbox (EU)=LOW"],
            ["", "medium", "MEDIUM,", "MEDIUM,a", "MEDIUM,a=High", "MEDIUM,=HIGH", "sandbox=HIGH", "LOW,a=b=LOW"],
        ),
        (
            "ExpectedPrincipals",
            ["", "arn:aws:iam::123456789012:role/ci/*", "arn:aws:iam::ou-ab12-11111111:role/a", "arn:aws:iam::a:root"],
            ["*", "arn:aws:iam::*:role/deploy", "arn:aws:iam:::role/deploy", "arn:aws:sts::test:assumed-role/a/b"],
        ),
        (
            "OrganizationalUnitIds",
            ["", "r-ab12", "ou-ab12-11111111", "ou-ab12-11111111,ou-ab12-22222222,r-ab12"],
            ["ou-ab12", "ou-ab12-11111111, r-ab12", "OU-AB12-11111111", "123456789012", "r-ab12,"],
        ),
        (
            "Reviewers",
            ["", "arn:aws:iam::123456789012:role/soc/*", "arn:aws:iam::123456789012:user/a,arn:aws:iam::123456789012:role/b"],
            ["*", "arn:aws:iam::*:role/a", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/a, b", "none"],
        ),
        ("OrganizationId", ["", "o-a1b2c3d4e5"], ["o-a1b2", "r-ab12", "O-A1B2C3D4E5"]),
    ],
)
def test_parameters_about_accounts_accept_what_the_function_can_read(template, name, good, bad):
    form = template["Parameters"][name]["AllowedPattern"]
    assert [text for text in good if not re.fullmatch(form, text)] == []
    assert [text for text in bad if re.fullmatch(form, text)] == []


def unordered(value):
    """A value whose lists are sorted."""
    if isinstance(value, dict):
        return {key: unordered(of) for key, of in value.items()}
    if isinstance(value, list):
        return sorted(map(unordered, value), key=json.dumps)
    return value


def allowed_actions(template, role="AlertRole"):
    policies = template["Resources"][role]["Properties"]["Policies"]
    statements = [it for policy in policies for it in policy["PolicyDocument"]["Statement"]]
    statements = [part for it in statements for part in (it["If"][1:] if "If" in it else [it]) if "Action" in part]
    assert all(it["Effect"] == "Allow" for it in statements)
    return [action for it in statements for action in texts(it["Action"])]


def test_patterns_and_actions_are_those_of_the_code(template, exports):
    of_rules = {rule: dict(template["Resources"][rule]["Properties"]["EventPattern"]) for rule in rules(template)}
    # Events of other accounts on the default bus are not alerted on. On the bus of the organization, those of this
    # account are not. The bus of the stack gets none, and the account differs from stack to stack.
    of_bus = {rule: of_rules[rule].pop("account", None) for rule in of_rules}
    others = {rule: [{"anything-but": [{"Ref": "AWS::AccountId"}]}] for rule in organization_rules(template)}
    assert of_bus == {rule: [{"Ref": "AWS::AccountId"}] for rule in of_rules} | others | {"WebhookRule": None}
    assert unordered({rule: of_rules[rule] for rule in exports["eventPatterns"]}) == unordered(exports["eventPatterns"])
    past = {"TamperingRule", "WebhookRule", "OrganizationHealthRule", "OrganizationTamperingRule"}
    assert set(of_rules) - set(exports["eventPatterns"]) == past
    allowed = set(allowed_actions(template))
    assert set(exports["verificationActions"]) <= allowed
    assert {action for action in allowed if action.startswith("organizations:")} == set(exports["organizationActions"])
    reads = [action for action in allowed_actions(template) if action.startswith("iam:")]
    assert sorted(reads) == sorted(exports["iamReadActions"] + exports["iamInventoryActions"])
    center = [action for action in allowed_actions(template) if re.match("(sso|sso-directory|identitystore):", action)]
    assert sorted(center) == sorted(exports["identityCenterActions"])
    assert sorted(action for action in allowed if action.startswith("ssm:")) == sorted(exports["parameterActions"])
    watched = exports["watchedByDefault"]
    assert len(set(watched)) == len(watched)
    form = template["Parameters"]["WatchedEventNames"]["AllowedPattern"]
    assert re.fullmatch(form, ",".join(watched)), "each name can be given as WatchedEventNames"


def with_subs(value):
    """A value in which `Sub` is written out, with its variables."""
    if isinstance(value, dict):
        return value["Sub"] if set(value) == {"Sub"} else {key: with_subs(of) for key, of in value.items()}
    return [with_subs(of) for of in value] if isinstance(value, list) else value


def test_the_rules_of_a_member_are_those_of_the_code_and_send_to_the_central_bus(member, exports):
    assert sorted(rules(member)) == sorted(exports["memberEventPatterns"]) and not rules(member, "ScheduleExpression")
    roles = {"ForwardDoorsRule": "ForwardRole"}
    for rule in rules(member):
        of = member["Resources"][rule]["Properties"]
        pattern = dict(of["EventPattern"])
        assert pattern.pop("account") == [{"Ref": "AWS::AccountId"}], rule
        assert unordered(with_subs(pattern)) == unordered(exports["memberEventPatterns"][rule]), rule
        assert of["State"] == "ENABLED" and "EventBusName" not in of, rule
        # With another property, EventBridge refuses a bus as a target: no retry policy, no other input.
        (target,) = of["Targets"]
        assert target == {
            "Id": "CentralBus",
            "Arn": {"Ref": "CentralBusArn"},
            "RoleArn": {"GetAtt": f"{roles.get(rule, rule.removesuffix('Rule') + 'Role')}.Arn"},
            "DeadLetterConfig": {"Arn": {"GetAtt": "UndeliveredQueue.Arn"}},
        }


def test_a_member_s_template_can_be_deployed_by_a_stack_set(template, member):
    assert "Transform" not in member, "a stack set of an organization cannot run one"
    assert len((ROOT / "organization" / "member.yaml").read_bytes()) < TEMPLATE_BODY
    members = template["Resources"]["Members"]["Properties"]
    assert (ROOT / members["TemplateURL"]).is_file()
    given = {it["ParameterKey"]: it["ParameterValue"] for it in members["Parameters"]}
    assert given == {
        "Name": {"Ref": "AlertTopicName"},
        "OrganizationId": {"Ref": "OrganizationId"},
        "CentralBusArn": {"GetAtt": "OrganizationBus.Arn"},
        "CentralRoleArn": {"GetAtt": "AlertRole.Arn"},
    }
    assert set(given) == set(member["Parameters"])
    for name, value in given.items():
        text = resolved(template, value, {"OrganizationId": ORGANIZATION})
        assert re.fullmatch(member["Parameters"][name]["AllowedPattern"], text), name
    # The command for a deployment by hand gives the same, and a name under which the function knows the stack.
    command = resolved(template, template["Outputs"]["DeployMember"]["Value"], {"OrganizationId": ORGANIZATION})
    by_hand = dict(part.split("=", 1) for part in command.partition("--parameter-overrides ")[2].split())
    assert by_hand == {name: resolved(template, it, {"OrganizationId": ORGANIZATION}) for name, it in given.items()}
    assert "--stack-name iam-security-alerts-member " in command


def test_the_code_knows_every_resource_of_a_member_by_its_name(member, exports):
    names = ["Name", "RoleName", "QueueName", "AlarmName"]
    forms = {
        "AWS::CloudWatch::Alarm": "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:*:alarm:%s",
        "AWS::Events::Rule": "arn:${AWS::Partition}:events:${AWS::Region}:*:rule/%s",
        "AWS::IAM::Role": "arn:${AWS::Partition}:iam::*:role/%s",
        "AWS::Scheduler::Schedule": "arn:${AWS::Partition}:scheduler:${AWS::Region}:*:schedule/default/%s",
        "AWS::SQS::Queue": "arn:${AWS::Partition}:sqs:${AWS::Region}:*:%s",
    }
    resources = {name: it for name, it in member["Resources"].items() if it["Type"] != "AWS::SQS::QueuePolicy"}
    known = set()
    for name, it in resources.items():
        (given,) = [it["Properties"][key]["Sub"] for key in names if key in it["Properties"]]
        assert given.startswith("${Name}-"), name
        known.add(forms[it["Type"]] % given)
    stacks = {arn for arn in exports["memberResources"] if ":cloudformation:" in arn}
    assert known == set(exports["memberResources"]) - stacks
    beginning = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:*:stack/"
    assert stacks == {f"{beginning}StackSet-${{Name}}-members-*", f"{beginning}${{Name}}-member/*"}


def test_the_stack_set_has_the_name_that_the_code_knows(template):
    members = template["Resources"]["Members"]["Properties"]
    assert members["StackSetName"] == {"Sub": "${AlertTopicName}-members"}
    assert (members["PermissionModel"], members["CallAs"]) == ("SERVICE_MANAGED", {"Ref": "StackSetCallAs"})
    (group,) = members["StackInstancesGroup"]
    assert group["Regions"] == [{"Ref": "AWS::Region"}]
    units = {"Split": [",", {"Ref": "OrganizationalUnitIds"}]}
    # This account has its own rules. StackSets never deploys to a management account.
    assert group["DeploymentTargets"]["If"] == [
        "DelegatedAdministrator",
        {"OrganizationalUnitIds": units, "AccountFilterType": "DIFFERENCE", "Accounts": [{"Ref": "AWS::AccountId"}]},
        {"OrganizationalUnitIds": units},
    ]


def test_the_role_of_the_function_reads_the_same_in_a_member_and_nothing_else(template, member, exports):
    checked = exports["memberVerificationActions"]
    read = exports["iamReadActions"] + exports["iamInventoryActions"] + exports["identityCenterActions"]
    read.append("organizations:DescribePolicy")
    assert sorted(allowed_actions(member, "ReaderRole")) == sorted(read + checked)
    of = member["Resources"]["ReaderRole"]["Properties"]
    (policy,) = of["Policies"]
    central = template["Resources"]["AlertRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    central = [it for it in central if it.get("Sid", "").startswith("Read")]
    *reads, rules = policy["PolicyDocument"]["Statement"]
    assert reads == central
    assert sorted(rules["Action"]) == sorted(checked) and rules["Effect"] == "Allow"
    forwarding = [it["Properties"]["Name"]["Sub"] for it in member["Resources"].values() if it["Type"] == "AWS::Events::Rule"]
    assert sorted(it["Sub"].split(":rule/")[1] for it in rules["Resource"]) == sorted(forwarding)
    assert of["MaxSessionDuration"] == 3600 and "ManagedPolicyArns" not in of
    variables = template["Resources"]["AlertFunction"]["Properties"]["Environment"]["Variables"]
    parameters = {"OrganizationId": ORGANIZATION}
    assert resolved(template, variables["READER_ROLE"], parameters) == "iam-security-alerts-reader"
    assert of["RoleName"] == {"Sub": "${Name}-reader"}


def test_the_heartbeat_is_the_same_in_every_account(template, member):
    variables = template["Resources"]["AlertFunction"]["Properties"]["Environment"]["Variables"]
    assert resolved(template, variables["HEARTBEAT_ROLE"]) == "iam-security-alerts-heartbeat"
    for name in ("HeartbeatSchedule", "HeartbeatRole"):
        central = json.dumps(template["Resources"][name]["Properties"]).replace("${AlertTopicName}", "${Name}")
        mine = {key: of for key, of in member["Resources"][name]["Properties"].items() if key != "Description"}
        assert {key: of for key, of in json.loads(central).items() if key != "Description"} == mine
    schedule = member["Resources"]["HeartbeatSchedule"]
    assert {"ForwardRule", "ForwardDoorsRule", "UndeliveredQueuePolicy"} <= set(schedule["DependsOn"]), "else the first one is lost"
    target = schedule["Properties"]["Target"]
    request = json.loads(resolved(member, target["Input"]))
    assert target["Arn"] == {"Sub": "arn:${AWS::Partition}:scheduler:::aws-sdk:iam:tagRole"}
    assert request["RoleName"] == resolved(member, member["Resources"]["HeartbeatRole"]["Properties"]["RoleName"])
    assert request["Tags"] == [{"Key": "last-heartbeat", "Value": "<aws.scheduler.scheduled-time>"}]


def test_only_the_function_publishes_alerts_and_writes_the_history(template):
    session = {"Sub": "arn:${AWS::Partition}:sts::${AWS::AccountId}:assumed-role/${AWS::StackName}-AlertRole-*"}
    role = {"ArnNotLike": {"aws:PrincipalArn": [{"GetAtt": "AlertRole.Arn"}, session]}}
    for topic in ["AlertTopic", "ChatTopic"]:
        statements = template["Resources"][f"{topic}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        (deny,) = [it for it in statements if it["Sid"] == "OnlyTheFunctionPublishes"]
        assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "sns:Publish")
        assert deny["Condition"] == role and deny["Resource"] == {"Ref": topic}
    writes, others, *reviews = denied_on_the_table(template)
    assert writes["Condition"] == role and others["Condition"]["ArnNotLike"]["aws:PrincipalArn"]["If"][2] == role["ArnNotLike"]["aws:PrincipalArn"]
    assert "dynamodb:DeleteItem" in writes["Action"] and others["Action"] == ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    # Reads stay possible: the commands in docs/history.md read the history.
    actions = [action for deny in (writes, others, *reviews) for action in deny["Action"]]
    assert not [action for action in actions if re.search("Get|Query|Scan|Select", action)]


def denied_on_the_table(template):
    """The statements of the table's policy. All of them deny, to everybody, on the whole table."""
    statements = template["Resources"]["HistoryTable"]["Properties"]["ResourcePolicy"]["PolicyDocument"]["Statement"]
    for deny in statements:
        assert (deny["Effect"], deny["Principal"], deny["Resource"]) == ("Deny", {"AWS": "*"}, "*")
    return statements


@pytest.mark.parametrize("reviewers", ["", "arn:aws:iam::123456789012:role/soc/*,arn:aws:iam::123456789012:user/dana"])
def test_reviewers_write_reviews_and_nothing_else(template, reviewers):
    assert re.fullmatch(template["Parameters"]["Reviewers"]["AllowedPattern"], reviewers)
    conditions = [resolved(template, deny["Condition"], {"Reviewers": reviewers}) for deny in denied_on_the_table(template)]
    by, of_everybody = "aws:PrincipalArn", ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    function = conditions[0]["ArnNotLike"][by]
    assert len(function) == 2 and all("-AlertRole-" in arn for arn in function)
    assert conditions[1] == {"ArnNotLike": {by: function + [arn for arn in reviewers.split(",") if arn]}}
    assert conditions[2:] == [
        {"ArnNotLike": {by: function}, "ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": ["REVIEW"]}},
        {"ArnNotLike": {by: function}, "Null": {"dynamodb:LeadingKeys": "true"}},
    ]
    assert [deny["Action"] for deny in denied_on_the_table(template)[1:]] == [of_everybody] * 3


def test_the_dashboard_shows_every_reason_for_an_alert_without_a_mail(template):
    body, _ = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Sub"]
    code = (ROOT / "src" / "history" / "model.rs").read_text()
    reasons = re.findall(r'"AlertsNotMailed", "Function", "\$\{AlertFunction\}", "Reason", "(\w+)"', body)
    assert reasons == ["muted", "observed", "expected", "suppressed"]
    assert all(f'=> "{reason}"' in code for reason in reasons if reason != "expected")


def test_the_schedule_carries_the_settings_that_the_function_has(template):
    (target,) = template["Resources"]["ScheduleRule"]["Properties"]["Targets"]
    variables = template["Resources"]["AlertFunction"]["Properties"]["Environment"]["Variables"]
    texts = {
        "AccountNames": "123456789012=Sandbox (EU), 210987654321=test/b=c",
        "AlertEmail": "soc+aws@acme.example",
        "ExpectedPrincipals": "arn:aws:iam::Sandbox (EU):role/deploy,arn:aws:iam::ou-ab12-11111111:role/a,b",
        "FeedingTrails": "arn:aws:cloudtrail:us-east-1:123456789012:trail/all",
        "MinimumSeverity": "MEDIUM,Sandbox (EU)=HIGH",
        "WatchedEventNames": "default,+TagRole",
    }
    for name, text in texts.items():
        assert re.fullmatch(template["Parameters"][name]["AllowedPattern"], text), name
    for parameters in combinations():
        parameters |= texts
        event = json.loads(resolved(template, target["Input"], parameters))
        assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
        settings = event["settings"]
        assert settings.pop("RESERVED_CONCURRENCY") == "0"
        assert settings.pop("ALERT_EMAIL") == parameters["AlertEmail"]
        assert settings == {name: resolved(template, variables[name], parameters) for name in settings}
    # All that can silence.
    assert sorted(settings) == [
        "ACCOUNT_NAMES",
        "ALERT_TOPIC_ARN",
        "DIGEST",
        "EXPECTED_PRINCIPALS",
        "FEEDING_TRAILS",
        "HEARTBEAT_ROLE",
        "HISTORY_TABLE",
        "MINIMUM_SEVERITY",
        "MODE",
        "ORGANIZATION_ID",
        "READER_ROLE",
        "WATCHED_EVENT_NAMES",
    ]


@pytest.mark.parametrize("bad", ['"', "\\", "\n", "\t"])
def test_no_setting_can_end_the_text_that_the_schedule_carries(template, bad):
    for name, text in {
        "AccountNames": "123456789012=a%sb",
        "ExpectedPrincipals": "arn:aws:iam::123456789012:user/a%sb",
        "FeedingTrails": "arn:aws:cloudtrail:us-east-1:123456789012:trail/a%sb",
        "MinimumSeverity": "MEDIUM,a%sb=HIGH",
        "OrganizationId": "o-a1b2c3d4e5%s",
        "WatchedEventNames": "default,+Tag%sRole",
    }.items():
        form = template["Parameters"][name]["AllowedPattern"]
        assert not re.fullmatch(form, text % bad), name
        assert re.fullmatch(form, text % ""), name


def test_roles_trust_services_for_this_account_only(template):
    for name, it in template["Resources"].items():
        if it["Type"] != "AWS::IAM::Role":
            continue
        (statement,) = it["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        service = statement["Principal"]["Service"]
        condition = statement.get("Condition", {})
        keys = set(condition.get("StringEquals", {})) | set(condition.get("ArnLike", {}))
        # AWS does not document the key for the chat service, whose role can do nothing.
        expected = set() if service == "chatbot.amazonaws.com" else {"aws:SourceAccount"}
        assert expected <= keys, name
        assert service not in ("events.amazonaws.com", "scheduler.amazonaws.com") or "aws:SourceArn" in keys, name


def test_the_rule_past_the_function_reaches_the_health_topic_and_interpolates_no_free_text(template):
    resources = template["Resources"]
    (target,) = resources["TamperingRule"]["Properties"]["Targets"]
    assert target["Arn"] == {"Ref": "HealthTopic"}
    role = resources[target["RoleArn"]["GetAtt"].removesuffix(".Arn")]["Properties"]
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", {"Ref": "HealthTopic"})
    paths = target["InputTransformer"]["InputPathsMap"]
    free = ("userAgent", "errorMessage", "requestParameters", "responseElements", "sessionName", "userName", "reason")
    assert not [path for path in paths.values() if any(field in path for field in free)]
    text = target["InputTransformer"]["InputTemplate"]["Sub"]
    assert set(re.findall("<([a-z]+)>", text)) == set(paths)
    assert all(line.startswith('"') and line.endswith('"') for line in text.strip().splitlines())
    assert all(line.count('"') == 2 for line in text.strip().splitlines())


#: The rules for the members that go past the function, and their alarms.
PAST = {"OrganizationTamperingRule": "MemberTamperingAlarm", "OrganizationHealthRule": "MemberHealthAlarm"}
LOG = "/aws/events/iam-security-alerts-organization"


@pytest.mark.parametrize("rule", PAST)
def test_a_rule_past_the_function_for_the_members_writes_to_the_log(template, rule):
    resources, parameters = template["Resources"], {"OrganizationId": ORGANIZATION}
    (target,) = resources[rule]["Properties"]["Targets"]
    # With a role, EventBridge refuses a log group as a target.
    assert set(target) == {"Id", "Arn", "DeadLetterConfig"}
    account = f"{PSEUDO['AWS::Region']}:{PSEUDO['AWS::AccountId']}"
    assert resolved(template, target["Arn"], parameters) == f"arn:aws-us-gov:logs:{account}:log-group:{LOG}"
    assert resources["OrganizationLogs"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert resources[rule]["DependsOn"] == "OrganizationLogsPolicy", "else the first events are not delivered"


@pytest.mark.parametrize("rule, alarm", PAST.items())
def test_an_alarm_counts_the_events_of_a_rule_past_the_function_for_the_members(template, rule, alarm):
    of = template["Resources"][alarm]["Properties"]
    assert (of["Namespace"], of["MetricName"], of["Statistic"]) == ("AWS/Events", "MatchedEvents", "Sum")
    by_name = {it["Name"]: it["Value"] for it in of["Dimensions"]}
    assert by_name == {
        "EventBusName": {"Sub": bus_name(template, "OrganizationBus")},
        "RuleName": {"Sub": rule_name(template, rule)},
    }
    assert (of["Threshold"], of["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
    # Without events there is no metric.
    assert (of["EvaluationPeriods"], of["TreatMissingData"]) == (1, "notBreaching")
    text = resolved(template, of["AlarmDescription"])
    assert f"aws logs tail {LOG} --region {PSEUDO['AWS::Region']} --since 1h" in text
    # The end of an alarm sends no mail.
    assert "OKActions" not in of and "InsufficientDataActions" not in of


def test_no_event_of_a_member_is_a_mail_to_the_health_topic(template):
    """SNS suspends the subscription of whoever gets more than ten mails a second."""
    reached = set()
    for rule in organization_rules(template):
        for target in template["Resources"][rule]["Properties"]["Targets"]:
            reached |= references(template, target["Arn"], {"OrganizationId": ORGANIZATION})
    assert {name for name in reached if not name.startswith("AWS::")} == {"AlertFunction", "OrganizationLogs"}
    publishing = [
        name
        for name, it in template["Resources"].items()
        if it["Type"] == "AWS::IAM::Role" and "HealthTopic" in json.dumps(it["Properties"].get("Policies", []))
    ]
    assert publishing == ["TamperingRole"]


# --- Which rules an event matches ---------------------------------------------------------------------------------

CENTRAL, MEMBER, STRANGER = PSEUDO["AWS::AccountId"], "111122223333", "999988887777"


def call(service, name, request=None, **more):
    """The event of a call in the member account."""
    source = "monitoring" if service == "cloudwatch" else service
    detail = {"eventSource": f"{source}.amazonaws.com", "eventName": name, "requestParameters": request}
    detail |= {"eventCategory": "Management", "sourceIPAddress": "203.0.113.7"}
    detail |= {"userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{MEMBER}:user/mallory"}}
    return {
        "source": f"aws.{source}",
        "account": MEMBER,
        "detail-type": "AWS API Call via CloudTrail",
        "detail": detail | more,
    }


def sign_in(kind, name="ConsoleLogin", detail_type="AWS Console Sign In via CloudTrail"):
    return call("signin", name, userIdentity={"type": kind}) | {"detail-type": detail_type}


def anomaly(source="aws.signin"):
    """A warning of AWS. It does not come from CloudTrail."""
    return {"source": source, "account": MEMBER, "detail-type": "Sign-in Anomaly Alert", "detail": {"user": "x"}}


def alarm(name, state):
    detail = {"alarmName": name, "state": {"value": state}}
    event = {"source": "aws.cloudwatch", "account": MEMBER, "detail-type": "CloudWatch Alarm State Change"}
    return event | {"detail": detail}


def matching(template, names, event, parameters={}):
    """The rules among these that an event matches."""

    def matches(name):
        pattern = resolved(template, template["Resources"][name]["Properties"]["EventPattern"], parameters)
        return EventPattern.load(json.dumps(pattern)).matches_event(event)

    return {name for name in names if matches(name)}


N = "iam-security-alerts"
QUEUE = f"https://sqs.us-east-1.amazonaws.com/{MEMBER}/{N}-undelivered"
STACK = f"arn:aws:cloudformation:us-east-1:{MEMBER}:stack/StackSet-{N}-members-0a1b/0c1d"
BY_STACK_SET = {"type": "AssumedRole", "arn": f"arn:aws:sts::{MEMBER}:assumed-role/stacksets-exec-0a1b2c/0d1e"}
#: The rules of a member, and those of the central account.
FORWARD, BOTH, WATCH, NONE = {"ForwardRule"}, {"ForwardRule", "ForwardWatchRule"}, {"ForwardWatchRule"}, set()
DOORS = {"ForwardDoorsRule"}
ALERT, HEALTH = {"OrganizationRule"}, {"OrganizationHealthRule"}
ALERT_AND_ALARM = ALERT | {"OrganizationTamperingRule"}
DENIED = {"errorCode": "AccessDenied", "errorMessage": "not authorized"}
#: An event in a member, the rules that forward it, and the rules of the central account that would take it.
WAYS = {
    "a change in IAM": (call("iam", "CreateUser", {"userName": "x"}), FORWARD, ALERT),
    "a denied change": (call("iam", "CreateUser", None, errorCode="AccessDenied"), FORWARD, ALERT),
    "the heartbeat": (call("iam", "TagRole", {"roleName": f"{N}-heartbeat"}), FORWARD, ALERT),
    "the root user": (sign_in("Root"), FORWARD, ALERT),
    "another user": (sign_in("IAMUser"), FORWARD, ALERT),
    "a federated user": (sign_in("AssumedRole"), NONE, ALERT),
    "a warning of AWS": (anomaly(), FORWARD, ALERT),
    "the doors are closed": (call("events", "DisableRule", {"name": f"{N}-forward-doors"}), BOTH, ALERT_AND_ALARM),
    "no role for regions": (
        call("iam", "DeleteRolePolicy", {"roleName": f"{N}-forward-region"}),
        BOTH,
        ALERT_AND_ALARM,
    ),
    "the rule is off": (call("events", "DisableRule", {"name": f"{N}-forward"}), BOTH, ALERT_AND_ALARM),
    "its target is gone": (call("events", "RemoveTargets", {"rule": f"{N}-forward"}), BOTH, ALERT_AND_ALARM),
    "the watch is deleted": (call("events", "DeleteRule", {"name": f"{N}-forward-watch"}), BOTH, ALERT_AND_ALARM),
    "a denied attempt": (call("events", "DisableRule", {"name": f"{N}-forward"}, **DENIED), BOTH, ALERT),
    "a denied attempt on a trail": (call("cloudtrail", "StopLogging", {"name": "all"}, **DENIED), FORWARD, ALERT),
    "another rule is off": (call("events", "DisableRule", {"name": "nightly"}), FORWARD, ALERT),
    "the role is emptied": (call("iam", "DeleteRolePolicy", {"roleName": f"{N}-forward"}), BOTH, ALERT_AND_ALARM),
    "in capitals": (call("iam", "DeleteRolePolicy", {"roleName": f"{N}-forward".upper()}), BOTH, ALERT_AND_ALARM),
    "the role gets a Deny": (call("iam", "AttachRolePolicy", {"roleName": f"{N}-forward"}), BOTH, ALERT_AND_ALARM),
    "the reader is deleted": (call("iam", "DeleteRole", {"roleName": f"{N}-reader"}), FORWARD, ALERT_AND_ALARM),
    "no schedule": (call("scheduler", "DeleteSchedule", {"name": f"{N}-heartbeat"}), FORWARD, ALERT_AND_ALARM),
    "the queue is deleted": (call("sqs", "DeleteQueue", {"queueUrl": QUEUE}), FORWARD, ALERT_AND_ALARM),
    "no alarm": (call("cloudwatch", "DeleteAlarms", {"alarmNames": [f"{N}-undelivered"]}), FORWARD, ALERT_AND_ALARM),
    "a forged alarm": (
        call("cloudwatch", "SetAlarmState", {"alarmName": f"{N}-undelivered"}),
        FORWARD,
        ALERT_AND_ALARM,
    ),
    "a trail is stopped": (call("cloudtrail", "StopLogging", {"name": "all"}), FORWARD, ALERT_AND_ALARM),
    "no stack": (call("cloudformation", "DeleteStack", {"stackName": f"{N}-member"}), FORWARD, ALERT_AND_ALARM),
    "no stack, by its ARN": (call("cloudformation", "DeleteStack", {"stackName": STACK}), FORWARD, ALERT_AND_ALARM),
    "the stack set deploys": (
        call("cloudformation", "UpdateStack", {"stackName": STACK}, userIdentity=BY_STACK_SET),
        FORWARD,
        ALERT,
    ),
    "CloudFormation deploys": (
        call("events", "PutRule", {"name": f"{N}-forward"}, sourceIPAddress="cloudformation.amazonaws.com"),
        BOTH,
        ALERT,
    ),
    "an event is stuck": (alarm(f"{N}-undelivered", "ALARM"), WATCH, HEALTH),
    "no event is stuck": (alarm(f"{N}-undelivered", "OK"), NONE, NONE),
    "another alarm": (alarm("cpu", "ALARM"), NONE, NONE),
    "a data event": (call("sqs", "SendMessage", eventCategory="Data"), NONE, ALERT),
    "another service": (call("s3", "DeleteBucket"), NONE, ALERT),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_way_of_an_event_from_a_member(template, member, way):
    event, forwarding, taking = WAYS[way]
    of_member = {"AWS::AccountId": MEMBER}
    assert matching(member, rules(member), event, of_member) == forwarding
    assert not matching(member, rules(member), event | {"account": STRANGER}, of_member), "events of other accounts"
    assert matching(template, organization_rules(template), event) == taking
    own = event | {"account": CENTRAL}
    assert not matching(template, organization_rules(template), own), "the rules of the default bus have it already"


#: The rules of the default bus that give their events to the function, and the one that goes past it.
TO_THE_FUNCTION = ["DoorsRule", "IamRule", "RootRule", "SelfProtectionRule", "SignInRule"]
ON_DEFAULT_BUS = [*TO_THE_FUNCTION, "TamperingRule"]

ROOT_USER = {"userIdentity": {"type": "Root", "arn": f"arn:aws:iam::{MEMBER}:root"}}
ROLE = {"userIdentity": {"type": "AssumedRole", "arn": f"arn:aws:sts::{MEMBER}:assumed-role/deploy/ci"}}
SERVICE = {"userIdentity": ROLE["userIdentity"] | {"invokedBy": "ec2.amazonaws.com"}}
SIGNIN = "AWS Console Signin via CloudTrail"
CLUSTER = {"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"}
#: An event; the rule of the main region that gives it to the function; the rule of a member; the rule of another region.
#: One rule each: without a history, each delivery is a mail.
M, MD, R, RD, RW = "ForwardRule", "ForwardDoorsRule", "ForwardRegionRule", "ForwardRegionDoorsRule", "ForwardRegionWatchRule"
EVENTS = {
    "an assignment": (call("sso", "CreateAccountAssignment", {"targetId": MEMBER}), "DoorsRule", MD, RD),
    "an assignment, by root": (call("sso", "CreateAccountAssignment", **ROOT_USER), "DoorsRule", MD, RD),
    "the directory": (call("identitystore", "CreateGroupMembership"), "DoorsRule", MD, RD),
    "the directory, from the console": (call("sso-directory", "AddMemberToGroup"), "DoorsRule", MD, RD),
    "a detached policy": (call("organizations", "DetachPolicy", {"policyId": "p-x"}), "DoorsRule", MD, RD),
    "the mailbox of the account": (call("account", "StartPrimaryEmailUpdate", **ROOT_USER), "DoorsRule", MD, RD),
    "a session as root": (call("sts", "AssumeRoot", {"targetPrincipal": STRANGER}), "DoorsRule", MD, RD),
    "a session as a role": (call("sts", "AssumeRole", {"roleArn": "x"}), None, None, None),
    "a session, by root": (call("sts", "GetSessionToken", **ROOT_USER), "RootRule", MD, RD),
    "IAM": (call("iam", "CreateUser", {"userName": "x"}), "IamRule", M, None),
    "IAM, by root": (call("iam", "CreateAccessKey", **ROOT_USER), "IamRule", M, None),
    "a sign-in": (sign_in("IAMUser"), "SignInRule", M, R),
    "a sign-in as root": (sign_in("Root"), "SignInRule", M, R),
    "a sign-in, written in the other way": (sign_in("IAMUser", detail_type=SIGNIN), "SignInRule", M, R),
    "a sign-in through a provider": (sign_in("AssumedRole"), None, None, None),
    "another role": (sign_in("AssumedRole", "SwitchRole"), "SignInRule", M, R),
    "a forgotten password": (sign_in("Root", "PasswordRecoveryRequested"), "SignInRule", M, R),
    "another call of the sign-in": (sign_in("IAMUser", "GetSigninToken"), None, None, None),
    "a warning": (anomaly(), "SignInRule", M, R),
    "a warning of somebody else": (anomaly("my.app"), None, None, None),
    "a deleted bucket, by root": (call("s3", "DeleteBucket", **ROOT_USER), "SelfProtectionRule", MD, RD),
    "an object, by root": (call("s3", "PutObject", eventCategory="Data", **ROOT_USER), None, None, None),
    "an instance, by root": (call("ec2", "RunInstances", **ROOT_USER), "RootRule", MD, RD),
    "an instance": (call("ec2", "RunInstances", **ROLE), None, None, None),
    "a bucket for others": (call("s3", "PutBucketPolicy", **ROLE), "SelfProtectionRule", MD, RD),
    "a bucket for others, by root": (call("s3", "PutBucketPolicy", **ROOT_USER), "SelfProtectionRule", MD, RD),
    "a key for others": (call("kms", "PutKeyPolicy", **ROLE), "SelfProtectionRule", MD, RD),
    "a grant": (call("kms", "CreateGrant", **ROLE), "DoorsRule", MD, RD),
    "a grant, by root": (call("kms", "CreateGrant", **ROOT_USER), "DoorsRule", MD, RD),
    "a grant of a service": (call("kms", "CreateGrant", **SERVICE), None, None, None),
    "a function for others": (call("lambda", "AddPermission20150331v2", **ROLE), "SelfProtectionRule", MD, RD),
    "a queue for others": (call("sqs", "SetQueueAttributes", {"queueUrl": "x"}, **ROLE), "SelfProtectionRule", M, RD),
    "a secret for others": (call("secretsmanager", "PutResourcePolicy", **ROLE), "DoorsRule", MD, RD),
    "a cluster": (call("eks", "AssociateAccessPolicy", CLUSTER, **ROLE), "DoorsRule", MD, RD),
    "a cluster, by root": (call("eks", "AssociateAccessPolicy", CLUSTER, **ROOT_USER), "RootRule", MD, RD),
    "a cluster that is only created": (call("eks", "CreateCluster", **ROLE), None, None, None),
    "roles for certificates": (call("rolesanywhere", "CreateTrustAnchor", **ROLE), "DoorsRule", MD, RD),
    "another trail": (call("cloudtrail", "StopLogging", {"name": "all"}, **ROLE), "SelfProtectionRule", M, RW),
    "another trail, by root": (call("cloudtrail", "StopLogging", {"name": "all"}, **ROOT_USER), "SelfProtectionRule", M, RW),
    "a service of nobody": (call("iam", "CreateUser") | {"source": "my.app"}, None, None, None),
}


@pytest.mark.parametrize("what", EVENTS)
def test_an_event_comes_to_the_function_by_exactly_one_rule(template, member, region, what):
    event, main, of_member, of_region = EVENTS[what]
    at_home, of_account = event | {"account": CENTRAL}, {"AWS::AccountId": MEMBER}

    def one(name):
        return {name} if name else set()

    assert matching(template, TO_THE_FUNCTION, at_home) == one(main)
    assert matching(member, rules(member), event, of_account) == one(of_member)
    assert matching(region, rules(region), event, of_account) == one(of_region)
    # What another region sends, to the default bus or to the bus of the organization, comes to the function, too.
    if of_region:
        assert main and matching(template, ["OrganizationRule"], event) == ALERT
    assert not matching(template, ON_DEFAULT_BUS, event), "events of other accounts"
    assert not matching(region, rules(region), event, {"AWS::AccountId": STRANGER}), "events of other accounts"


#: A call in another region on what sends its events; the rules there; the rules of the main region past the function, whose
#: pattern has no room for queues, alarms and stacks of other regions.
REGION_QUEUE = f"https://sqs.us-gov-east-1.amazonaws.com/{CENTRAL}/{N}-undelivered"
REGION_STACK = f"arn:aws-us-gov:cloudformation:us-gov-east-1:{CENTRAL}:stack/{N}-region/0a1b"
PAST_IT = {"TamperingRule"}
IN_A_REGION = {
    "the rule is off": (call("events", "DisableRule", {"name": f"{N}-forward-region"}), {RW}, PAST_IT),
    "the doors are closed": (call("events", "DeleteRule", {"name": f"{N}-forward-region-doors"}), {RW}, PAST_IT),
    "no target": (call("events", "RemoveTargets", {"rule": f"{N}-forward-region-doors"}), {RW}, PAST_IT),
    "the watch is off": (call("events", "DisableRule", {"name": f"{N}-forward-region-watch"}), {R}, PAST_IT),
    "the watch has no target": (call("events", "RemoveTargets", {"rule": f"{N}-forward-region-watch"}), {R}, PAST_IT),
    "another rule is off": (call("events", "DisableRule", {"name": "nightly"}), set(), set()),
    "no queue": (call("sqs", "DeleteQueue", {"queueUrl": REGION_QUEUE}), {RW}, set()),
    "no alarm": (call("cloudwatch", "DeleteAlarms", {"alarmNames": [f"{N}-undelivered"]}), {RW}, set()),
    "a forged alarm": (call("cloudwatch", "SetAlarmState", {"alarmName": f"{N}-undelivered"}), {RW}, set()),
    "no stack": (call("cloudformation", "DeleteStack", {"stackName": f"{N}-region"}), {RW}, set()),
    "no stack, by its ARN": (call("cloudformation", "DeleteStack", {"stackName": REGION_STACK}), {RW}, set()),
    "no stack of a stack set": (
        call("cloudformation", "DeleteStack", {"stackName": f"StackSet-{N}-regions-0a1b"}),
        {RW},
        set(),
    ),
    "a trail": (call("cloudtrail", "StopLogging", {"name": "all"}), {RW}, PAST_IT),
}


@pytest.mark.parametrize("what", IN_A_REGION)
def test_what_can_end_the_forwarding_of_a_region_is_forwarded_and_reported(template, region, what):
    event, there, past = IN_A_REGION[what]
    assert matching(region, rules(region), event, {"AWS::AccountId": MEMBER}) == there
    if there:
        at_home = matching(template, ON_DEFAULT_BUS, event | {"account": CENTRAL}, {"OrganizationId": ORGANIZATION})
        assert at_home == past | {"SelfProtectionRule"}
        of_members = matching(template, organization_rules(template), event, {"OrganizationId": ORGANIZATION})
        assert of_members == ALERT_AND_ALARM


def test_the_alarm_of_a_region_of_a_member_is_reported(template, region):
    name = resolved(region, region["Resources"]["UndeliveredAlarm"]["Properties"]["AlarmName"])
    event = alarm(name, "ALARM")
    assert matching(region, rules(region), event, {"AWS::AccountId": MEMBER}) == {RW}
    assert matching(template, organization_rules(template), event) == HEALTH
    # In an account with the alerts, a topic there reports it.
    assert region["Resources"]["UndeliveredAlarm"]["Properties"]["AlarmActions"]["If"][:2] == ["Health", [{"Ref": "HealthTopic"}]]
    needed = region["Rules"]["SomebodyGetsTheAlarm"]
    assert needed["RuleCondition"] == {"Equals": [{"Ref": "BusArn"}, ""]}
    assert needed["Assertions"][0]["Assert"] == {"Not": [{"Equals": [{"Ref": "HealthEmail"}, ""]}]}


def test_the_rules_of_a_region_are_those_of_the_code_and_send_to_the_main_region(template, member, region, exports):
    written = json.loads(json.dumps(exports["regionEventPatterns"]).replace("${Name}", "${AlertTopicName}"))
    assert sorted(rules(region)) == sorted(written) and not rules(region, "ScheduleExpression")
    for rule in rules(region):
        of = region["Resources"][rule]["Properties"]
        pattern = dict(of["EventPattern"])
        assert pattern.pop("account") == [{"Ref": "AWS::AccountId"}], rule
        assert unordered(with_subs(pattern)) == unordered(written[rule]), rule
        assert of["State"] == "ENABLED" and "EventBusName" not in of, rule
        (target,) = of["Targets"]
        assert set(target) == {"Id", "Arn", "RoleArn", "DeadLetterConfig"}, "EventBridge refuses a bus with more"
        assert target["DeadLetterConfig"] == {"Arn": {"GetAtt": "UndeliveredQueue.Arn"}}
        own, (text, given), other = target["Arn"]["If"][0], target["Arn"]["If"][1]["Sub"], target["Arn"]["If"][2]
        assert (own, other) == ("OwnBus", {"Ref": "BusArn"})
        assert text == "arn:${AWS::Partition}:events:${MainRegion}:${AWS::AccountId}:event-bus/default"
        assert given == {"MainRegion": {"FindInMap": ["Partitions", {"Ref": "AWS::Partition"}, "MainRegion"]}}
        # The role is in the stack that each account has.
        sending = resolved(region, target["RoleArn"])
        for which in (template, member):
            name = resolved(which, which["Resources"]["RegionRole"]["Properties"]["RoleName"])
            assert sending == role(CENTRAL, name)
    assert not [it for it in region["Resources"].values() if it["Type"].startswith("AWS::IAM::")]
    assert "Transform" not in region and len((ROOT / "organization" / "region.yaml").read_bytes()) < TEMPLATE_BODY


def test_the_rules_of_a_region_cannot_send_to_themselves(template, member, region):
    """EventBridge would give the event to the same rule again."""
    (refused,) = region["Rules"]["AnotherRegion"]["Assertions"]
    main = {it["MainRegion"] for it in region["Mappings"]["Partitions"].values()}
    ((of_main, where),) = [it["Contains"] for it in refused["Assert"]["Not"]]
    assert set(of_main) == main and where == {"Ref": "AWS::Region"}
    # The stacks with the alerts are in no other region.
    for which in (template, member):
        (required,) = which["Rules"]["RegionReceivesIamEvents"]["Assertions"]
        assert set(required["Assert"]["Contains"][0]) == main
    form = region["Parameters"]["BusArn"]["AllowedPattern"]
    bus = f"arn:aws:events:%s:{CENTRAL}:event-bus/{N}-organization"
    assert all(re.fullmatch(form, bus % name) for name in main) and re.fullmatch(form, "")
    assert not re.fullmatch(form, bus % "eu-west-1") and not re.fullmatch(form, "default")


def test_the_commands_for_another_region_give_what_its_template_takes(template, region):
    chosen = {"OrganizationId": ORGANIZATION, "AlertEmail": "soc@acme.example"}
    text, given = template["Outputs"]["DeployRegion"]["Value"]["Sub"]
    own = resolved(template, {"Sub": text.replace("${Email}", resolved(template, given["Email"], chosen))}, chosen)
    of_member = resolved(template, template["Outputs"]["DeployMemberRegion"]["Value"], chosen)
    for command, names in ((own, {"AlertTopicName", "HealthEmail"}), (of_member, {"AlertTopicName", "BusArn"})):
        given = dict(part.split("=", 1) for part in command.partition("--parameter-overrides ")[2].split())
        assert set(given) == names
        for name, value in given.items():
            assert re.fullmatch(region["Parameters"][name]["AllowedPattern"], value), name
        assert f"--stack-name {N}-region " in command, "the name that the code knows"
        assert "--region REGION " in command and "capabilities" not in command


def test_the_code_knows_every_resource_of_a_region_by_its_name(region, exports):
    forms = {
        "AWS::CloudWatch::Alarm": ("AlarmName", "arn:${AWS::Partition}:cloudwatch:*:*:alarm:%s"),
        "AWS::Events::Rule": ("Name", "arn:${AWS::Partition}:events:*:*:rule/%s"),
        "AWS::SQS::Queue": ("QueueName", "arn:${AWS::Partition}:sqs:*:*:%s"),
    }
    of = region["Resources"].values()
    known = {forms[it["Type"]][1] % it["Properties"][forms[it["Type"]][0]]["Sub"] for it in of if it["Type"] in forms}
    known = {arn.replace("${AlertTopicName}", "${Name}") for arn in known}
    assert set(exports["regionResources"]) - known == {
        "arn:${AWS::Partition}:cloudformation:*:*:stack/${Name}-region/*",
        "arn:${AWS::Partition}:cloudformation:*:*:stack/StackSet-${Name}-regions-*",
        "arn:${AWS::Partition}:iam::*:role/${Name}-forward-region",
    }
    assert known <= set(exports["regionResources"])
#: A call in the own account that can end the alerting.
TAMPERING = {
    "a trail": call("cloudtrail", "StopLogging", {"name": "all"}),
    "the topic": call("sns", "DeleteTopic", {"topicArn": f"arn:aws-us-gov:sns:us-gov-west-1:{CENTRAL}:{N}-health"}),
    "a rule": call("events", "DisableRule", {"name": f"{N}-iam"}),
    "a target": call("events", "RemoveTargets", {"rule": f"{N}-iam"}),
    "an alarm": call("cloudwatch", "DeleteAlarms", {"alarmNames": ["iam-security-alert-LostAlarm-0A1B"]}),
    "the stack": call("cloudformation", "DeleteStack", {"stackName": "iam-security-alert"}),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_call_that_can_end_the_alerting_is_reported_past_the_function_if_it_succeeded(template, what):
    """Whoever is denied could else repeat the call until SNS suspends the subscription of the health topic."""
    event = TAMPERING[what] | {"account": CENTRAL}
    denied = event | {"detail": event["detail"] | DENIED}
    deployed = event | {"detail": event["detail"] | {"sourceIPAddress": "cloudformation.amazonaws.com"}}
    for parameters in ({}, {"OrganizationId": ORGANIZATION}):
        both = {"SelfProtectionRule", "TamperingRule"}
        assert matching(template, ON_DEFAULT_BUS, event, parameters) == both
        for other in (denied, deployed):
            matched = matching(template, ON_DEFAULT_BUS, other, parameters)
            assert matched == {"SelfProtectionRule"}
        assert not matching(template, ["TamperingRule"], TAMPERING[what], parameters), "events of other accounts"


# --- Who can and who cannot ---------------------------------------------------------------------------------------


def listed(value):
    return value if isinstance(value, list) else [value]


def like(pattern, text):
    """Compares with the wildcards of policies, `*` and `?`."""
    parts = ["." if part == "?" else ".*" if part == "*" else re.escape(part) for part in re.split("([*?])", pattern)]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def arn_like(pattern, text):
    """As `like`, for each of the six parts of an ARN ("IAM JSON policy elements: Condition operators")."""
    parts, of = pattern.split(":", 5), text.split(":", 5)
    return len(parts) == len(of) == 6 and all(map(like, parts, of))


OPERATORS = {
    "StringEquals": str.__eq__,
    "StringLike": like,
    "StringNotLike": lambda pattern, text: not like(pattern, text),
    "ArnEquals": arn_like,  # the same as ArnLike, says that page
    "ArnLike": arn_like,
    "Bool": lambda wanted, found: wanted.lower() == found.lower(),
}


def condition_holds(operator, key, wanted, context):
    """Whether a condition holds. An operator that is not known is an error."""
    every, _, plain = operator.rpartition(":")
    assert every in ("", "ForAllValues"), operator
    found = {name.lower(): of for name, of in context.items()}.get(key.lower())
    negated = "Not" in plain
    if found is None:
        # A key that is not there equals nothing; for all values of nothing, anything is true.
        return negated or every == "ForAllValues"
    # A negated operator must hold for every value of the policy.
    combined = all if negated else any
    matches = [combined(OPERATORS[plain](of, value) for of in listed(wanted)) for value in listed(found)]
    return all(matches) if every else len(matches) == 1 and matches[0]


def statement_applies(statement, request):
    assert set(statement) <= {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}, "no Not elements"
    if "Principal" in statement:
        principals = statement["Principal"]
        principals = {"AWS": "*", "Service": "*"} if principals == "*" else principals
        ((kind, name),) = request["principal"].items()
        if not any(of in ("*", name) for of in listed(principals.get(kind, []))):
            return False
    if not any(like(action, request["action"]) for action in listed(statement["Action"])):
        return False
    # A trust policy has no resource: it is that of the role.
    if "Resource" in statement and not any(arn_like(of, request["resource"]) for of in listed(statement["Resource"])):
        return False
    conditions = statement.get("Condition", {})
    return all(
        condition_holds(operator, key, wanted, request["context"])
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def allows(policy, request):
    """Whether a policy alone allows a request: "Policy evaluation logic", IAM user guide. For a request from another
    account, the caller's own policies must allow it besides."""
    effects = {it["Effect"] for it in policy["Statement"] if statement_applies(it, request)}
    return "Allow" in effects and "Deny" not in effects


def role(account, name):
    return f"arn:{PSEUDO['AWS::Partition']}:iam::{account}:role/{name}"


def by_role(account, name, organization=ORGANIZATION, **more):
    """A request with a role, as AWS describes it in the request context."""
    context = {"aws:PrincipalArn": role(account, name), "aws:PrincipalAccount": account, "aws:SecureTransport": "true"}
    if organization:
        context["aws:PrincipalOrgID"] = organization
    return {"principal": {"AWS": role(account, name)}, "context": context | more}


def by_service(name, account, source, **more):
    """A request that a service makes by itself, for a resource of this account."""
    context = {"aws:SourceAccount": account, "aws:SourceArn": source, "aws:SecureTransport": "true"}
    return {"principal": {"Service": f"{name}.amazonaws.com"}, "context": context | more}


def rule(account, name, region=PSEUDO["AWS::Region"]):
    return f"arn:{PSEUDO['AWS::Partition']}:events:{region}:{account}:rule/{name}"


def put(by, source="aws.iam", forwarded=True):
    """Puts an event on the bus of the organization."""
    context = by["context"] | {"events:source": source, "events:eventBusInvocation": str(forwarded).lower()}
    bus = f"arn:{PSEUDO['AWS::Partition']}:events:{PSEUDO['AWS::Region']}:{CENTRAL}:event-bus/{N}-organization"
    return {"action": "events:PutEvents", "resource": bus, **by, "context": context}


STRANGERS = "o-z9y8x7w6v5"
FORWARDING_MEMBER = by_service("events", MEMBER, rule(MEMBER, f"{N}-forward"))
FORWARDING_STRANGER = by_service("events", STRANGER, rule(STRANGER, f"{N}-forward"))
TO_THE_BUS = {
    "the rule of a member": (put(by_role(MEMBER, f"{N}-forward")), True),
    "the watch of a member": (put(by_role(MEMBER, f"{N}-forward-watch"), "aws.cloudwatch"), True),
    "an administrator of a member": (put(by_role(MEMBER, "admin"), forwarded=False), False),
    "an administrator of this account": (put(by_role(CENTRAL, "admin"), forwarded=False), False),
    "the doors of a member": (put(by_role(MEMBER, f"{N}-forward"), "aws.sso-directory"), True),
    "another region of a member": (put(by_role(MEMBER, f"{N}-forward-region"), "aws.signin"), True),
    "the root user of a member": (put(by_role(MEMBER, f"{N}-forward"), "aws.ec2"), True),
    "a member, a source of its own": (put(by_role(MEMBER, "admin"), "com.example", forwarded=False), False),
    "a rule of a member, another source": (put(by_role(MEMBER, f"{N}-forward"), "my.app"), False),
    "a rule of a member, nearly a service": (put(by_role(MEMBER, f"{N}-forward"), "awsx.iam"), False),
    "a partner of EventBridge": (put(by_role(MEMBER, f"{N}-forward"), "aws.partner/example.com/x"), False),
    "a member that writes an event": (put(by_role(MEMBER, f"{N}-forward"), forwarded=False), False),
    "a rule of another organization": (put(by_role(STRANGER, f"{N}-forward", STRANGERS)), False),
    "a rule of an account alone": (put(by_role(STRANGER, f"{N}-forward", None)), False),
    "a stranger": (put(by_role(STRANGER, "admin", None), forwarded=False), False),
    "EventBridge without a role, for a stranger": (put(FORWARDING_STRANGER), False),
    "EventBridge without a role, for a member": (put(FORWARDING_MEMBER), False),
    "without TLS": (put(by_role(MEMBER, f"{N}-forward", **{"aws:SecureTransport": "false"})), False),
    "another action": (put(by_role(MEMBER, f"{N}-forward")) | {"action": "events:PutRule"}, False),
    "another bus": (
        put(by_role(MEMBER, f"{N}-forward"))
        | {"resource": f"arn:aws-us-gov:events:us-gov-west-1:{CENTRAL}:event-bus/{N}"},
        False,
    ),
}


@pytest.mark.parametrize("who", TO_THE_BUS)
def test_who_can_put_events_on_the_bus_of_the_organization(template, who):
    request, allowed = TO_THE_BUS[who]
    policy = template["Resources"]["OrganizationBus"]["Properties"]["Policy"]
    assert allows(resolved(template, policy, {"OrganizationId": ORGANIZATION}), request) is allowed


def sources(pattern):
    """Every source that a pattern asks for, however deep."""
    if isinstance(pattern, list):
        return {source for part in pattern for source in sources(part)}
    if not isinstance(pattern, dict):
        return set()
    own = {it["prefix"] if isinstance(it, dict) else it for it in pattern.get("source", [])}
    return own | {source for part in pattern.values() for source in sources(part)}


def test_the_bus_takes_all_that_the_members_forward(template, exports):
    policy = template["Resources"]["OrganizationBus"]["Properties"]["Policy"]
    forwarded = sources(list(exports["memberEventPatterns"].values()) + list(exports["regionEventPatterns"].values()))
    assert {"aws.sso", "aws.signin", "aws.cloudwatch", "aws."} <= forwarded
    for source in forwarded:
        request = put(by_role(MEMBER, f"{N}-forward"), source)
        assert allows(resolved(template, policy, {"OrganizationId": ORGANIZATION}), request), source
    assert exports["eventPatterns"]["OrganizationRule"]["source"] == [{"prefix": "aws."}]


def assume(by):
    return {"action": "sts:AssumeRole", **by}


CENTRAL_ROLE = "iam-security-alert-AlertRole-0A1B2C3D4E5F"
GROUP = f"arn:aws-us-gov:scheduler:us-gov-west-1:{MEMBER}:schedule-group/"
#: Who assumes a role of a member, and whether the trust policy lets them.
TO_ASSUME = {
    "ReaderRole": {
        "the function": (by_role(CENTRAL, CENTRAL_ROLE), True),
        "another role of the central account": (by_role(CENTRAL, "admin"), False),
        "a role of that name in a member": (by_role(MEMBER, CENTRAL_ROLE), False),
        "a role of that name of a stranger": (by_role(STRANGER, CENTRAL_ROLE, STRANGERS), False),
        "the function after its account left": (by_role(CENTRAL, CENTRAL_ROLE, None), False),
        "the function in another organization": (by_role(CENTRAL, CENTRAL_ROLE, STRANGERS), False),
        "an administrator of the member": (by_role(MEMBER, "admin"), False),
        "Lambda": (by_service("lambda", CENTRAL, f"arn:aws-us-gov:lambda:us-gov-west-1:{CENTRAL}:function:x"), False),
    },
    "ForwardRole": {
        "the rule": (FORWARDING_MEMBER, True),
        "the rule of the doors": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-doors")), True),
        "the rule of another region": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-region")), False),
        "the watch": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-watch")), False),
        "another rule": (by_service("events", MEMBER, rule(MEMBER, "mine")), False),
        "in another region": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward", "us-gov-east-1")), False),
        "a rule of that name of a stranger": (FORWARDING_STRANGER, False),
        "a stranger's account with that rule": (by_service("events", STRANGER, rule(MEMBER, f"{N}-forward")), False),
        "another service": (by_service("scheduler", MEMBER, f"{GROUP}default"), False),
        "an administrator of the member": (by_role(MEMBER, "admin"), False),
        "the function": (by_role(CENTRAL, CENTRAL_ROLE), False),
    },
    "ForwardWatchRole": {
        "the watch": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-watch")), True),
        "the rule": (FORWARDING_MEMBER, False),
        "a stranger's rule": (by_service("events", STRANGER, rule(STRANGER, f"{N}-forward-watch")), False),
    },
    "RegionRole": {
        "the rule": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-region", "us-gov-east-1")), True),
        "the doors": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-region-doors", "us-gov-east-1")), True),
        "the watch": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-region-watch", "us-gov-east-1")), True),
        "another rule": (by_service("events", MEMBER, rule(MEMBER, "mine", "us-gov-east-1")), False),
        "a longer name": (by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-region-x", "us-gov-east-1")), False),
        "a rule of that name on another bus": (by_service("events", MEMBER, rule(MEMBER, f"b/{N}-forward-region")), False),
        "a stranger's rule": (by_service("events", STRANGER, rule(STRANGER, f"{N}-forward-region")), False),
        "a stranger's account with that rule": (by_service("events", STRANGER, rule(MEMBER, f"{N}-forward-region")), False),
        "another service": (by_service("scheduler", MEMBER, f"{GROUP}default"), False),
        "an administrator of the member": (by_role(MEMBER, "admin"), False),
    },
    "HeartbeatRole": {
        "the schedule": (by_service("scheduler", MEMBER, f"{GROUP}default"), True),
        "a schedule of another group": (by_service("scheduler", MEMBER, f"{GROUP}mine"), False),
        "a stranger's": (by_service("scheduler", STRANGER, GROUP.replace(MEMBER, STRANGER) + "default"), False),
        "a stranger's account with that group": (by_service("scheduler", STRANGER, f"{GROUP}default"), False),
        "another service": (FORWARDING_MEMBER, False),
        "an administrator of the member": (by_role(MEMBER, "admin"), False),
    },
}
#: The parameters of a member's stack.
DEPLOYED = {
    "AWS::AccountId": MEMBER,
    "Name": N,
    "OrganizationId": ORGANIZATION,
    "CentralBusArn": f"arn:aws-us-gov:events:us-gov-west-1:{CENTRAL}:event-bus/{N}-organization",
    "CentralRoleArn": role(CENTRAL, CENTRAL_ROLE),
}


@pytest.mark.parametrize("which, who", [(which, who) for which, all_ in TO_ASSUME.items() for who in all_])
def test_who_can_assume_a_role_of_a_member(member, which, who):
    by, allowed = TO_ASSUME[which][who]
    trust = member["Resources"][which]["Properties"]["AssumeRolePolicyDocument"]
    assert allows(resolved(member, trust, DEPLOYED), assume(by)) is allowed


def test_every_role_of_a_member_is_in_the_table(member):
    assert {name for name, it in member["Resources"].items() if it["Type"] == "AWS::IAM::Role"} == set(TO_ASSUME)


def policy_of(template, name, parameters):
    (policy,) = template["Resources"][name]["Properties"]["Policies"]
    return resolved(template, policy["PolicyDocument"], parameters)


def test_the_function_assumes_the_reader_role_in_its_organization_only(template):
    def may(name, organization, parameters):
        context = {"aws:ResourceOrgID": organization} if organization else {}
        request = {"principal": {"AWS": "x"}, "resource": role(MEMBER, name), "context": context}
        return allows(policy_of(template, "AlertRole", parameters), assume(request))

    with_organization = {"OrganizationId": ORGANIZATION}
    assert may(f"{N}-reader", ORGANIZATION, with_organization)
    assert not may(f"{N}-reader", STRANGERS, with_organization) and not may(f"{N}-reader", None, with_organization)
    assert not may("admin", ORGANIZATION, with_organization) and not may(f"{N}-reader", ORGANIZATION, {})


@pytest.mark.parametrize("name", ["ForwardRole", "ForwardWatchRole", "RegionRole"])
def test_the_forwarding_puts_events_on_the_central_bus_and_does_nothing_else(member, name):
    policy = policy_of(member, name, DEPLOYED)
    request = put(by_role(MEMBER, "x"))
    assert allows(policy, request)
    assert not allows(policy, request | {"resource": request["resource"].replace(CENTRAL, STRANGER)})
    assert not allows(policy, request | {"action": "events:PutRule"})


def test_the_role_of_the_regions_puts_events_on_the_default_bus_and_does_nothing_else(template, member):
    policy = policy_of(template, "RegionRole", {})
    default = f"arn:aws-us-gov:events:us-gov-west-1:{CENTRAL}:event-bus/default"
    request = put(by_role(CENTRAL, f"{N}-forward-region"))
    assert allows(policy, request | {"resource": default})
    assert not allows(policy, request | {"resource": default.replace(CENTRAL, STRANGER)})
    assert not allows(policy, request), "the bus of the organization"
    assert not allows(policy, request | {"resource": default, "action": "events:PutRule"})
    # The same rules may use it as in a member.
    trust = json.dumps(template["Resources"]["RegionRole"]["Properties"]["AssumeRolePolicyDocument"])
    of_member = member["Resources"]["RegionRole"]["Properties"]["AssumeRolePolicyDocument"]
    assert json.loads(trust.replace("${AlertTopicName}", "${Name}")) == of_member


def test_the_heartbeat_tags_its_own_role_and_does_nothing_else(member):
    policy = policy_of(member, "HeartbeatRole", DEPLOYED)

    def may(name, *keys, action="iam:TagRole"):
        request = {"principal": {"AWS": "x"}, "resource": role(MEMBER, name), "context": {"aws:TagKeys": list(keys)}}
        return allows(policy, request | {"action": action})

    assert may(f"{N}-heartbeat", "last-heartbeat")
    assert not may(f"{N}-heartbeat", "last-heartbeat", "team") and not may(f"{N}-heartbeat", "team")
    assert not may(f"{N}-forward", "last-heartbeat") and not may("admin", "last-heartbeat")
    assert not may(f"{N}-heartbeat", "last-heartbeat", action="iam:UntagRole")


def test_the_queue_of_a_member_takes_events_of_its_three_rules_only(member):
    policy = member["Resources"]["UndeliveredQueuePolicy"]["Properties"]["PolicyDocument"]
    policy = resolved(member, policy, DEPLOYED)
    queue = resolved(member, {"GetAtt": "UndeliveredQueue.Arn"}, DEPLOYED)

    def may(by):
        return allows(policy, {"action": "sqs:SendMessage", "resource": queue, **by})

    assert may(FORWARDING_MEMBER)
    assert may(by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-doors")))
    assert may(by_service("events", MEMBER, rule(MEMBER, f"{N}-forward-watch")))
    assert not may(by_service("events", MEMBER, rule(MEMBER, f"{N}-forward"), **{"aws:SecureTransport": "false"}))
    assert not may(FORWARDING_STRANGER)
    assert not may(by_service("events", MEMBER, rule(MEMBER, "mine"))) and not may(by_role(MEMBER, "admin"))


def test_the_queue_of_a_region_takes_events_of_its_three_rules_only(region):
    there = {"AWS::AccountId": MEMBER, "AWS::Region": "us-gov-east-1"}
    policy = resolved(region, region["Resources"]["UndeliveredQueuePolicy"]["Properties"]["PolicyDocument"], there)
    queue = resolved(region, {"GetAtt": "UndeliveredQueue.Arn"}, there)

    def may(by):
        return allows(policy, {"action": "sqs:SendMessage", "resource": queue, **by})

    for name in rules(region):
        of = resolved(region, region["Resources"][name]["Properties"]["Name"], there)
        assert may(by_service("events", MEMBER, rule(MEMBER, of, "us-gov-east-1"))), name
        assert not may(by_service("events", MEMBER, rule(MEMBER, of))), "another region"
        assert not may(by_service("events", STRANGER, rule(STRANGER, of, "us-gov-east-1")))
    assert not may(by_role(MEMBER, "admin"))


def write(by, action="logs:PutLogEvents", log=LOG):
    """Writes to a log group: to one of its streams."""
    stream = f"arn:aws-us-gov:logs:us-gov-west-1:{CENTRAL}:log-group:{log}:log-stream:0a1b"
    return {"action": action, "resource": stream, **by}


def of_rule(name, account=CENTRAL, service="events"):
    return by_service(service, account, rule(account, name))


HEALTH_RULE, TAMPERING_RULE = (f"{N}-organization/{N}-org-{ending}" for ending in ("health", "tampering"))
WITHOUT_SOURCE = {"principal": {"Service": "events.amazonaws.com"}, "context": {}}
TO_THE_LOG = {
    "the rule about health": (write(of_rule(HEALTH_RULE)), True),
    "the rule about tampering": (write(of_rule(TAMPERING_RULE)), True),
    "the delivery for a rule": (write(of_rule(TAMPERING_RULE, service="delivery.logs")), True),
    "a new stream": (write(WITHOUT_SOURCE, "logs:CreateLogStream"), True),
    "without a source": (write(WITHOUT_SOURCE), False),
    "another rule": (write(of_rule(f"{N}-iam")), False),
    "a rule of that name on the default bus": (write(of_rule(f"{N}-org-tampering")), False),
    "a rule of that name of a member": (write(of_rule(TAMPERING_RULE, MEMBER)), False),
    "a rule of that name of a stranger": (write(of_rule(TAMPERING_RULE, STRANGER)), False),
    "another service": (write(of_rule(TAMPERING_RULE, service="route53")), False),
    "a role": (write(by_role(CENTRAL, "admin")), False),
    "another log": (write(of_rule(TAMPERING_RULE), log=f"/aws/lambda/{N}"), False),
    "another log of events": (write(of_rule(TAMPERING_RULE), log="/aws/events/mine"), False),
    "another action": (write(of_rule(TAMPERING_RULE), "logs:DeleteLogStream"), False),
}


@pytest.mark.parametrize("who", TO_THE_LOG)
def test_who_can_write_to_the_log_of_the_organization(template, who):
    request, allowed = TO_THE_LOG[who]
    policy = template["Resources"]["OrganizationLogsPolicy"]["Properties"]["PolicyDocument"]
    assert allows(json.loads(resolved(template, policy, {"OrganizationId": ORGANIZATION})), request) is allowed


def test_who_may_is_decided_as_in_aws():
    """The judge itself, on what decides above."""
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "a:*", "Resource": "arn:aws:a:::x*"}
    request = {"principal": {"AWS": "p"}, "action": "a:B", "resource": "arn:aws:a:::xy", "context": {"k": "v"}}

    def judged(*statements, **more):
        return allows({"Statement": list(statements)}, request | more)

    assert judged(statement) and not judged() and not judged(statement, statement | {"Effect": "Deny"})
    assert not judged(statement, principal={"Service": "p"}) and not judged(statement, action="b:B")
    assert not judged(statement, resource="arn:aws:a:::y") and not judged(statement, resource="arn:aws:b:::xy")
    for operator, value, holds_ in [
        ("StringEquals", "v", True),
        ("StringEquals", "V", False),
        ("StringEquals", ["u", "v"], True),
        ("ForAllValues:StringEquals", "v", True),
        ("StringLike", "v*", True),
        ("StringLike", "w*", False),
        ("StringNotLike", "w*", True),
        ("StringNotLike", ["w*", "v*"], False),
    ]:
        assert judged(statement | {"Condition": {operator: {"K": value}}}) is holds_, "keys are not case-sensitive"
    absent = {"StringEquals": False, "Bool": False, "ForAllValues:StringEquals": True}
    absent |= {"StringLike": False, "StringNotLike": True}
    for operator, holds_ in absent.items():
        assert judged(statement | {"Condition": {operator: {"other": "v"}}}) is holds_
    both = {"StringEquals": {"k": "v"}, "Bool": {"other": "true"}}
    assert not judged(statement | {"Condition": both}), "all conditions must hold"
    for unknown in ["StringEqualsIgnoreCase", "ForAnyValue:StringEquals", "StringEqualsIfExists"]:
        with pytest.raises((AssertionError, KeyError)):
            judged(statement | {"Condition": {unknown: {"k": "v"}}})
