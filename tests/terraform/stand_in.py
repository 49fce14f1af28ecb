"""A provider that stands in for hashicorp/aws in the tests: it speaks Terraform's plugin protocol 5, and makes nothing.

The schemas are those of the AWS provider (schema.json), so that Terraform itself finds an argument that does not exist, one
that is missing, or a wrong type. What AWS would give, above all ARNs, is made up from the names, so that a plan has the
policies in full. What the real provider checks beyond its schema (values, arguments that exclude each other) is not checked.

Terraform starts this file as the provider's program. STAND_IN_REGION and STAND_IN_PARTITION say where, and with
STAND_IN_UNKNOWN nothing is known before the apply, as for the first plan of a real account.
"""

import concurrent.futures
import json
import os
import sys
import tempfile
import threading
from pathlib import Path

import grpc
import msgpack

SCHEMA = json.loads((Path(__file__).resolve().parent / "schema.json").read_text())
REGION = os.environ.get("STAND_IN_REGION", "us-east-1")
PARTITION = os.environ.get("STAND_IN_PARTITION", "aws")
ACCOUNT = "123456789012"
UNKNOWN = msgpack.ExtType(0, b"\x00")

DATA = {
    "aws_partition": {"partition": PARTITION, "dns_suffix": "amazonaws.com"},
    "aws_region": {"region": REGION},
    "aws_caller_identity": {"account_id": ACCOUNT},
}

#: What AWS gives, by resource and attribute; {x} is an argument.
GIVEN = {
    "aws_cloudtrail": {"arn": "cloudtrail:{REGION}:{ACCOUNT}:trail/{name}"},
    "aws_cloudwatch_event_api_destination": {"arn": "events:{REGION}:{ACCOUNT}:api-destination/{name}"},
    "aws_cloudwatch_event_bus": {"arn": "events:{REGION}:{ACCOUNT}:event-bus/{name}"},
    "aws_cloudwatch_event_connection": {"arn": "events:{REGION}:{ACCOUNT}:connection/{name}"},
    "aws_cloudwatch_event_rule": {"arn": "events:{REGION}:{ACCOUNT}:rule/{name}"},
    "aws_cloudwatch_log_group": {"arn": "logs:{REGION}:{ACCOUNT}:log-group:{name}"},
    "aws_cloudwatch_metric_alarm": {"arn": "cloudwatch:{REGION}:{ACCOUNT}:alarm:{alarm_name}"},
    "aws_dynamodb_table": {"arn": "dynamodb:{REGION}:{ACCOUNT}:table/{name}"},
    "aws_iam_role": {"arn": "iam::{ACCOUNT}:role/{name}"},
    "aws_lambda_function": {"arn": "lambda:{REGION}:{ACCOUNT}:function:{function_name}"},
    "aws_s3_bucket": {"arn": "s3:::{bucket}"},
    "aws_sns_topic": {"arn": "sns:{REGION}:{ACCOUNT}:{name}"},
    "aws_sqs_queue": {"arn": "sqs:{REGION}:{ACCOUNT}:{name}", "url": "https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"},
}


def given(kind, attribute, arguments):
    """What AWS gives for an attribute, or that it is not known."""
    text = GIVEN.get(kind, {}).get(attribute)
    if kind == "aws_cloudwatch_event_rule" and text and arguments["event_bus_name"]:
        text = "events:{REGION}:{ACCOUNT}:rule/{event_bus_name}/{name}"
    needed = [name for name in arguments if text and f"{{{name}}}" in text]
    if not text or not all(isinstance(arguments[name], str) for name in needed):
        return UNKNOWN
    filled = text.format(REGION=REGION, ACCOUNT=ACCOUNT, **{name: arguments[name] for name in needed})
    return filled if text.startswith("https:") else f"arn:{PARTITION}:{filled}"


# --- Protocol buffers, as far as they are needed: fields with a length, and numbers


def varint(number):
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes(made) + bytes([number])


def field(number, value):
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value))
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return number, at


def fields(data):
    """The last value of each field of a message."""
    found, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        found[key >> 3] = value
    return found


def decoded(dynamic_value):
    return msgpack.unpackb(fields(dynamic_value)[1], raw=False, strict_map_key=False)


def encoded(value):
    return field(1, msgpack.packb(value))


# --- Schemas


