"""The template, as tests read it."""

from pathlib import Path

import pytest
import yaml


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, `!Ref X`, as `{"Ref": X}`."""


def short_form(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", short_form)


@pytest.fixture(scope="module")
def template():
    return yaml.load((Path(__file__).parents[1] / "template.yaml").read_text(), Loader)


@pytest.fixture(scope="module")
def member_template():
    """The template of a member account."""
    return yaml.load((Path(__file__).parents[1] / "organization" / "member.yaml").read_text(), Loader)


@pytest.fixture(scope="module")
def region_template():
    """The template of another region."""
    return yaml.load((Path(__file__).parents[1] / "organization" / "region.yaml").read_text(), Loader)
