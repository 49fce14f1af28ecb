"""The template agrees with itself and with the code."""

import fnmatch
import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest

PATTERN_LIMIT = 2048  # "Amazon EventBridge quotas": the size of an event pattern, in characters
RULE_NAME_LIMIT = 64  # the same
DESCRIPTION_LIMIT = 1024  # "PutMetricAlarm": the size of an alarm's description, in characters
LAMBDA_ENVIRONMENT = 4096  # "Lambda quotas": all environment variables together

#: Pseudo parameters, with values of some account.
PSEUDO = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "us-gov-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "iam-security-alert",
}


def rules(template, kind="EventPattern"):
    """The rules that wait for events, or those with a `ScheduleExpression`."""
    resources = template["Resources"].items()
    return [name for name, it in resources if it["Type"] == "AWS::Events::Rule" and kind in it["Properties"]]


def default_bus_rules(template):
    """The rules of the account's default bus, events and schedules. The only other bus is the stack's own."""
    found = rules(template) + rules(template, "ScheduleExpression")
    return [name for name in found if "EventBusName" not in template["Resources"][name]["Properties"]]


def rule_name(template, rule):
    return template["Resources"][rule]["Properties"]["Name"]["Sub"]


def rule_arn(template, rule):
    """The ARN of a rule of the default bus, with the variables of `Sub`."""
    return f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{rule_name(template, rule)}"


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


def values(template):
    """What the variables of `Sub` are when the template's own resources stand for themselves."""
    defaults = {name: str(it.get("Default", "")) for name, it in template["Parameters"].items()}
    return PSEUDO | defaults


def filled(template, text):
    return re.sub(r"\$\{([^!}]+)\}", lambda it: values(template).get(it[1], it[1]), text)


#: The values of each parameter that decides which resources there are.
CHOICES = {
    "SlackWorkspaceId": ["", "T01234567"],
    "TeamsTenantId": ["", "00000000-0000-0000-0000-000000000000"],
    "ChatWebhookUrl": ["", "none", "https://hooks.example.com/x"],
    "EnableAlertBus": ["true", "false"],
    "EnableSecurityHub": ["true", "false"],
    "EnableHistory": ["true", "false"],
    "CreateTrail": ["true", "false"],
}
#: Set if, and only if, another is.
TOGETHER = {"SlackChannelId": "SlackWorkspaceId", "TeamsTeamId": "TeamsTenantId", "TeamsChannelId": "TeamsTenantId"}


def combinations():
    for values in itertools.product(*CHOICES.values()):
        chosen = dict(zip(CHOICES, values))
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
            found.add(of)
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
    # Slack, Teams, both or none; a webhook (which needs the bus), the bus or none; each of the others with and without.
    assert len(stacks) == 4 * 3 * 2 * 2 * 2


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


