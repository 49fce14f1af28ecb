"""Every event of `events/` as JSON, against the schema that readers of the bus rely on."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from stage import BUILT, SCHEMA

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def alerts():
    files = sorted(str(file) for file in (ROOT / "events").glob("*.json") if file.name != "account.json")
    out = subprocess.run([BUILT / "examples" / "preview", "--format", "json", *files], cwd=ROOT, capture_output=True, check=True, text=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def test_every_alert_is_as_the_schema_says(alerts):
    assert len(alerts) > 30
    for alert in alerts:
        SCHEMA.validate(alert)


def test_the_schema_notices_what_is_wrong(alerts):
    jsonschema.Draft202012Validator.check_schema(SCHEMA.schema)
    for wrong in ({"schemaVersion": "2.0"}, {"severity": "SEVERE"}, {"reasons": [{"rule": "x"}]}, {"published": "yes"}):
        assert not SCHEMA.is_valid(alerts[0] | wrong), wrong
