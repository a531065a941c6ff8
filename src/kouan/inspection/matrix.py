"""The field matrix: what each document must, may and must not say, by direction and by how the vehicle is loaded.

Which fields there are follows the road manifest messages [customs announcement 2013 no. 67, changed since]; where the
public text leaves open whether one is required, the matrix is our choice. It is a table, so that a change of rules is a
change of data.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from kouan.inspection.fields import Field, Need, choice, flag, identifier, many, part, text, whole
from kouan.inspection.papers import (
    ConsignmentLine,
    DeclarationLine,
    DeclarationStatus,
    DeclarationStep,
    Driver,
    Health,
    Load,
)
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import (
    BatchNumber,
    ContainerNumber,
    CreditCode,
    DeclarationNumber,
    HsCode,
    PlateNumber,
    SealNumber,
)
from kouan.vocabulary.places import Direction

MOST_TARE_KG = 60_000
"""Heaviest empty vehicle in kilograms. Our choice: above an empty road train with two containers."""

MOST_CREW = 9
"""Most people announced aboard one vehicle. Our choice: a lorry has at most three seats; a coach is no lorry."""

document_number = text(32, r"[A-Z0-9][A-Z0-9-]{2,30}[A-Z0-9]", "document.number")
"""Reads a message's own number: 4 to 32 capitals, digits and inner hyphens (our choice)."""

MOST_VALUE_FEN = 10**13
"""Greatest value of a declaration's line, in 1/100 yuan. Our choice: a hundred thousand million yuan, a port's year."""

MOST_DECLARED_KG = 1_000_000_000
"""Heaviest line of a declaration, and largest licence, in kilograms. Our choice: a million tonnes, a year's trade."""

MOST_LINES = 50
"""Most lines of goods of one declaration [customs, rules for filling in declarations: at most 50 items]."""

party = text(32, r"[A-Z0-9][A-Z0-9-]{1,31}", "party.code")
"""Reads the code of a party: 2 to 32 capitals, digits and hyphens (our choice)."""


def date(raw: Any) -> str:
    """Read a day, written ``2026-11-22``."""
    try:
        day = dt.date.fromisoformat(raw)
    except (TypeError, ValueError):
        day = None
    if day is None or day.isoformat() != raw:
        raise InvalidValue("", "field.date", "must be a day as 2026-11-22")
    return day.isoformat()


_country = text(3, r"[A-Z]{3}", "country.code")
_mass = whole(1, 1_000_000)

_LINE = (
    Field("number", "master waybill", document_number),
    Field("hs_code", "goods code", identifier(HsCode.parse)),
    Field("goods", "goods name", text(120)),
    Field("gross_kg", "gross mass", _mass),
    Field("declaration", "declaration no.", identifier(DeclarationNumber.parse)),
)
_consignments = many(part(ConsignmentLine, _LINE, optional=("declaration",)))

_DRIVER = (
    Field("name", "R016", text(80)),
    Field("document_number", "R017", text(20, r"[A-Z0-9]{5,20}", "document.number")),
    Field("nationality", "nationality", _country),
)

CONFIRMATION: tuple[Field, ...] = (
    Field("number", "message no.", document_number),
    Field("version", "message version", whole(1, 999)),
    Field("batch", "transport batch no.", identifier(BatchNumber.parse)),
    Field("direction", "166", choice(Direction)),
    Field("sender", "R006", party),
    Field("carrier", "R012", party),
    Field("plate", "T006/T005", identifier(PlateNumber.parse)),
    Field("trailer", "159/387", identifier(PlateNumber.parse)),
    Field("driver", "R017/R016", part(Driver, _DRIVER, optional=("nationality",))),
    Field("crew_count", "crew count", whole(1, MOST_CREW)),
    Field("load", "full/empty", choice(Load)),
    Field("cargo", "kind of cargo", text(32, r"[a-z][a-z_]{0,31}", "cargo.kind")),
    Field("containers", "container no.", many(identifier(ContainerNumber.parse))),
    Field("seals", "seal", many(identifier(SealNumber.parse))),
    Field("tare_kg", "6156", whole(1, MOST_TARE_KG)),
    Field("transit_countries", "transit countries", many(_country)),
    Field("health", "health", part(Health, (Field("symptoms", "symptoms", flag),))),
    Field("green_channel", "green channel", flag),
    Field("consignments", "loading manifest", _consignments),
    Field("vehicles", "vehicles of the batch", whole(1, 99)),
    Field("customs_office", "065", text(4, r"[0-9]{4}", "customs_office.form")),
    Field("mode", "T010", text(1, r"[1-9]", "mode.form")),
    Field("loading_place", "L010", text(40)),
    Field("unloading_place", "L013", text(40)),
)

