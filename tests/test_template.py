"""What only a reader of YAML can tell of the template: the rules' patterns stay within EventBridge's limit."""

import json
from pathlib import Path

import pytest
import yaml

LIMIT = 2048  # "Amazon EventBridge quotas": the size of an event pattern, in characters
LAMBDA_ENVIRONMENT = 4096  # "Lambda quotas": all environment variables together

TEMPLATE = Path(__file__).parents[1] / "template.yaml"


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, `!Ref X`, as `{"Ref": X}`."""


def short_form(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", short_form)


@pytest.fixture(scope="module")
def template():
    return yaml.load(TEMPLATE.read_text(), Loader)


def pattern(template, rule, watched):
    """A rule's pattern as EventBridge gets it, with these names to be watched."""
    pattern = template["Resources"][rule]["Properties"]["EventPattern"]
    names = pattern["detail"]["eventName"]
    if isinstance(names, dict):
        assert names == {"If": ["WatchAll", {"Ref": "AWS::NoValue"}, {"Split": [",", {"Ref": "WatchedEventNames"}]}]}
        pattern["detail"]["eventName"] = watched.split(",")
    return json.dumps(pattern, separators=(",", ":"))


def rules(template, kind="EventPattern"):
    """The rules that wait for events, or those with a `ScheduleExpression`."""
    resources = template["Resources"].items()
    return [name for name, it in resources if it["Type"] == "AWS::Events::Rule" and kind in it["Properties"]]


def test_every_pattern_stays_within_the_limit_of_eventbridge(template):
    default = template["Parameters"]["WatchedEventNames"]["Default"]
    assert " " not in default
    found = rules(template)
    assert sorted(found) == ["IamRule", "OwnGroundRule", "RootSignInRule", "UnfamiliarIamRule"]
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
    assert sorted(permissions) == sorted(rules(template) + clocks)
    for rule in rules(template):
        (target,) = template["Resources"][rule]["Properties"]["Targets"]
        assert target["Arn"] == {"GetAtt": "AlertFunction.Arn"}
        assert target["DeadLetterConfig"] == {"Arn": {"GetAtt": "UndeliveredQueue.Arn"}}


def test_the_function_s_environment_leaves_room(template):
    variables = template["Resources"]["AlertFunction"]["Properties"]["Environment"]["Variables"]
    default = template["Parameters"]["WatchedEventNames"]["Default"]
    # The ARNs of the stack's nine to thirteen resources have less than 120 characters each, the rest is short.
    assert sum(map(len, variables)) + len(default) + 13 * 120 < LAMBDA_ENVIRONMENT - 600
