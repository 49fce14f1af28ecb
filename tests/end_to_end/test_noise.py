"""A day in an account that lives makes a few mails, and each intrusion in it one at HIGH or above.

The days are short: `make noise` replays whole ones, and one for each intrusion. In a process of its own, since moto has one
account for everybody in a process.
"""

import json
import subprocess
import sys
from pathlib import Path

NOISE = Path(__file__).parents[1] / "noise"


def noise(*options):
    """What `make noise` finds."""
    done = subprocess.run([sys.executable, NOISE, "--short", "--json", *options], capture_output=True, text=True)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["broken"] == [] and done.returncode == 0, done.stdout
    return found


def test_a_quiet_day_makes_fewer_than_five_mails_without_any_setting_and_none_with_its_expectations():
    days = noise("--quiet-day")["days"]
    without, expected = days.values()
    assert without["mails"] + len(without["summaries"]) < 5
    assert (expected["mails"], expected["summaries"]) == (0, [])


def test_each_intrusion_in_the_day_is_mailed_by_its_second_severe_step():
    found = noise("--together")["intrusions"]
    assert len(found) == 12 and all(row["mailed"] for row in found.values())