def test_every_pattern_and_name_stays_within_the_limits_of_eventbridge(template):
    assert sorted(rules(template)) == [
        "IamRule",
        "RootSignInRule",
        "SelfProtectionRule",
        "TamperingRule",
        "WebhookRule",
    ]
    for rule in rules(template):
        pattern = template["Resources"][rule]["Properties"]["EventPattern"]
        # Filled with the longest names: an ARN of 120 characters for each reference.
        text = json.dumps(pattern, separators=(",", ":")).replace('{"Ref":', '"' + 120 * "x" + '{"Ref":')
        assert len(text) <= PATTERN_LIMIT, rule
    longest = template["Parameters"]["AlertTopicName"]["MaxLength"] - len("${AlertTopicName}")
    for rule in rules(template) + rules(template, "ScheduleExpression"):
        assert rule_name(template, rule).startswith("${AlertTopicName}-"), rule
        assert len(rule_name(template, rule)) + longest <= RULE_NAME_LIMIT, rule


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
    # The rule about tampering goes past the function.
    invoking = sorted(set(default_bus_rules(template)) - {"TamperingRule"})
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
    using = [rule for rule in default_bus_rules(template) if keeps_events(template, rule)]
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
    # What the webhook does not accept has an alarm of its own.
    invoking = {rule_name(template, rule) for rule in default_bus_rules(template)}
    assert watched_rules(template, "FailedInvocationsAlarm", "FailedInvocations") == invoking
    keeping = rules(template) + rules(template, "ScheduleExpression")
    keeping = {rule_name(template, rule) for rule in keeping if keeps_events(template, rule)}
    assert watched_rules(template, "LostAlarm", "InvocationsFailedToBeSentToDlq") == keeping


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
    own = {arn for text in own for arn in text.split(",")}
    for rule in default_bus_rules(template):
        assert rule_arn(template, rule) in own, rule
    assert rule_arn(template, "WebhookRule").replace(":rule/", ":rule/${AlertTopicName}/") in own
    # The other resources: by Ref where that is the ARN, by GetAtt, or as ARNs with their given names.
    kinds = {
        "AWS::SNS::Topic": lambda name: {name, f"${{{name}}}"},
        "AWS::SQS::Queue": lambda name: {f"{name}.Arn", f"${{{name}.Arn}}"},
        "AWS::DynamoDB::Table": lambda name: {f"${{{name}.Arn}}"},
        "AWS::Events::EventBus": lambda name: {
            "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${AlertTopicName}"
        },
        "AWS::CloudTrail::Trail": lambda name: {
            "arn:${AWS::Partition}:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/${AWS::StackName}-trail"
        },
    }
    for name, it in resources.items():
        if it["Type"] in kinds:
            assert kinds[it["Type"]](name) & own, name
    assert "AlertRole.Arn" in own
    for chosen in combinations():
        needed = references(template, variables["OWN_RESOURCES"], chosen)
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
    # The ARNs of the stack's eight to fifteen resources have less than 120 characters each, the rest is short. A stack
    # that was deployed before `default` was a word has a list of names with 1,305 characters.
    assert sum(map(len, variables)) + 1305 + 16 * 120 < LAMBDA_ENVIRONMENT - 600


def test_alarm_descriptions_stay_within_the_limit_of_cloudwatch(template):
    for name, it in template["Resources"].items():
        if it["Type"] == "AWS::CloudWatch::Alarm":
            text = filled(template, it["Properties"]["AlarmDescription"]["Sub"])
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


def unordered(value):
    """A value whose lists are sorted."""
    if isinstance(value, dict):
        return {key: unordered(of) for key, of in value.items()}
    if isinstance(value, list):
        return sorted(map(unordered, value), key=json.dumps)
    return value


def allowed_actions(template):
    policies = template["Resources"]["AlertRole"]["Properties"]["Policies"]
    statements = [it for policy in policies for it in policy["PolicyDocument"]["Statement"]]
    statements = [part for it in statements for part in (it["If"][1:] if "If" in it else [it]) if "Action" in part]
    assert all(it["Effect"] == "Allow" for it in statements)
    return [action for it in statements for action in texts(it["Action"])]


def test_patterns_and_actions_are_those_of_the_code(template):
    run = ["cargo", "run", "--quiet", "--example", "exports"]
    exports = json.loads(subprocess.check_output(run, cwd=Path(__file__).parents[1]))
    of_rules = {rule: dict(template["Resources"][rule]["Properties"]["EventPattern"]) for rule in rules(template)}
    # Events of other accounts on the bus are not alerted on. The bus of the stack gets none, and the account differs from
    # stack to stack.
    of_bus = {rule: of_rules[rule].pop("account", None) for rule in of_rules}
    assert of_bus == {rule: [{"Ref": "AWS::AccountId"}] for rule in of_rules} | {"WebhookRule": None}
    assert unordered({rule: of_rules[rule] for rule in exports["eventPatterns"]}) == unordered(exports["eventPatterns"])
    assert set(of_rules) - set(exports["eventPatterns"]) == {"TamperingRule", "WebhookRule"}
    allowed = set(allowed_actions(template))
    assert set(exports["verificationActions"]) <= allowed
    reads = [action for action in allowed_actions(template) if action.startswith("iam:")]
    assert sorted(reads) == sorted(exports["iamReadActions"])
    watched = exports["watchedByDefault"]
    assert len(set(watched)) == len(watched)
    form = template["Parameters"]["WatchedEventNames"]["AllowedPattern"]
    assert re.fullmatch(form, ",".join(watched)), "each name can be given as WatchedEventNames"


