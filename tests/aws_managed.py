"""Writes src/policy/aws_managed.tsv: which escalation paths AWS managed policies open.

The function reads the documents of AWS managed policies from IAM. Where it cannot, this table answers for those
policies that escalate. One line a policy: its name, and the actions of the paths that are open on any resource,
grouped by service; or `~` and the ids of paths that are open only on certain resources or under a condition.

Usage: python3 tests/aws_managed.py FOLDER DATE [COMMAND]

  FOLDER   a file a policy, named as the policy, with the answer of `aws iam get-policy-version` as JSON: for example
           the folder `policies` of https://github.com/zoph-io/MAMIP
  DATE     the date of the documents, as 2026-03-07
  COMMAND  the judge (default: target/debug/examples/access, from `cargo build --example access`)
"""

import json
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).parent.parent / "src" / "policy" / "aws_managed.tsv"
HOLDER = "arn:aws:iam::123456789012:role/holder"
# The whole documents of these are in src/policy/aws_managed.rs.
KNOWN = {"AdministratorAccess", "IAMFullAccess", "PowerUserAccess", "AWSDenyAll"}


def judged(command: str, document: dict) -> dict:
    """The judge's answer for one document."""
    answer = subprocess.run(
        [command, "-", "--holder", HOLDER, "--json"],
        input=json.dumps(document), capture_output=True, text=True, check=True,
    )
    return json.loads(answer.stdout)


def by_service(actions: set[str]) -> str:
    """`ec2:A,B;lambda:C` for the actions ec2:A, ec2:B and lambda:C."""
    services: dict[str, list[str]] = {}
    for action in sorted(actions):
        service, name = action.split(":")
        services.setdefault(service, []).append(name)
    return ";".join(f"{service}:{','.join(names)}" for service, names in services.items())


def line(name: str, access: dict) -> str | None:
    """The line of one policy, if it escalates."""
    anywhere = [path for path in access["paths"] if not path["limitedTo"]]
    if anywhere:
        return f"{name}\t{by_service({action for path in anywhere for action in path['actions']})}"
    if access["paths"] or access["perhaps"] not in ("none", "limited"):
        return f"{name}\t~{','.join(path['id'] for path in access['paths'][:3])}"
    return None


def main() -> None:
    folder, date = Path(sys.argv[1]), sys.argv[2]
    command = sys.argv[3] if len(sys.argv) > 3 else "target/debug/examples/access"
    lines = [f"# From the documents of {date}, by tests/aws_managed.py"]
    for file in sorted(folder.iterdir()):
        document = json.loads(file.read_text()).get("PolicyVersion", {}).get("Document")
        written = line(file.name, judged(command, document)) if document and file.name not in KNOWN else None
        lines.extend([written] if written else [])
    TABLE.write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 1} policies, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
