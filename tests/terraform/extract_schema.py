"""Writes schema.json: what the AWS provider accepts, for the resources and data sources that the module uses.

    npm pack @cdktn/provider-aws && python3 tests/terraform/extract_schema.py cdktn-provider-aws-25.7.0.tgz

The package has a class for each resource, generated from the provider's own schema. Its comments say of each argument whether
it is required, optional or computed; `synthesizeHclAttributes` says its type. A list of blocks that is one object there may
be written once.
"""

import json
import re
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULE = HERE.parents[1] / "terraform"

TYPES = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "stringList": "list(string)",
    "stringMap": "map(string)",
}
GETTERS = {"String": "string", "Number": "number", "Boolean": "bool", "List": "list(string)", "StringMap": "map(string)"}
FLAGS = re.compile(r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)")
ENTRY = re.compile(
    r'(\w+): \{\s*value: (.*?),\n\s*isBlock: (true|false),\s*type: "(\w+)",\s*storageClassType: "(\w+)",\s*\}'
)
COMPUTED = re.compile(
    r"// (\w+) - computed: true, optional: false.*?\n\s*get \w+\(\) \{\s*return this\.get(\w+?)Attribute\('"
)


def piece(source, start):
    """The text from a line that begins so, until the line that closes it."""
    found = re.search(rf"^{re.escape(start)}\b.*?^\}}$", source, re.DOTALL | re.MULTILINE)
    assert found, start
    return found[0]


def block(source, body, entries):
    flags = {name: (c == "true", o == "true", r == "true") for name, c, o, r in FLAGS.findall(body)}
    attributes, blocks = {}, {}
    for name, value, is_block, kind, storage in ENTRY.findall(entries):
        computed, optional, required = flags[name]
        how = "required" if required else "optional computed" if computed else "optional"
        if is_block == "false":
            made = TYPES[storage]
            attributes[name] = f"{made.replace('list', 'set') if kind == 'set' else made} {how}"
            continue
        inside = re.search(r"(\w+)ToHclTerraform", value)[1]
        class_name = inside[0].upper() + inside[1:] + "OutputReference"
        function = piece(source, f"function {inside}ToHclTerraform")
        many = "many" if "MapperHcl" in value else "one"
        blocks[name] = {
            "is": f"{'single' if kind == 'struct' else kind} {many} {how}",
            **block(source, piece(source, f"class {class_name}"), function),
        }
    for name, getter in COMPUTED.findall(body):
        if getter in GETTERS:
            attributes[name] = f"{GETTERS[getter]} computed"
    assert entries.count("isBlock:") == len(ENTRY.findall(entries))
    return {"attributes": attributes} | ({"blocks": blocks} if blocks else {})


def main(package):
    module = "".join(file.read_text() for file in sorted(MODULE.glob("*.tf")))
    wanted = sorted(set(re.findall(r'^(resource|data) "aws_(\w+)"', module, re.MULTILINE)))
    found = {"resource": {}, "data": {}}
    with tarfile.open(package) as archive:
        manifest = json.load(archive.extractfile("package/package.json"))
        for kind, name in wanted:
            folder = ("data-aws-" if kind == "data" else "") + name.replace("_", "-")
            source = archive.extractfile(f"package/lib/{folder}/index.js").read().decode().partition("//# sourceMapping")[0]
            provider = re.search(r"providerVersion: '([\d.]+)'", source)[1]
            name_of_class = re.search(
                r"^class (\w+) extends \w+\.Terraform(?:Resource|DataSource)\b", source, re.MULTILINE
            )[1]
            main_class = piece(source, f"class {name_of_class}")
            body, _, entries = main_class.partition("synthesizeHclAttributes")
            found[kind][f"aws_{name}"] = block(source, body, entries)
    head = {"provider": provider, "package": f"{manifest['name']} {manifest['version']}"}
    lines = [
        f'"{kind}": {{\n' + ",\n".join(f'"{k}": {json.dumps(v)}' for k, v in of.items()) + "\n}"
        for kind, of in found.items()
    ]
    (HERE / "schema.json").write_text(json.dumps(head)[:-1] + ",\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1])
