"""Every link of the documents leads somewhere, and the changelog names the version of Cargo.toml."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(file for folder in (".", "docs", "terraform") for file in (ROOT / folder).glob("*.md"))


def prose(document):
    """The lines of a document that are not in a block of code."""
    return re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(document):
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return [re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower())) for heading in headings]


def links(document):
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(document)) if not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for link in links(document):
        path, _, anchor = link.partition("#")
        leads_to = (document.parent / path).resolve() if path else document
        assert leads_to.exists(), link
        assert not anchor or anchor in anchors(leads_to), link


def test_every_document_is_found_from_the_readme():
    named = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md")}
    assert set(DOCUMENTS) - {ROOT / "README.md"} <= named


def test_the_changelog_names_the_version():
    version = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    assert re.search(rf"\b{re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text())
