"""From what a sender wrote to a document, or to the list of everything that is wrong with it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kouan.inspection.fields import Field, Need, Violation, read_fields, refused
from kouan.inspection.matrix import (
    CONFIRMATION,
    CONFIRMATION_MATRIX,
    DECLARATION,
    DECLARATION_MATRIX,
    MANIFEST,
    MANIFEST_NEEDS,
)
from kouan.inspection.papers import (
    ConsignmentLine,
    Declaration,
    DeclarationStatus,
    DeclarationStep,
    Driver,
    Manifest,
    VehicleConfirmation,
)
from kouan.ledger.entries import canonical
from kouan.vocabulary.identifiers import DeclarationNumber
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

CrossRule = Callable[[Mapping[str, Any]], list[Violation]]
"""A rule over several fields of one document; it is asked only of fields that were read."""


class ReadConfirmation(msgspec.Struct, frozen=True):
    """A confirmation that was found right, with its driver still apart: ``confirmation.driver`` is empty."""

    confirmation: VehicleConfirmation
    driver: Driver


def read_confirmation(document: object) -> ReadConfirmation | Refused:
    """Return the vehicle confirmation (确报), or every violation of the field matrix."""
    needs = _column(document)
    values, wrong = read_fields(document, CONFIRMATION, needs.__getitem__)
    wrong += _check(values, (_lines_once, _line_declarations))
    if wrong:
        return refused(wrong)
    driver: Driver = values.pop("driver")
    filled = {"version": 1, "trailer": None, "cargo": "none"} | values | {"driver": ""}
    return ReadConfirmation(VehicleConfirmation(**filled), driver)


def read_manifest(document: object) -> Manifest | Refused:
    """Return the original manifest (原始舱单), or everything that is wrong with it."""
    values, wrong = read_fields(document, MANIFEST, MANIFEST_NEEDS.__getitem__)
    wrong += _check(values, (_lines_once, _line_declarations))
    return refused(wrong) if wrong else Manifest(**({"version": 1} | values))


def read_declaration(document: object) -> Declaration | Refused:
    """Return the customs declaration (报关单), or everything that is wrong with it; without a status it is declared."""
    step = document.get("step") if isinstance(document, Mapping) else None
    needs = DECLARATION_MATRIX[DeclarationStep.SUMMARY if step == DeclarationStep.SUMMARY else DeclarationStep.FULL]
    values, wrong = read_fields(document, DECLARATION, needs.__getitem__)
    wrong += _check(values, (_lines_once, _number_goes_the_same_way, _goods_once, _net_within_gross))
    filled: dict[str, Any] = {"version": 1, "status": DeclarationStatus.DECLARED} | values
    return refused(wrong) if wrong else Declaration(**filled)


def read_driver(payload: bytes) -> Driver:
    """Return the driver behind a confirmation's commitment."""
    return msgspec.json.decode(payload, type=Driver)


def driver_payload(driver: Driver) -> bytes:
    """Return what is sealed of a driver."""
    return canonical(driver)


def driver_identity(driver: Driver) -> str:
    """Return what names the person, as for a document at the gate: issuer and document number, as far as announced."""
    return f"{driver.nationality}/{driver.document_number}" if driver.nationality else driver.document_number


def _column(document: object) -> Mapping[str, Need]:
    """Return the matrix's column; where direction or load cannot be read, what all columns agree on."""
    given = document if isinstance(document, Mapping) else {}
    column = (given.get("direction"), given.get("load"))
    for (direction, load), needs in CONFIRMATION_MATRIX.items():
        if column == (direction.value, load.value):
            return needs
    columns = list(CONFIRMATION_MATRIX.values())
    return {
        field.name: Need.REQUIRED if all(needs[field.name] is Need.REQUIRED for needs in columns) else Need.OPTIONAL
        for field in CONFIRMATION
    }


# Rules over several fields --------------------------------------------------------------------------------------------


def _check(values: Mapping[str, Any], rules: tuple[CrossRule, ...]) -> list[Violation]:
    return [violation for rule in rules for violation in rule(values)]


def _lines(values: Mapping[str, Any]) -> tuple[ConsignmentLine, ...]:
    return tuple(values.get("consignments", ()))


def _lines_once(values: Mapping[str, Any]) -> list[Violation]:
    """A consignment stands once in a document."""
    numbers = [line.number for line in _lines(values)]
    return [
        Violation(f"consignments.{index}.number", "consignment.repeated", f"{number} stands in this document already")
        for index, number in enumerate(numbers)
        if number in numbers[:index]
    ]


def _line_declarations(values: Mapping[str, Any]) -> list[Violation]:
    """A consignment's declaration goes the same way as its paper."""
    direction = values.get("direction")
    return [
        Violation(f"consignments.{index}.declaration", "declaration.direction", f"must be a declaration {direction}")
        for index, line in enumerate(_lines(values))
        if direction is not None and line.declaration and _way(line.declaration) is not direction
    ]


def _number_goes_the_same_way(values: Mapping[str, Any]) -> list[Violation]:
    """Digit 9 of a declaration's number is the declaration's direction."""
    number, direction = values.get("number"), values.get("direction")
    if number is None or direction is None or _way(number) is direction:
        return []
    return [Violation("direction", "declaration.direction", f"must be {_way(number)}, as digit 9 of the number says")]


def _goods_once(values: Mapping[str, Any]) -> list[Violation]:
    """A line of goods has its own number."""
    numbers = [line.line for line in values.get("lines", ())]
    return [
        Violation(f"lines.{index}.line", "line.repeated", f"line {number} stands in this declaration already")
        for index, number in enumerate(numbers)
        if number in numbers[:index]
    ]


def _net_within_gross(values: Mapping[str, Any]) -> list[Violation]:
    """All lines together are no heavier, net, than all consignments together are gross."""
    net_kg = sum(line.net_kg for line in values.get("lines", ()))
    gross_kg = sum(line.gross_kg for line in _lines(values))
    if not gross_kg or net_kg <= gross_kg:
        return []
    return [Violation("lines", "declaration.net", f"the net mass of all lines must be at most {gross_kg} kg gross")]


def _way(number: str) -> Direction:
    return DeclarationNumber.parse(number).direction


def all_fields() -> Mapping[str, tuple[Field, ...]]:
    """Return the fields of each kind of document, for documentation."""
    return {"confirmation": CONFIRMATION, "manifest": MANIFEST, "declaration": DECLARATION}
