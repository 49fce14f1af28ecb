"""Every event of `events/` in each shape, against what its readers publish of what they take."""

import html.parser
import importlib.util
import json
import subprocess
from pathlib import Path

import botocore.session
import jsonschema
import pytest
from botocore.validate import ParamValidator
from slack_sdk.models.blocks import Block
from stage import BUILT, SCHEMA

ROOT = Path(__file__).parents[2]
EVENTS = sorted(str(file) for file in (ROOT / "events").glob("*.json") if file.name != "account.json")


def preview(*options, given=None):
    """What the preview prints."""
    command = [BUILT / "examples" / "preview", *options]
    return subprocess.run(command, cwd=ROOT, input=given, capture_output=True, check=True, text=True).stdout


@pytest.fixture(scope="module")
def shown():
    """All events as the preview shows them in a format."""

    def shown(form):
        lines = [json.loads(line) for line in preview("--format", form, *EVENTS).splitlines()]
        assert len(lines) > 30
        return lines

    return shown


def test_every_alert_is_as_the_schema_says(shown):
    for alert in shown("json"):
        SCHEMA.validate(alert)


def test_every_alert_has_the_access_level_of_its_caller_as_one_of_seven_words(shown):
    words = {"administrator", "escalation", "role-escalation", "broad", "limited", "none", "unknown"}
    alerts = shown("json")
    assert {alert["who"]["accessLevel"] for alert in alerts} <= words
    of_targets = {alert["what"]["accessLevel"] for alert in alerts if "accessLevel" in alert["what"]}
    assert {"administrator", "escalation"} < of_targets <= words


def test_the_schema_notices_what_is_wrong(shown):
    jsonschema.Draft202012Validator.check_schema(SCHEMA.schema)
    alert = shown("json")[0]
    wrongs = [{"schemaVersion": "1.1"}, {"schemaVersion": "3.0"}, {"severity": "SEVERE"}]
    for wrong in (*wrongs, {"reasons": [{"rule": "x"}]}, {"published": "yes"}):
        assert not SCHEMA.is_valid(alert | wrong), wrong


def slack_blocks(blocks):
    """Blocks as Slack's SDK understands them, which refuses what exceeds a limit."""
    return [block.to_dict() for block in Block.parse_all(blocks)]


def test_every_message_is_block_kit(shown):
    for message in shown("slack"):
        assert slack_blocks(message["blocks"]) == message["blocks"]


def test_slack_s_sdk_notices_what_is_wrong(shown):
    header, *_ = shown("slack")[0]["blocks"]
    header["text"]["text"] = "x" * 151
    with pytest.raises(Exception, match="150"):
        slack_blocks([header])


@pytest.fixture(scope="module")
def adaptive_card():
    # The schema of Microsoft, as a package brings it along.
    package = Path(importlib.util.find_spec("adaptive_cards").origin).parent
    schema = json.loads((package / "schemas" / "schema-1.4.json").read_text())
    return jsonschema.validators.validator_for(schema)(schema)


def card(message):
    """The card of a message, without what is Teams' own in it and in no schema."""
    (attachment,) = message["attachments"]
    assert attachment["content"].pop("msteams") == {"width": "Full"}
    return attachment["content"]


def test_every_message_is_an_adaptive_card(shown, adaptive_card):
    for message in shown("teams"):
        adaptive_card.validate(card(message))


def test_the_schema_of_cards_notices_what_is_wrong(shown, adaptive_card):
    wrong = card(shown("teams")[0])
    wrong["body"][0]["inlines"][0]["weight"] = "Fat"
    assert not adaptive_card.is_valid(wrong)


def problems(finding):
    """What is wrong with a finding by the model that the AWS SDKs are made of."""
    model = botocore.session.get_session().get_service_model("securityhub")
    shape = model.operation_model("BatchImportFindings").input_shape
    return ParamValidator().validate({"Findings": [finding]}, shape).generate_report()


def test_every_finding_is_as_the_model_of_the_sdk_says(shown):
    for finding in shown("security-hub"):
        assert problems(finding) == ""


def test_the_model_notices_what_is_wrong(shown):
    finding = shown("security-hub")[0]
    assert "Colour" in problems(finding | {"Severity": {"Colour": "red"}})
    assert "UserName" in problems(finding | {"Resources": [{"Type": "x", "Id": "x", "Details": {"AwsIamUser": {"UserName": 1}}}]})


class Page(html.parser.HTMLParser):
    """The elements of a page, and the text of its mails."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.mails, self._in = set(), [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.add((tag, *sorted(name for name, _ in attributes)))
        self._in = tag
        if tag == "pre":
            self.mails.append("")

    def handle_endtag(self, tag):
        self._in = None

    def handle_data(self, data):
        if self._in == "pre":
            self.mails[-1] += data


def test_the_page_shows_each_mail_and_nothing_that_an_event_says_is_an_element_of_it():
    hostile = json.loads((ROOT / "events" / "create_user.json").read_text())
    hostile["detail"]["requestParameters"]["userName"] = "</pre><script src=//x.example>&amp;</script><img onerror=x>"
    all_mails = ("--at", "2026-11-22T06:00:11Z", *EVENTS, "-")

    page = Page(preview("--format", "html", *all_mails, given=json.dumps(hostile)))
    text = preview(*all_mails, given=json.dumps(hostile))
    parts = text.split(f"\n{'=' * 72}\n\n")

    # The first line feed is not shown.
    assert [mail[1:] for mail in page.mails] == [part.split("\n\n", 1)[1] for part in parts]
    assert "<script src=" in page.mails[-1], "it stands there, as text"
    frame = {("html", "lang"), ("head",), ("title",), ("style",), ("body",), ("h1",), ("article", "class"), ("h2",), ("pre",)}
    heads = {("meta", "charset"), ("meta", "content", "http-equiv"), ("meta", "content", "name")}
    assert page.elements == frame | heads
