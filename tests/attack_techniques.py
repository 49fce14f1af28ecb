"""Writes src/catalog/attack.rs: the techniques and tactics of MITRE ATT&CK for Enterprise that the catalogue uses.

MITRE changes names, moves techniques between tactics, and revokes ids. So the code has only its own names of techniques,
and ATT&CK's data for them is written by this script. A technique that MITRE has revoked or deprecated is refused: the
message names its successor.

Usage: python3 tests/attack_techniques.py [DATA [VERSION DATE]]

  DATA     one of:
           - MITRE's bundle enterprise-attack.json: STIX 2.1 of https://github.com/mitre-attack/attack-stix-data or
             STIX 2.0 of https://github.com/mitre/cti
           - an extract of a bundle, of the form of tests/attack_extract.json. Other fields are ignored
           What the script uses of DATA is written to tests/attack_extract.json. Without DATA, that file is read
  VERSION  the version of ATT&CK, as 19.2, and
  DATE     its date, as 2026-08-05: only for STIX 2.0, which has neither
"""

import hashlib
import json
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).parent
EXTRACT = HERE / "attack_extract.json"
RUST = HERE.parent / "src" / "catalog" / "attack.rs"
# As in rustfmt.toml.
WIDTH = 120

TECHNIQUES = {
    "CREATE_ACCOUNT": "T1136.003",
    "MANIPULATION": "T1098",
    "CREDENTIALS": "T1098.001",
    "ROLES": "T1098.003",
    "DEVICE": "T1098.005",
    "AUTHENTICATION": "T1556",
    "MFA": "T1556.006",
    "HYBRID": "T1556.007",
    "TENANT_POLICY": "T1484",
    "TRUST": "T1484.002",
    "ELEVATED": "T1548.005",
    "CLOUD_ACCOUNTS": "T1078.004",
    "TRUSTED_RELATIONSHIP": "T1199",
    "BRUTE_FORCE": "T1110",
    "TOOLS": "T1685",
    "CLOUD_LOGS": "T1685.002",
    "HIERARCHY": "T1666",
    "UNUSED_REGIONS": "T1535",
    "CLOUD_STORAGE": "T1530",
    "TRANSFER": "T1537",
    "REMOVAL": "T1531",
}
# Techniques that only comments name: checked, but without a constant.
IN_COMMENTS = ("T1087.004", "T1548")

NOTICE = "© {year} The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation."

TYPES = """
/// A tactic: what an attacker wants to reach. In the order of ATT&CK's matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tactic {
@variants@
}

impl Tactic {
    pub const ALL: &[Self] = &[
@all@
    ];

    /// ATT&CK's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
@names@
        }
    }
}

/// A technique, or a sub-technique with the name of its parent before its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// `T1136.003`.
    pub id: &'static str,
    pub name: &'static str,
    pub tactics: &'static [Tactic],
}
"""


class Refused(Exception):
    """Data that the file cannot be written from, with the reason."""


def attack_id(item: dict) -> str | None:
    """ATT&CK's id of an object of STIX."""
    references = item.get("external_references", [])
    return next((it.get("external_id") for it in references if it.get("source_name") == "mitre-attack"), None)


def gone(item: dict) -> bool:
    return bool(item.get("revoked") or item.get("x_mitre_deprecated"))


def from_bundle(bundle: dict) -> dict:
    """The extract of all techniques of a bundle, without version and date if the bundle has none."""
    by_type: dict[str, list[dict]] = {}
    for item in bundle["objects"]:
        by_type.setdefault(item["type"], []).append(item)
    matrices = [it for it in by_type.get("x-mitre-matrix", []) if attack_id(it) == "enterprise-attack" and not gone(it)]
    if len(matrices) != 1:
        raise Refused("no bundle of ATT&CK for Enterprise: there is not one matrix enterprise-attack")
    by_stix_id = {it["id"]: it for it in by_type["x-mitre-tactic"]}
    in_matrix = [by_stix_id[tactic] for tactic in matrices[0]["tactic_refs"]]

    # An id can have an object that is revoked and another that is not.
    patterns = {}
    for item in sorted(by_type["attack-pattern"], key=gone, reverse=True):
        patterns[attack_id(item)] = item
    id_of = {it["id"]: attack_id(it) for it in by_type["attack-pattern"]}
    successors = {
        it["source_ref"]: id_of.get(it["target_ref"])
        for it in by_type.get("relationship", []) if it["relationship_type"] == "revoked-by"
    }
    # STIX gives the tactics of a technique no order.
    techniques = []
    for key, item in patterns.items():
        phases = {it["phase_name"] for it in item.get("kill_chain_phases", []) if it["kill_chain_name"] == "mitre-attack"}
        unknown = phases - {tactic["x_mitre_shortname"] for tactic in in_matrix}
        if unknown and not gone(item):
            raise Refused(f"{key} has tactics that the matrix does not have: {', '.join(sorted(unknown))}")
        techniques.append({
            "id": key,
            "name": item["name"],
            "parent_name": patterns[key.split(".")[0]]["name"] if "." in key else None,
            "tactics": [tactic for tactic in map(named, in_matrix) if tactic["shortname"] in phases],
            "revoked": bool(item.get("revoked")),
            "deprecated": bool(item.get("x_mitre_deprecated")),
            "revoked_by": successors.get(item["id"]),
        })
    collection = next(iter(by_type.get("x-mitre-collection", [])), {})
    return {
        "version": collection.get("x_mitre_version"),
        "date": collection.get("modified", "")[:10],
        "tactics": [named(tactic) for tactic in in_matrix],
        "techniques": techniques,
    }


def named(tactic: dict) -> dict:
    return {"id": attack_id(tactic), "name": tactic["name"], "shortname": tactic["x_mitre_shortname"]}


