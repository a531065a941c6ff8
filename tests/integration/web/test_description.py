"""The description of the API: generated, complete, and readable by people."""

from pathlib import Path

import jsonschema
import pytest
from tests.integration.web.web_kit import WebPort, json_of

from kouan.web import openapi

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
DOCUMENT = openapi.document()
DOCUMENTS = {"openapi.json": DOCUMENT, "openapi-hub.json": openapi.hub_document()}
OPERATIONS = [
    (name, path, method, found)
    for name, document in DOCUMENTS.items()
    for path, item in document["paths"].items()
    for method, found in item.items()
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_description_is_what_the_code_gives(name: str):
    assert (REFERENCE / name).read_text(encoding="utf-8") == openapi.text(DOCUMENTS[name]), "run `make docs`"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_openapi_31_with_valid_schemas(name: str):
    assert DOCUMENTS[name]["openapi"].startswith("3.1.")
    for schema in DOCUMENTS[name]["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_a_purpose_and_problems_for_its_failures():
    names = [(document, operation["operationId"]) for document, _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))
    for _, path, method, operation in OPERATIONS:
        assert operation["description"].endswith("."), (path, method)
        failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"429", "500", "503"} <= set(failures), (path, method)
        assert all(list(answer["content"]) == ["application/problem+json"] for answer in failures.values())


def test_no_request_may_hold_a_field_that_is_not_described():
    schemas = [found for document in DOCUMENTS.values() for found in document["components"]["schemas"].items()]
    for name, schema in schemas:
        if schema["type"] == "object" and "properties" in schema and name != "Problem":
            assert schema["additionalProperties"] is False, name


async def test_the_port_serves_its_description_and_a_page_of_it(port: WebPort):
    client = port.client()
    assert json_of(await client.get("/api/v1/openapi.json")) == DOCUMENT
    page = await client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert all(operation["operationId"] in page.text for name, _, _, operation in OPERATIONS if name == "openapi.json")
    assert "<script" not in page.text
