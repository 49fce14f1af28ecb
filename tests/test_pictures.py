"""The pictures in the documents are of what arrives now."""

import pytest
from pictures import DRAWN, PICTURES
from test_documents import DOCUMENTS


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_that_of_the_snapshot(name):
    assert (PICTURES / name).read_text() == DRAWN[name](), "draw it anew: make pictures"


def test_every_picture_is_shown():
    shown = "".join(document.read_text() for document in DOCUMENTS)
    assert sorted(path.name for path in PICTURES.iterdir()) == sorted(DRAWN)
    assert all(f"pictures/{name}" in shown for name in DRAWN)
