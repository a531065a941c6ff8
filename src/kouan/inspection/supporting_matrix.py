"""The fields of the supporting papers, and how each is read. A table, so that a change of rules is a change of data."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from kouan.inspection.fields import (
    Field,
    Need,
    Violation,
    choice,
    flag,
    identifier,
    many,
    part,
    read_fields,
    refused,
    text,
    whole,
)
from kouan.inspection.matrix import MOST_DECLARED_KG, date, document_number, party
from kouan.inspection.release.lot import parse_lot_number
from kouan.inspection.supporting import (
    FORMS,
    Bound,
    CertificateKind,
    CoveredLot,
    PaperKind,
    Supporting,
    TestItem,
)
from kouan.ledger.entries import MAX_INTEGER
from kouan.vocabulary.identifiers import ContainerNumber, CreditCode, HsCode, PlateNumber
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

MOST_OVERRUN_PERMILLE = 50
"""Most that goods in bulk may exceed their licence, in thousandths: 5 % [measures for the administration of import
licences, Ministry of Commerce order 2004 no. 27, on goods in bulk; 3 % for some, so the licence itself says]."""

_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
"""A measured value as text. Our choice: twelve digits before the point and six after it."""


def _lot(raw: str) -> str:
    declaration, line = parse_lot_number(raw)
    return f"{declaration}-{line}"


_lots = many(identifier(_lot))
_party_name = text(80)

_ITEM = (
    Field("item", "test item", text(60)),
    Field("value", "value", text(40)),
    Field("passed", "passed", flag),
    Field("unit", "unit", text(16)),
    Field("limit", "limit", text(20, _DECIMAL.pattern, "result.decimal")),
    Field("bound", "bound", choice(Bound)),
)
_items = many(part(TestItem, _ITEM, optional=("unit", "limit", "bound")))
_COVERED = (Field("lot", "lot", identifier(_lot)), Field("mass_kg", "mass", whole(1, MOST_DECLARED_KG)))

_NUMBERED = (Field("number", "number", document_number), Field("version", "version", whole(1, 999)))
_VALID = (Field("valid_from", "first day", date), Field("valid_until", "last day", date))

SUPPORTING: Mapping[PaperKind, tuple[Field, ...]] = {
    PaperKind.CERTIFICATE: (
        *_NUMBERED,
        Field("certificate", "kind of certificate", choice(CertificateKind)),
        Field("issuer", "issuer", _party_name),
        Field("covers", "lots covered", many(part(CoveredLot, _COVERED))),
        *_VALID,
    ),
    PaperKind.LABORATORY_RESULT: (
        *_NUMBERED,
        Field("laboratory", "laboratory", _party_name),
        Field("lot", "lot", identifier(_lot)),
        Field("sample", "sample", document_number),
        Field("items", "test items", _items),
        Field("reported_on", "day of the result", date),
    ),
    PaperKind.THIRD_PARTY_REPORT: (
        *_NUMBERED,
        Field("agency", "agency", party),
        Field("standard", "standard", text(60)),
        Field("lots", "lots", _lots),
        Field("items", "test items", _items),
        *_VALID,
    ),
    PaperKind.LICENCE: (
        *_NUMBERED,
        Field("holder", "holder", identifier(CreditCode.parse)),
        Field("hs_codes", "goods codes", many(identifier(HsCode.parse))),
        Field("mass_kg", "mass", whole(1, MOST_DECLARED_KG)),
        *_VALID,
        Field("overrun_permille", "overrun in thousandths", whole(0, MOST_OVERRUN_PERMILLE)),
    ),
    PaperKind.GATE_REPORT: (
        *_NUMBERED,
        Field("sender", "sender", party),
        Field("direction", "direction", choice(Direction)),
        Field("at", "time", whole(0, MAX_INTEGER)),
        Field("containers", "container no.", many(identifier(ContainerNumber.parse))),
        Field("plate", "plate", identifier(PlateNumber.parse)),
        Field("place", "place", text(40)),
    ),
}
"""The fields of each kind of supporting paper."""

_OPTIONAL: Mapping[PaperKind, frozenset[str]] = {
    PaperKind.CERTIFICATE: frozenset({"version", "valid_until"}),
    PaperKind.LABORATORY_RESULT: frozenset({"version"}),
    PaperKind.THIRD_PARTY_REPORT: frozenset({"version"}),
    PaperKind.LICENCE: frozenset({"version", "overrun_permille"}),
    PaperKind.GATE_REPORT: frozenset({"version", "plate", "place"}),
}


def supporting_needs(kind: PaperKind) -> Mapping[str, Need]:
    """Return which fields of a supporting paper are required."""
    return {field.name: Need.OPTIONAL if field.name in _OPTIONAL[kind] else Need.REQUIRED for field in SUPPORTING[kind]}


def read_supporting(kind: PaperKind, document: object) -> Supporting | Refused:
    """Return a supporting paper, or everything that is wrong with it."""
    values, wrong = read_fields(document, SUPPORTING[kind], supporting_needs(kind).__getitem__)
    wrong += [violation for rule in _RULES for violation in rule(values)]
    return refused(wrong) if wrong else FORMS[kind](**({"version": 1} | values))


# Rules over several fields --------------------------------------------------------------------------------------------


def _ends_after_it_begins(values: Mapping[str, Any]) -> list[Violation]:
    start, end = values.get("valid_from"), values.get("valid_until")
    if start is None or end is None or start <= end:
        return []
    return [Violation("valid_until", "paper.validity", "must not be before the first day")]


def _verdicts_agree(values: Mapping[str, Any]) -> list[Violation]:
    """What is measured against a limit passes if, and only if, it keeps the limit."""
    items: tuple[TestItem, ...] = values.get("items", ())
    return [violation for index, item in enumerate(items) for violation in _item_wrong(f"items.{index}", item)]


def _item_wrong(place: str, item: TestItem) -> list[Violation]:
    if (item.limit is None) != (item.bound is None):
        return [Violation(f"{place}.bound", "result.bound", "must be given with a limit, and only with one")]
    if item.limit is None:
        return []
    if not _DECIMAL.fullmatch(item.value):
        return [Violation(f"{place}.value", "result.decimal", "must be a decimal number where there is a limit")]
    value, limit = Decimal(item.value), Decimal(item.limit)
    keeps = value <= limit if item.bound is Bound.MOST else value >= limit
    if keeps == item.passed:
        return []
    said = "passes" if keeps else "fails"
    return [Violation(f"{place}.passed", "result.verdict", f"{item.value} {said} at {item.bound} {item.limit}")]


def _lots_once(values: Mapping[str, Any]) -> list[Violation]:
    lots = [each.lot for each in values.get("covers", ())]
    return [
        Violation(f"covers.{index}.lot", "certificate.repeated", f"{lot} stands in this certificate already")
        for index, lot in enumerate(lots)
        if lot in lots[:index]
    ]


_RULES: tuple[Callable[[Mapping[str, Any]], list[Violation]], ...] = (
    _ends_after_it_begins,
    _verdicts_agree,
    _lots_once,
)
