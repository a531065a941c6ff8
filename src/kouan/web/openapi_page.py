"""The API's description as one plain page: nothing is loaded, nothing runs."""

from collections.abc import Mapping
from html import escape
from typing import Any

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>kouan API</title></head><body>
<h1>口岸 kouan API</h1>
<p>{summary} Everything: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
"""


def page_of(document: Mapping[str, Any]) -> str:
    """Return the page of a description: every operation with its parameters, body, answers and who may call it."""
    operations = [
        (method, path, operation) for path, item in document["paths"].items() for method, operation in item.items()
    ]
    parts = [_HEAD.format(summary=escape(str(document["info"]["summary"])))]
    parts += [_operation(method, path, operation) for method, path, operation in operations]
    return "\n".join((*parts, "</body></html>", ""))


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    action = operation.get("x-kouan-action")
    who = f"needs <code>{escape(action)}</code>" if action else "for anybody" if not operation["security"] else ""
    rows = [_parameter(parameter) for parameter in operation.get("parameters", ())]
    if "requestBody" in operation:
        rows.append(f"<li>body: {_content(operation['requestBody']['content'])}</li>")
    answers = [
        f"<li>{escape(status)} {escape(str(answer['description']))}: {_content(answer.get('content', {}))}</li>"
        for status, answer in operation["responses"].items()
        if status < "400"
    ]
    name = escape(str(operation["operationId"]))
    return (
        f'<h2 id="{name}"><code>{method.upper()} {escape(path)}</code></h2>'
        f"<p>{escape(str(operation.get('description', '')))} {who}</p><ul>{''.join((*rows, *answers))}</ul>"
    )


def _parameter(parameter: Mapping[str, Any]) -> str:
    need = "" if parameter.get("required") else ", optional"
    text = escape(str(parameter.get("description", "")))
    return f"<li><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])}{need}) {text}</li>"


def _content(content: Mapping[str, Any]) -> str:
    return ", ".join(f"{escape(media)} {escape(_shape(what.get('schema', {})))}" for media, what in content.items())


def _shape(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    return str(schema.get("title", schema.get("type", "")))
