from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kouan.protocols import asyncapi
from kouan.protocols.catalogue import CHANNELS, Flow

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "asyncapi.yaml"
DOCUMENT = asyncapi.document()


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [each for value in node.values() for each in references(value)]
    return [each for item in node for each in references(item)] if isinstance(node, list) else []


def resolve(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_the_committed_description_is_the_one_that_the_code_gives():
    assert COMMITTED.read_text(encoding="utf-8") == asyncapi.text(), "run `make docs`"


def test_the_yaml_says_the_same_as_the_document():
    assert yaml.safe_load(asyncapi.text()) == DOCUMENT


def test_every_reference_leads_somewhere():
    found = references(DOCUMENT)
    assert len(found) > 100
    assert all(resolve(each) is not None for each in found)


def test_every_channel_of_the_catalogue_is_described():
    described = {channel["address"] for channel in DOCUMENT["channels"].values()}
    for place, device, name in CHANNELS:
        if name == "status" and place == "lane":
            assert device in DOCUMENT["components"]["parameters"]["device"]["enum"]
            continue
        if place == "hub":
            assert f"kouan/{{port}}/hub/{name}" in described
            continue
        where = {"lane": "{lane}", "approach": "approach", "agency": "agency"}[place]
        assert f"kouan/{{port}}/{where}/{device.replace('*', '{authority}')}/{name}" in described
    assert "kouan/{port}/{lane}/{device}/status" in described


def test_every_parameter_in_an_address_is_declared():
    for channel in DOCUMENT["channels"].values():
        levels = channel["address"].split("/")
        assert {level[1:-1] for level in levels if level.startswith("{")} == set(channel["parameters"])


def test_every_schema_is_a_json_schema():
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert "\\Z" not in str(schema)


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=lambda channel: "-".join(channel.key))
def test_the_platform_receives_what_comes_and_sends_what_goes(channel):
    if channel.name == "status":
        return
    name = f"{channel.device.replace('*', 'agency')}_{channel.name}"
    action = "receive" if channel.flow in (Flow.TO_PLATFORM, Flow.FROM_HUB) else "send"
    operation = DOCUMENT["operations"][f"{action}_{name}"]
    assert operation["bindings"]["mqtt"]["qos"] == channel.qos
    assert operation["channel"]["$ref"] == f"#/channels/{name}"