def test_only_the_function_publishes_alerts_and_writes_the_history(template):
    session = {"Sub": "arn:${AWS::Partition}:sts::${AWS::AccountId}:assumed-role/${AWS::StackName}-AlertRole-*"}
    role = {"ArnNotLike": {"aws:PrincipalArn": [{"GetAtt": "AlertRole.Arn"}, session]}}
    for topic in ["AlertTopic", "ChatTopic"]:
        statements = template["Resources"][f"{topic}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        (deny,) = [it for it in statements if it["Sid"] == "OnlyTheFunctionPublishes"]
        assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "sns:Publish")
        assert deny["Condition"] == role and deny["Resource"] == {"Ref": topic}
    table = template["Resources"]["HistoryTable"]["Properties"]["ResourcePolicy"]["PolicyDocument"]
    (deny,) = table["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", role)
    assert {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"} <= set(deny["Action"])
    # Reads stay possible: the README's commands read the history.
    assert not [action for action in deny["Action"] if re.search("Get|Query|Scan|Select", action)]


def test_the_schedule_carries_the_settings_that_the_function_has(template):
    (target,) = template["Resources"]["ScheduleRule"]["Properties"]["Targets"]
    variables = template["Resources"]["AlertFunction"]["Properties"]["Environment"]["Variables"]
    for history in ["true", "false"]:
        begin, pairs, end = target["Input"]["Join"][1]
        chosen_pair = [it["If"][1 if history == "true" else 2] if "If" in it else it for it in pairs["Join"][1]]
        joined = ",".join(it["Sub"] if isinstance(it, dict) else it for it in chosen_pair)
        event = json.loads(begin + joined + end)
        assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
        assert event["settings"].pop("RESERVED_CONCURRENCY") == "${ReservedConcurrency}"
        for name, value in event["settings"].items():
            of_function = variables[name]
            if "If" in of_function:
                of_function = of_function["If"][1 if history == "true" else 2]
            of_function = "${%s}" % of_function["Ref"] if isinstance(of_function, dict) else of_function
            assert value == of_function, name
    # A quotation mark in a parameter would end the text.
    for name in ["ExpectedPrincipals", "FeedingTrails", "WatchedEventNames"]:
        assert not re.match(template["Parameters"][name]["AllowedPattern"], 'arn:aws:iam::123456789012:user/a"b'), name


def test_roles_trust_services_for_this_account_only(template):
    for name, it in template["Resources"].items():
        if it["Type"] != "AWS::IAM::Role":
            continue
        (statement,) = it["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        service = statement["Principal"]["Service"]
        keys = set(statement.get("Condition", {}).get("StringEquals", {}))
        # AWS does not document the key for the chat service, whose role can do nothing.
        expected = set() if service == "chatbot.amazonaws.com" else {"aws:SourceAccount"}
        assert expected <= keys, name
        assert service != "events.amazonaws.com" or "aws:SourceArn" in keys, name


def test_the_rule_about_tampering_reaches_the_health_topic_and_interpolates_no_free_text(template):
    (target,) = template["Resources"]["TamperingRule"]["Properties"]["Targets"]
    assert target["Arn"] == {"Ref": "HealthTopic"}
    paths = target["InputTransformer"]["InputPathsMap"]
    free = ("userAgent", "errorMessage", "requestParameters", "responseElements", "sessionName", "userName")
    assert not [path for path in paths.values() if any(field in path for field in free)]
    text = target["InputTransformer"]["InputTemplate"]["Sub"]
    assert set(re.findall("<([a-z]+)>", text)) == set(paths)
    assert all(line.startswith('"') and line.endswith('"') for line in text.strip().splitlines())
