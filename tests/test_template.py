"""What only a reader of YAML can tell of the template."""

import itertools
import json
import re

LIMIT = 2048  # "Amazon EventBridge quotas": the size of an event pattern, in characters
LAMBDA_ENVIRONMENT = 4096  # "Lambda quotas": all environment variables together


def pattern(template, rule, watched):
    """A rule's pattern as EventBridge gets it, with these names to be watched."""
    pattern = template["Resources"][rule]["Properties"]["EventPattern"]
    names = pattern["detail"].get("eventName")
    if isinstance(names, dict):
        assert names == {"If": ["WatchAll", {"Ref": "AWS::NoValue"}, {"Split": [",", {"Ref": "WatchedEventNames"}]}]}
        pattern["detail"]["eventName"] = watched.split(",")
    return json.dumps(pattern, separators=(",", ":"))


def rules(template, kind="EventPattern"):
    """The rules that wait for events, or those with a `ScheduleExpression`."""
    resources = template["Resources"].items()
    return [name for name, it in resources if it["Type"] == "AWS::Events::Rule" and kind in it["Properties"]]


#: What each parameter may be that decides which resources there are.
CHOICES = {
    "SlackWorkspaceId": ["", "T01234567"],
    "TeamsTenantId": ["", "00000000-0000-0000-0000-000000000000"],
    "ChatWebhookUrl": ["", "none", "https://hooks.example.com/x"],
    "EnableAlertBus": ["true", "false"],
    "EnableSecurityHub": ["true", "false"],
    "EnableHistory": ["true", "false"],
    "CreateTrail": ["true", "false"],
    "WatchedEventNames": ["*", "CreateUser"],
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
        left, right = (parameters[side["Ref"]] if isinstance(side, dict) else side for side in of)
        return left == right
    if function == "Condition":
        return holds(template, of, parameters)
    parts = [holds(template, part, parameters) for part in of]
    return {"Not": lambda: not parts[0], "And": lambda: all(parts), "Or": lambda: any(parts)}[function]()


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


def test_whatever_is_chosen_nothing_refers_to_what_is_not_there(template):
    stacks = set()
    for chosen in combinations():
        resources = kept(template, "Resources", chosen)
        for it in [*resources.values(), *kept(template, "Outputs", chosen).values()]:
            unknown = references(template, it, chosen) - set(resources) - set(template["Parameters"])
            assert not {name for name in unknown if not name.startswith("AWS::")}, (unknown, chosen)
        stacks.add(frozenset(resources))
    # Slack and Teams by themselves or both, and each of the others with and without; a webhook brings the bus.
    assert len(stacks) == 4 * 3 * 2 * 2 * 2 * 2


def test_every_parameter_stands_in_a_group_and_every_alarm_tells_somebody(template):
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])
    for name, it in template["Resources"].items():
        if it["Type"] == "AWS::CloudWatch::Alarm":
            assert it["Properties"]["AlarmActions"] == [{"Ref": "HealthTopic"}], name


def test_the_dashboard_shows_every_alarm_that_there_is(template):
    for chosen in combinations():
        resources = kept(template, "Resources", chosen)
        shown = references(template, resources["Dashboard"]["Properties"], chosen)
        assert {name for name, it in resources.items() if it["Type"] == "AWS::CloudWatch::Alarm"} <= shown


def test_what_is_not_to_be_seen_can_be_answered_with_a_word(template):
    """`sam deploy --guided` offers no default for it, and asks until something is typed."""
    hidden = [it for it in template["Parameters"].values() if it.get("NoEcho")]
    assert hidden and all(it["Default"] and re.match(it["AllowedPattern"], it["Default"]) for it in hidden)


def test_every_pattern_stays_within_the_limit_of_eventbridge(template):
    default = template["Parameters"]["WatchedEventNames"]["Default"]
    assert " " not in default
    found = rules(template)
    assert sorted(found) == ["IamRule", "OwnGroundRule", "RootSignInRule", "UnfamiliarIamRule", "WebhookRule"]
    for rule in found:
        assert len(pattern(template, rule, default)) <= LIMIT, rule


def test_every_rule_may_invoke_the_function_and_keeps_what_it_could_not_hand_over(template):
    permissions = [
        resource["Properties"]["SourceArn"]["GetAtt"].split(".")[0]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Permission"
    ]
    clocks = rules(template, "ScheduleExpression")
    assert clocks == ["FloodRule"]
    events = [rule for rule in rules(template) if rule != "WebhookRule"]
    assert sorted(permissions) == sorted(events + clocks)
    for rule in events:
        (target,) = template["Resources"][rule]["Properties"]["Targets"]
        assert target["Arn"] == {"GetAtt": "AlertFunction.Arn"}
        assert target["DeadLetterConfig"] == {"Arn": {"GetAtt": "UndeliveredQueue.Arn"}}


def test_what_the_webhook_does_not_take_is_kept(template):
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
    default = template["Parameters"]["WatchedEventNames"]["Default"]
    # The ARNs of the stack's nine to sixteen resources have less than 120 characters each, the rest is short.
    assert sum(map(len, variables)) + len(default) + 16 * 120 < LAMBDA_ENVIRONMENT - 600