def needed(data: dict) -> dict:
    """The part of an extract that the script uses: what a file in the repository has. Refuses what is not valid."""
    if not all(data.get(field) for field in ("version", "date", "source")):
        raise Refused("the data does not say its version, date and source: VERSION and DATE can be arguments")
    tactics = [{"id": it["id"], "name": it["name"]} for it in data["tactics"]]
    known = {it["id"]: it for it in data["techniques"]}
    techniques, problems = [], []
    for key in sorted({*TECHNIQUES.values(), *IN_COMMENTS}):
        item = known.get(key)
        if item is None:
            problems.append(f"{key} is not in ATT&CK {data['version']}")
        elif item.get("revoked"):
            problems.append(f"{key} {item['name']} is revoked: use {item.get('revoked_by') or 'another one'}")
        elif item.get("deprecated"):
            problems.append(f"{key} {item['name']} is deprecated: MITRE names no successor")
        elif "." in key and not item.get("parent_name"):
            problems.append(f"{key} {item['name']} has no parent_name")
        else:
            own = [{"id": it["id"], "name": it["name"]} for it in item["tactics"]]
            if not own or any(tactic not in tactics for tactic in own):
                problems.append(f"{key} {item['name']} has tactics that ATT&CK does not have, or none: {own}")
            parent = {"parent_name": item["parent_name"]} if item.get("parent_name") else {}
            techniques.append({"id": key, "name": item["name"], **parent, "tactics": own})
    if problems:
        raise Refused("\n".join(problems))
    notice = NOTICE.format(year=data["date"][:4])
    kept = {key: data[key] for key in ("version", "date", "source")}
    return {**kept, "notice": notice, "tactics": tactics, "techniques": techniques}


def as_json(extract: dict) -> str:
    """The extract with one line for each tactic and technique."""
    def text(value) -> str:
        return json.dumps(value, ensure_ascii=False)

    def field(key: str, value) -> str:
        rows = ",\n".join(f"  {text(row)}" for row in value) if isinstance(value, list) else None
        return f" {text(key)}: [\n{rows}\n ]" if rows else f" {text(key)}: {text(value)}"

    return "{\n" + ",\n".join(field(key, value) for key, value in extract.items()) + "\n}\n"


def variant(tactic: dict) -> str:
    """`CommandAndControl` for Command and Control."""
    return "".join(word.capitalize() for word in tactic["name"].split())


def constant(name: str, technique: dict) -> str:
    """The constant of a technique, in the layout of rustfmt."""
    whole = ": ".join(filter(None, [technique.get("parent_name"), technique["name"]]))
    tactics = ", ".join(f"Tactic::{variant(tactic)}" for tactic in technique["tactics"])
    # A string of JSON is a string of Rust, if all its characters can be printed.
    fields = [f"id: {json.dumps(technique['id'])}", f"name: {json.dumps(whole, ensure_ascii=False)}", f"tactics: &[{tactics}]"]
    begin, value = f"pub const {name}: Technique =", f"Technique {{ {', '.join(fields)} }};"
    if len(line := f"{begin} {value}") <= WIDTH:
        return line
    if len(line := f"    {value}") <= WIDTH:
        return f"{begin}\n{line}"
    return "\n".join([f"{begin} Technique {{", *(f"    {field}," for field in fields), "};"])


def as_rust(extract: dict) -> str:
    def comment(mark: str, text: str) -> str:
        begin = f"{mark} "
        return textwrap.fill(text, WIDTH, initial_indent=begin, subsequent_indent=begin, break_on_hyphens=False)

    known = {it["id"]: it for it in extract["techniques"]}
    tactics = extract["tactics"]
    types = TYPES.replace("@variants@", "\n".join(f"    /// {it['id']}.\n    {variant(it)}," for it in tactics))
    types = types.replace("@all@", "\n".join(f"        Self::{variant(it)}," for it in tactics))
    types = types.replace("@names@", "\n".join(f"            Self::{variant(it)} => {json.dumps(it['name'])}," for it in tactics))
    header = [
        comment("//!", f"Techniques and tactics of MITRE ATT&CK for Enterprise, version {extract['version']} of "
                f"{extract['date']}, that actions can belong to."),
        "//!",
        comment("//!", "Do not edit: `tests/attack_techniques.py` writes this file (`make attack`), and has the list of the "
                "techniques."),
        "",
        comment("//", f"Source: {extract['source']}."),
        "//",
        comment("//", extract["notice"]),
    ]
    constants = [constant(name, known[key]) for name, key in TECHNIQUES.items()]
    return "\n".join([*header, types, *constants]) + "\n"


def read(file: Path, version: str | None = None, date: str | None = None) -> dict:
    """The extract of a file."""
    content = file.read_bytes()
    data = json.loads(content)
    if data.get("type") == "bundle":
        data = from_bundle(data)
        data["source"] = f"MITRE's bundle {file.name}, SHA-256 {hashlib.sha256(content).hexdigest()}"
    for field, stated in (("version", version), ("date", date)):
        if stated and data.get(field) and stated != data[field]:
            raise Refused(f"the {field} of the data is {data[field]}, not {stated}")
        data[field] = data.get(field) or stated
    return needed(data)


def main() -> None:
    try:
        extract = read(Path(sys.argv[1]) if len(sys.argv) > 1 else EXTRACT, *sys.argv[2:4])
    except Refused as refused:
        sys.exit(f"Nothing was written:\n{refused}")
    EXTRACT.write_text(as_json(extract))
    RUST.write_text(as_rust(extract))
    print(f"ATT&CK {extract['version']} of {extract['date']}: {len(TECHNIQUES)} techniques, {len(extract['tactics'])} tactics")


if __name__ == "__main__":
    main()
