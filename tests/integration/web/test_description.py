"""The description of the API: generated, complete, and readable by people."""

from pathlib import Path

import jsonschema
from tests.integration.web.web_kit import WebPort, json_of

from kouan.web import openapi

COMMITTED = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
DOCUMENT = openapi.document()
OPERATIONS = [(path, method, found) for path, item in DOCUMENT["paths"].items() for method, found in item.items()]


def test_the_committed_description_is_what_the_code_gives():
    assert COMMITTED.read_text(encoding="utf-8") == openapi.text(), "run `make docs`"


def test_it_is_openapi_31_with_valid_schemas():
    assert DOCUMENT["openapi"].startswith("3.1.")
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_a_purpose_and_problems_for_its_failures():
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))
    for path, method, operation in OPERATIONS:
        assert operation["description"].endswith("."), (path, method)
        failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {"429", "500", "503"} <= set(failures), (path, method)
        assert all(list(answer["content"]) == ["application/problem+json"] for answer in failures.values())


def test_no_request_may_hold_a_field_that_is_not_described():
    schemas = DOCUMENT["components"]["schemas"]
    for name, schema in schemas.items():
        if schema["type"] == "object" and "properties" in schema and name != "Problem":
            assert schema["additionalProperties"] is False, name


async def test_the_port_serves_its_description_and_a_page_of_it(port: WebPort):
    client = port.client()
    assert json_of(await client.get("/api/v1/openapi.json")) == DOCUMENT
    page = await client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert all(operation["operationId"] in page.text for _, _, operation in OPERATIONS)
    assert "<script" not in page.text
