"""What CloudFormation would make of template.yaml: its conditions, functions and names, for some values of the parameters.

This does not use terraform/generate.py: the module is compared with what is computed here.
"""

import re

ACCOUNT = "123456789012"
STACK = "iam-security-alert"
NO_VALUE = object()

#: The property with the name of a resource. Where it is missing, CloudFormation makes a name; the module gives one.
NAME = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::ApiDestination": "Name",
    "AWS::Events::Connection": "Name",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Serverless::Function": "FunctionName",
}


class Stack:
    def __init__(self, template, parameters, region="us-east-1", partition="aws"):
        self.template, self.region, self.partition = template, region, partition
        self.values = {name: str(of.get("Default", "")) for name, of in template["Parameters"].items()} | parameters
        self.values |= {
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::AccountId": ACCOUNT,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": STACK,
        }

    def holds(self, condition):
        if isinstance(condition, str):
            return self.holds(self.template["Conditions"][condition])
        ((function, of),) = condition.items()
        if function == "Equals":
            return len({str(self.of(side)) for side in of}) == 1
        if function == "Condition":
            return self.holds(of)
        parts = [self.holds(part) for part in of]
        return {"Not": lambda: not parts[0], "And": lambda: all(parts), "Or": lambda: any(parts)}[function]()

    def there(self, kind):
        """The resources or outputs that there are."""
        return {
            name: of for name, of in self.template[kind].items() if "Condition" not in of or self.holds(of["Condition"])
        }

    def name(self, resource):
        of = self.template["Resources"][resource]
        given = of["Properties"].get(NAME[of["Type"]])
        if given:
            return self.of(given)
        return f"{STACK}-trail-{ACCOUNT}" if of["Type"] == "AWS::S3::Bucket" else f"{STACK}-{resource}"

    def attribute(self, text):
        """What `Ref` and `GetAtt` give."""
        if text in self.values:
            return self.values[text]
        resource, _, wanted = text.partition(".")
        assert resource in self.there("Resources"), f"{resource} is not there"
        kind, name = self.template["Resources"][resource]["Type"], self.name(resource)
        here = f"{self.region}:{ACCOUNT}"
        bus = self.template["Resources"][resource]["Properties"].get("EventBusName")
        arns = {
            "AWS::CloudWatch::Alarm": f"cloudwatch:{here}:alarm:{name}",
            "AWS::DynamoDB::Table": f"dynamodb:{here}:table/{name}",
            "AWS::Events::ApiDestination": f"events:{here}:api-destination/{name}",
            "AWS::Events::Connection": f"events:{here}:connection/{name}",
            "AWS::Events::EventBus": f"events:{here}:event-bus/{name}",
            "AWS::Events::Rule": f"events:{here}:rule/{self.of(bus) + '/' if bus else ''}{name}",
            "AWS::IAM::Role": f"iam::{ACCOUNT}:role/{name}",
            "AWS::S3::Bucket": f"s3:::{name}",
            "AWS::SNS::Topic": f"sns:{here}:{name}",
            "AWS::SQS::Queue": f"sqs:{here}:{name}",
            "AWS::Serverless::Function": f"lambda:{here}:function:{name}",
        }
        if wanted == "Arn" or kind == "AWS::SNS::Topic" and not wanted:
            return f"arn:{self.partition}:{arns[kind]}"
        if kind == "AWS::SQS::Queue" and not wanted:
            return f"https://sqs.{self.region}.amazonaws.com/{ACCOUNT}/{name}"
        assert wanted in ("", "QueueName", "TopicName"), text
        return name

    def sub(self, of):
        text, given = of if isinstance(of, list) else (of, {})
        filled = {name: str(self.of(value)) for name, value in given.items()}
        text = re.sub(r"\$\{([^!}]+)\}", lambda it: filled[it[1]] if it[1] in filled else str(self.attribute(it[1])), text)
        return text.replace("${!", "${")

    def of(self, value):
        """A value as CloudFormation gives it to a service."""
        if isinstance(value, list):
            return [item for item in map(self.of, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, of),) = value.items()
            if function in ("Ref", "GetAtt"):
                return NO_VALUE if of == "AWS::NoValue" else self.attribute(of)
            if function == "Sub":
                return self.sub(of)
            if function == "If":
                return self.of(of[1] if self.holds(of[0]) else of[2])
            if function == "Join":
                return of[0].join(self.of(of[1]))
            if function == "Split":
                return self.of(of[1]).split(of[0])
            if function == "FindInMap":
                return self.template["Mappings"][of[0]][self.of(of[1])][of[2]]
        items = {key: self.of(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not NO_VALUE}