def type_of(text):
    kind, _, inside = text.partition("(")
    return [kind, inside[:-1]] if inside else kind


def block_message(block):
    made = b""
    for name, text in block["attributes"].items():
        kind, *how = text.split()
        flags = {4: "required", 5: "optional", 6: "computed"}
        message = field(1, name) + field(2, json.dumps(type_of(kind)))
        made += field(2, message + b"".join(field(number, True) for number, flag in flags.items() if flag in how))
    for name, inside in block.get("blocks", {}).items():
        nesting, many, *how = inside["is"].split()
        message = field(1, name) + field(2, block_message(inside))
        message += field(3, {"single": 1, "list": 2, "set": 3}[nesting])
        if nesting != "single":
            message += field(4, int("required" in how)) + field(5, int(many == "one"))
        made += field(3, message)
    return made


def schema_message(block):
    return field(1, 0) + field(2, block_message(block))


def get_schema(_):
    provider = {"attributes": {"region": "string optional"}}
    made = field(1, schema_message(provider))
    for number, kind in ((2, "resource"), (3, "data")):
        for name, block in SCHEMA[kind].items():
            made += field(number, field(1, name) + field(2, schema_message(block)))
    return made


# --- What Terraform asks


def plan(request):
    of = fields(request)
    kind, proposed, config = of[1].decode(), decoded(of[3]), decoded(of[4])
    if proposed is not None:
        for name, text in SCHEMA["resource"][kind]["attributes"].items():
            if text.endswith("computed") and proposed[name] is None:
                proposed[name] = UNKNOWN if os.environ.get("STAND_IN_UNKNOWN") else given(kind, name, config)
    # Field 5: the type system of the older SDK, which AWS's provider uses, and which core is lenient with.
    return field(1, encoded(proposed)) + field(5, True)


def apply(request):
    of = fields(request)
    kind, planned = of[1].decode(), decoded(of[3])
    made_up = {"string": "made up", "number": 0, "bool": False, "map(string)": {}}
    for name, text in SCHEMA["resource"][kind]["attributes"].items() if planned else ():
        if planned[name] == UNKNOWN:
            found = given(kind, name, planned)
            planned[name] = made_up.get(text.split()[0], []) if found == UNKNOWN else found
    return field(1, encoded(planned)) + field(4, True)


def read_data(request):
    of = fields(request)
    values = decoded(of[2]) | DATA[of[1].decode()]
    return field(1, encoded(values))


def nothing(_):
    return b""


PROVIDER = {
    "GetSchema": get_schema,
    "GetResourceIdentitySchemas": nothing,
    "PrepareProviderConfig": lambda request: field(1, fields(request)[1]),
    "ValidateResourceTypeConfig": nothing,
    "ValidateDataSourceConfig": nothing,
    "Configure": nothing,
    # Field 3 is the state as Terraform saved it, in JSON; a value may be in JSON, too.
    "UpgradeResourceState": lambda request: field(1, field(2, fields(fields(request)[3])[1])),
    "ReadResource": lambda request: field(1, fields(request)[2]),
    "PlanResourceChange": plan,
    "ApplyResourceChange": apply,
    "ReadDataSource": read_data,
    "Stop": nothing,
}


def main():
    stop = threading.Event()

    def shutdown(_):
        stop.set()
        return b""

    def handlers(service, methods):
        made = {
            name: grpc.unary_unary_rpc_method_handler(lambda request, _, answer=answer: answer(request))
            for name, answer in methods.items()
        }
        return grpc.method_handlers_generic_handler(service, made)

    folder = tempfile.mkdtemp(prefix="tf")
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers(
        [handlers("tfplugin5.Provider", PROVIDER), handlers("plugin.GRPCController", {"Shutdown": shutdown})]
    )
    server.add_insecure_port(f"unix:{folder}/socket")
    server.start()
    # Of the plugin's protocol: its own version, that of the provider, where, and how.
    print(f"1|5|unix|{folder}/socket|grpc|", flush=True)
    stop.wait()
    server.stop(None)
    (Path(folder) / "socket").unlink(missing_ok=True)
    os.rmdir(folder)


if __name__ == "__main__":
    if "TF_PLUGIN_MAGIC_COOKIE" not in os.environ:
        sys.exit("Terraform starts this program.")
    main()
