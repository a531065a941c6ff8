"""The fields of papers for the API's description, from the very matrix by which they are read."""

from collections.abc import Mapping, Sequence
from typing import Any

from kouan.inspection.fields import Field, Need
from kouan.inspection.matrix import (
    CONFIRMATION,
    CONFIRMATION_MATRIX,
    DECLARATION,
    DECLARATION_MATRIX,
    MANIFEST,
    MANIFEST_NEEDS,
)
from kouan.inspection.papers import DeclarationStep


def confirmation_body() -> dict[str, Any]:
    """Return the description of a vehicle confirmation; what else is required depends on direction and load."""
    needs = {
        field.name: Need.REQUIRED
        if all(column[field.name] is Need.REQUIRED for column in CONFIRMATION_MATRIX.values())
        else Need.OPTIONAL
        for field in CONFIRMATION
    }
    return _body(CONFIRMATION, needs, {name: _cases(name) for name, need in needs.items() if need is Need.OPTIONAL})


def manifest_body() -> dict[str, Any]:
    """Return the description of an original manifest."""
    return _body(MANIFEST, MANIFEST_NEEDS, {})


def declaration_body() -> dict[str, Any]:
    """Return the description of a customs declaration."""
    needs = {
        field.name: Need.REQUIRED
        if all(column[field.name] is Need.REQUIRED for column in DECLARATION_MATRIX.values())
        else Need.OPTIONAL
        for field in DECLARATION
    }
    cases = {
        name: "required for base items (step summary)"
        for name, need in DECLARATION_MATRIX[DeclarationStep.SUMMARY].items()
        if need is Need.REQUIRED and needs[name] is Need.OPTIONAL
    }
    return _body(DECLARATION, needs, cases)


def _cases(name: str) -> str:
    """Say in which cases a field is required or forbidden."""
    said = []
    for need in (Need.REQUIRED, Need.FORBIDDEN):
        cases = [f"{way} {load}" for (way, load), column in CONFIRMATION_MATRIX.items() if column[name] is need]
        said += [f"{need.value} for {', '.join(cases)}"] if cases else []
    return "; ".join(said)


def _body(fields: Sequence[Field], needs: Mapping[str, Need], cases: Mapping[str, str]) -> dict[str, Any]:
    properties = {
        field.name: {"description": "; ".join(part for part in (field.element, cases.get(field.name, "")) if part)}
        for field in fields
    }
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if needs[field.name] is Need.REQUIRED],
        "properties": properties,
    }
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}
