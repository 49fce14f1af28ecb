"""A plan of the module, in the words of the template: the resources of Terraform, as the properties of CloudFormation.

The way back from Terraform's names, written without a look at terraform/generate.py. An argument that the tables here do not
know becomes a property that the template does not have, so that the comparison fails.
"""

import json
import re
from pathlib import Path

SCHEMA = json.loads((Path(__file__).resolve().parent / "schema.json").read_text())

#: Arguments that hold JSON.
JSON = {"assume_role_policy", "dashboard_body", "event_pattern", "policy", "policy_document"}

#: Properties that are not just another spelling of the argument, by resource.
PROPERTIES = {
    "aws_chatbot_slack_channel_configuration": {
        "slack_team_id": "SlackWorkspaceId",
        "guardrail_policy_arns": "GuardrailPolicies",
    },
    "aws_chatbot_teams_channel_configuration": {
        "tenant_id": "TeamsTenantId",
        "channel_id": "TeamsChannelId",
        "guardrail_policy_arns": "GuardrailPolicies",
    },
    "aws_cloudformation_stack_set": {"name": "StackSetName"},
    "aws_cloudtrail": {"name": "TrailName", "enable_logging": "IsLogging"},
    "aws_cloudwatch_event_connection": {
        "auth_parameters.api_key": "ApiKeyAuthParameters",
        "auth_parameters.api_key.key": "ApiKeyName",
        "auth_parameters.api_key.value": "ApiKeyValue",
    },
    "aws_cloudwatch_event_target": {"target_id": "Id", "input_transformer.input_paths": "InputPathsMap"},
    "aws_cloudwatch_log_group": {"name": "LogGroupName"},
    "aws_dynamodb_table": {
        "name": "TableName",
        "ttl": "TimeToLiveSpecification",
        "point_in_time_recovery": "PointInTimeRecoverySpecification",
    },
    "aws_iam_role": {"name": "RoleName", "assume_role_policy": "AssumeRolePolicyDocument"},
    "aws_s3_bucket": {"bucket": "BucketName"},
    "aws_s3_bucket_policy": {"policy": "PolicyDocument"},
    "aws_sns_topic": {"name": "TopicName"},
    "aws_sns_topic_policy": {"policy": "PolicyDocument"},
    "aws_sqs_queue": {"name": "QueueName", "message_retention_seconds": "MessageRetentionPeriod"},
    "aws_sqs_queue_policy": {"policy": "PolicyDocument"},
}


def camel(argument):
    return "".join(part[0].upper() + part[1:] for part in argument.split("_"))


def properties(kind, values, schema, within=""):
    """The arguments that are set, with the names of properties."""
    found, names = {}, PROPERTIES.get(kind, {})
    for argument, text in schema["attributes"].items():
        value = values.get(argument)
        # What only the provider can give is no argument.
        if value is not None and not re.search(r"(?<!optional) computed$", text):
            found[names.get(within + argument, camel(argument))] = json.loads(value) if argument in JSON else value
    for argument, inside in schema.get("blocks", {}).items():
        blocks = values.get(argument) or []
        # A block that can be there only once, as the timeouts, is no list.
        blocks = blocks if isinstance(blocks, list) else [blocks]
        blocks = [properties(kind, block, inside, f"{within}{argument}.") for block in blocks]
        if blocks:
            found[names.get(within + argument, camel(argument))] = blocks if " many " in inside["is"] else blocks[0]
    return found


def named(dimensions):
    return sorted(({"Name": name, "Value": value} for name, value in dimensions.items()), key=lambda it: it["Name"])


def alarm(of):
    if "Dimensions" in of:
        of["Dimensions"] = named(of["Dimensions"])
    if "MetricQuery" in of:
        of["Metrics"] = of.pop("MetricQuery")
    for query in of.get("Metrics", []):
        if "Metric" in query:
            metric = query.pop("Metric")
            query["MetricStat"] = {key: metric.pop(key) for key in ("Stat", "Period")} | {"Metric": metric}
            metric["Dimensions"] = named(metric["Dimensions"])
    return of


def table(of):
    keys = [{"AttributeName": of.pop(key), "KeyType": key.removesuffix("Key").upper()} for key in ("HashKey", "RangeKey")]
    of["KeySchema"] = keys
    of["AttributeDefinitions"] = sorted(
        ({f"Attribute{key}": value for key, value in it.items()} for it in of.pop("Attribute")),
        key=lambda it: it["AttributeName"],
    )
    of["PointInTimeRecoverySpecification"] = {
        "PointInTimeRecoveryEnabled": of["PointInTimeRecoverySpecification"]["Enabled"]
    }
    return of