MANIFEST: tuple[Field, ...] = (
    Field("number", "message no.", document_number),
    Field("version", "message version", whole(1, 999)),
    Field("batch", "transport batch no.", identifier(BatchNumber.parse)),
    Field("direction", "166", choice(Direction)),
    Field("sender", "R006", party),
    Field("consignments", "consignments", _consignments),
)

_GOODS = (
    Field("line", "line", whole(1, MOST_LINES)),
    Field("hs_code", "goods code", identifier(HsCode.parse)),
    Field("goods", "goods name", text(120)),
    Field("net_kg", "net mass", whole(1, MOST_DECLARED_KG)),
    Field("origin", "country of origin", _country),
    Field("value_fen", "value in fen", whole(1, MOST_VALUE_FEN)),
)

DECLARATION: tuple[Field, ...] = (
    Field("number", "declaration no.", identifier(DeclarationNumber.parse)),
    Field("version", "message version", whole(1, 999)),
    Field("step", "base items or all", choice(DeclarationStep)),
    Field("direction", "direction", choice(Direction)),
    Field("status", "status", choice(DeclarationStatus)),
    Field("transit", "transit", flag),
    Field("consignee", "consignee or consignor", identifier(CreditCode.parse)),
    Field("entered_on", "day of entry", date),
    Field("consignments", "consignments", _consignments),
    Field("lines", "lines of goods", many(part(DeclarationLine, _GOODS, optional=("origin", "value_fen")))),
    Field("licences", "licences", many(document_number)),
)

_R, _O, _F = Need.REQUIRED, Need.OPTIONAL, Need.FORBIDDEN

_COLUMNS = tuple((direction, load) for direction in Direction for load in Load)
"""The columns of the matrix: in loaded, in empty, in empty container, out loaded, out empty, out empty container."""

_CONFIRMATION_ROWS: Mapping[str, tuple[Need, ...]] = {
    #                     in:     loaded empty  empty container   out: loaded empty  empty container
    "number": (_R, _R, _R, _R, _R, _R),
    "version": (_O, _O, _O, _O, _O, _O),
    "batch": (_R, _R, _R, _R, _R, _R),
    "direction": (_R, _R, _R, _R, _R, _R),
    "sender": (_R, _R, _R, _R, _R, _R),
    "carrier": (_R, _R, _R, _R, _R, _R),
    "plate": (_R, _R, _R, _R, _R, _R),
    "trailer": (_O, _O, _O, _O, _O, _O),
    "driver": (_R, _R, _R, _R, _R, _R),
    "crew_count": (_R, _R, _R, _R, _R, _R),
    "load": (_R, _R, _R, _R, _R, _R),
    "cargo": (_R, _O, _O, _R, _O, _O),
    "containers": (_O, _F, _R, _O, _F, _R),
    "seals": (_O, _F, _O, _O, _F, _O),
    "tare_kg": (_R, _O, _O, _R, _O, _O),
    "transit_countries": (_R, _R, _R, _O, _O, _O),
    "health": (_R, _R, _R, _O, _O, _O),
    "green_channel": (_O, _O, _O, _O, _O, _O),
    "consignments": (_O, _F, _F, _R, _F, _F),
    "vehicles": (_O, _O, _O, _O, _O, _O),
    "customs_office": (_O, _O, _O, _O, _O, _O),
    "mode": (_O, _O, _O, _O, _O, _O),
    "loading_place": (_O, _F, _F, _O, _F, _F),
    "unloading_place": (_O, _F, _F, _O, _F, _F),
}

CONFIRMATION_MATRIX: Mapping[tuple[Direction, Load], Mapping[str, Need]] = {
    column: {name: row[index] for name, row in _CONFIRMATION_ROWS.items()} for index, column in enumerate(_COLUMNS)
}
"""For each direction and load, what the matrix says of each field of a vehicle confirmation."""

MANIFEST_NEEDS: Mapping[str, Need] = {field.name: _R for field in MANIFEST} | {"version": _O}

_DECLARATION_ROWS: Mapping[str, tuple[Need, ...]] = {
    #                     base items, all
    "number": (_R, _R),
    "version": (_O, _O),
    "step": (_R, _O),
    "direction": (_R, _R),
    "status": (_O, _O),
    "transit": (_O, _O),
    "consignee": (_R, _O),
    "entered_on": (_O, _O),
    "consignments": (_R, _R),
    "lines": (_R, _O),
    "licences": (_O, _O),
}

DECLARATION_MATRIX: Mapping[DeclarationStep, Mapping[str, Need]] = {
    step: {name: row[index] for name, row in _DECLARATION_ROWS.items()}
    for index, step in enumerate((DeclarationStep.SUMMARY, DeclarationStep.FULL))
}
"""For each step, what the matrix says of each field of a declaration. The base items (概要申报) are nine [customs
announcement 2019 no. 127]: firm, transport, bill, procedure, code to six digits, goods, quantity, gross mass, boxes;
here those that are not the confirmation's. One handed in at once, without base items before, may do without ``lines``:
its consignments stand for them."""
