"""A day in an account that lives makes a few mails, and each intrusion in it one at HIGH or above.

The days are short: `make noise` replays whole ones, and one for each intrusion.
"""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "noise"))

from account import Account, moto  # noqa: E402
from bench import replay  # noqa: E402
from intrusions import INTRUSIONS  # noqa: E402

#: As in `make noise`.
FEWER_THAN = 5


@pytest.fixture(scope="module")
def address():
    """A moto of its own: nothing of the other tests is in that account."""
    with moto() as address:
        yield address


def test_a_quiet_day_makes_fewer_than_five_mails_without_any_setting(address):
    day = replay(Account(address), whole=False)
    subjects = [entry.answer["subject"] for entry in day.mails] + [subject for _, subject in day.summaries]
    assert len(subjects) < FEWER_THAN, subjects
    assert len(day.entries) > 180


def test_each_intrusion_in_the_day_is_mailed_by_its_second_severe_step(address):
    day = replay(Account(address), intrusions=list(INTRUSIONS), whole=False)
    found = day.intrusions()
    assert set(found) == set(INTRUSIONS)
    assert not [name for name, row in found.items() if row["mail"] is None]
    assert all(row["severe"] >= 2 for row in found.values())