def target(of):
    of_rule = {name: of.pop(key) for name, key in (("TheRule", "Rule"), ("EventBusName", "EventBusName")) if key in of}
    return of_rule | {"Targets": [of]}


def stack_set(of):
    parameters = of.pop("Parameters")
    of["Parameters"] = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    return of


def stack_instances(of):
    of["TheStackSet"] = of.pop("StackSetName")
    group = {key: of.pop(key) for key in ("Regions", "DeploymentTargets")}
    return of | {"StackInstancesGroup": [group]}


def only(of):
    """The one rule, whether or not there could be more."""
    rule = of.pop("Rule")
    (rule,) = rule if isinstance(rule, list) else [rule]
    return rule


def lifecycle(of):
    # The schema says of no block here that there is only one.
    rule = {key: value[0] if isinstance(value, list) else value for key, value in only(of).items()}
    rule["ExpirationInDays"] = rule.pop("Expiration")["Days"]
    # An empty filter: all objects.
    assert rule.pop("Filter") == {}
    return {"TheBucket": of.pop("Bucket"), "LifecycleConfiguration": {"Rules": [rule]}} | of


def encryption(of):
    rule = only(of)
    default = rule.pop("ApplyServerSideEncryptionByDefault")
    assert not rule
    default = {"SSEAlgorithm": default.pop("SseAlgorithm")} | default
    rules = [{"ServerSideEncryptionByDefault": default}]
    return {"TheBucket": of.pop("Bucket"), "BucketEncryption": {"ServerSideEncryptionConfiguration": rules}} | of


def code(of):
    """The code is given in another way."""
    assert of.pop("Filename") == "code.zip" and of.pop("SourceCodeHash")
    return of


#: A resource in the shape of the template. `The…` is what it belongs to: it must be what the template's resource is.
SHAPES = {
    "aws_cloudformation_stack_instances": stack_instances,
    "aws_cloudformation_stack_set": stack_set,
    "aws_cloudwatch_event_bus_policy": lambda of: {"TheBus": of.pop("EventBusName")} | of,
    "aws_cloudwatch_event_target": target,
    "aws_cloudwatch_metric_alarm": alarm,
    "aws_dynamodb_resource_policy": lambda of: {
        "TheTable": of.pop("ResourceArn"),
        "ResourcePolicy": {"PolicyDocument": of.pop("Policy")} | of,
    },
    "aws_dynamodb_table": table,
    "aws_iam_role_policy": lambda of: {
        "TheRole": of.pop("Role"),
        "Policies": [{"PolicyName": of.pop("Name"), "PolicyDocument": of.pop("Policy")} | of],
    },
    "aws_lambda_function": code,
    "aws_s3_bucket_lifecycle_configuration": lifecycle,
    "aws_s3_bucket_ownership_controls": lambda of: {
        "TheBucket": of.pop("Bucket"),
        "OwnershipControls": {"Rules": [only(of)]} | of,
    },
    "aws_s3_bucket_public_access_block": lambda of: {"TheBucket": of.pop("Bucket"), "PublicAccessBlockConfiguration": of},
    "aws_s3_bucket_server_side_encryption_configuration": encryption,
    "aws_s3_bucket_versioning": lambda of: {"TheBucket": of.pop("Bucket")} | of,
    "aws_sns_topic_policy": lambda of: {"Topics": [of.pop("Arn")]} | of,
    "aws_sqs_queue_policy": lambda of: {"Queues": [of.pop("QueueUrl")]} | of,
}


def local_name(logical_id):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", logical_id).lower()


def resources(plan, logical_ids):
    """The properties of each resource of the template, by its logical id, from the planned resources of Terraform."""
    by_name = {local_name(logical_id): logical_id for logical_id in logical_ids}
    found = {}
    for planned in plan["planned_values"]["root_module"]["resources"]:
        if planned["mode"] != "managed":
            continue
        kind = planned["type"]
        of = properties(kind, planned["values"], SCHEMA["resource"][kind])
        of = SHAPES.get(kind, lambda it: it)(of)
        mine = found.setdefault(by_name[planned["name"]], {})
        for key, value in of.items():
            # The parts of a stack set say the same twice.
            assert mine.setdefault(key, value) == value, (planned["address"], key)
    return found
