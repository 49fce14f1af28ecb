"""src/catalog/attack.rs is what the script writes, and nothing names a technique that ATT&CK does not have."""

import json
import re
from pathlib import Path

import pytest
from attack_techniques import EXTRACT, IN_COMMENTS, RUST, TECHNIQUES, Refused, as_json, as_rust, from_bundle, needed, read

ROOT = Path(__file__).parents[1]
KNOWN = {*TECHNIQUES.values(), *IN_COMMENTS}


def test_the_code_is_what_the_script_writes():
    extract = read(EXTRACT)
    assert RUST.read_text() == as_rust(extract), "write it again: make attack"
    assert EXTRACT.read_text() == as_json(extract)


def test_the_tactics_are_those_of_attack():
    extract = read(EXTRACT)
    names = [it["name"] for it in extract["tactics"]]
    assert len(names) == len(set(names)) == 15
    assert {"Stealth", "Defense Impairment"} < set(names) and "Defense Evasion" not in names
    assert re.findall(r'Self::\w+ => "(.*)"', RUST.read_text()) == names


def mentions(file: Path) -> set[str]:
    return set(re.findall(r"\bT1\d{3}(?:\.\d{3})?\b", file.read_text()))


def test_no_technique_is_named_that_attack_does_not_have():
    folders = [ROOT / name for name in ("src", "docs", "examples", "organization", "events", "schema", "tests/snapshots")]
    files = [*ROOT.glob("*.md"), ROOT / "template.yaml", *(it for folder in folders for it in folder.rglob("*") if it.is_file())]
    named = {file: mentions(file) for file in files}
    assert named[RUST] == set(TECHNIQUES.values())
    unknown = {str(file): ids - KNOWN for file, ids in named.items() if ids - KNOWN}
    assert not unknown
    # MITRE has revoked T1562 and all below it.
    assert not any(technique.startswith("T1562") for technique in KNOWN)
    in_comments = set().union(*(ids for file, ids in named.items() if file != RUST))
    assert set(IN_COMMENTS) <= in_comments, "nothing names it: remove it from IN_COMMENTS"


def extract(**changed) -> dict:
    """The extract with changes to one technique, T1685.002."""
    data = json.loads(EXTRACT.read_text())
    next(it for it in data["techniques"] if it["id"] == "T1685.002").update(changed)
    return data


@pytest.mark.parametrize("changed, reason", [
    ({"revoked": True, "revoked_by": "T2000", "tactics": []}, "T1685.002 Disable or Modify Cloud Log is revoked: use T2000"),
    ({"deprecated": True}, "deprecated"),
    ({"id": "T1685.999"}, "T1685.002 is not in ATT&CK 19.2"),
    ({"tactics": [{"id": "TA0005", "name": "Defense Evasion"}]}, "tactics that ATT&CK does not have"),
    ({"tactics": []}, "tactics that ATT&CK does not have, or none"),
    ({"parent_name": None}, "no parent_name"),
])
def test_what_is_not_valid_is_refused(changed, reason):
    with pytest.raises(Refused, match=re.escape(reason)):
        needed(extract(**changed))


def bundle(data: dict, collection: bool = True) -> dict:
    """MITRE's bundle of an extract: each tactic and technique as STIX has them."""
    def reference(key: str) -> list[dict]:
        return [{"source_name": "capec", "external_id": "CAPEC-1"}, {"source_name": "mitre-attack", "external_id": key}]

    def shortname(name: str) -> str:
        return name.lower().replace(" ", "-")

    tactics = [
        {"type": "x-mitre-tactic", "id": f"x-mitre-tactic--{it['id']}", "external_references": reference(it["id"]),
         "name": it["name"], "x_mitre_shortname": shortname(it["name"])}
        for it in data["tactics"]
    ]
    matrix = {"type": "x-mitre-matrix", "id": "x-mitre-matrix--1", "external_references": reference("enterprise-attack"),
              "tactic_refs": [it["id"] for it in tactics]}
    present = {it["id"] for it in data["techniques"]}
    parents = {it["id"].split(".")[0]: it["parent_name"] for it in data["techniques"] if it.get("parent_name")}
    others = [{"id": key, "name": name, "tactics": []} for key, name in parents.items() if key not in present]
    patterns = [
        {"type": "attack-pattern", "id": f"attack-pattern--{it['id']}", "external_references": reference(it["id"]),
         "name": it["name"], "kill_chain_phases": [
             {"kill_chain_name": "mitre-attack", "phase_name": shortname(tactic["name"])} for tactic in reversed(it["tactics"])
         ]}
        for it in [*data["techniques"], *others]
    ]
    about = {"type": "x-mitre-collection", "id": "x-mitre-collection--1", "x_mitre_version": data["version"],
             "modified": f"{data['date']}T21:33:58.496Z"}
    return {"type": "bundle", "objects": [*([about] if collection else []), *patterns, matrix, *reversed(tactics)]}


def test_a_bundle_gives_the_same_as_its_extract(tmp_path):
    data = json.loads(EXTRACT.read_text())
    file = tmp_path / "enterprise-attack.json"
    file.write_text(json.dumps(bundle(data)))
    written = read(file)
    assert re.fullmatch(r"MITRE's bundle enterprise-attack\.json, SHA-256 [0-9a-f]{64}", written["source"])
    assert {**written, "source": data["source"]} == data

    file.write_text(json.dumps(bundle(data, collection=False)))
    with pytest.raises(Refused, match="version"):
        read(file)
    assert {**read(file, "19.2", "2026-08-05"), "source": data["source"]} == data
    with pytest.raises(Refused, match="the version of the data is 19.2, not 20.0"):
        read(EXTRACT, "20.0", "2026-10-13")


def test_a_bundle_names_the_successor_of_what_is_revoked():
    stix = bundle(json.loads(EXTRACT.read_text()))
    old = next(it for it in stix["objects"] if it["id"] == "attack-pattern--T1685.002")
    new = {**old, "id": "attack-pattern--new", "name": "New"}
    new["external_references"] = [{"source_name": "mitre-attack", "external_id": "T1999"}]
    old["revoked"] = True
    stix["objects"] += [new, {"type": "relationship", "id": "relationship--1", "relationship_type": "revoked-by",
                              "source_ref": old["id"], "target_ref": new["id"]}]
    stated = {"source": "a test"}
    with pytest.raises(Refused, match="is revoked: use T1999"):
        needed(from_bundle(stix) | stated)
    # Where an object with the same id is not revoked, that one counts.
    stix["objects"].append({**old, "id": "attack-pattern--again", "revoked": False})
    needed(from_bundle(stix) | stated)

    mobile = {"type": "bundle", "objects": [it for it in stix["objects"] if it["type"] != "x-mitre-matrix"]}
    with pytest.raises(Refused, match="no bundle of ATT&CK for Enterprise"):
        from_bundle(mobile)
