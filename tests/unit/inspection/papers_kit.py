"""Good documents to spoil, and records in memory that units are applied to."""

from collections.abc import Mapping
from typing import Any

from kouan.adapters.memory import store  # noqa: F401 - registers the statements
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.memory.records import Records as Rows
from kouan.adapters.memory.tables import EFFECTS, GUARDS
from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
)
from kouan.ledger.roles import Unit
from kouan.vocabulary.clock import SECOND

PORT = "ganqimaodu"
NOW = 1_700_000_000 * SECOND
IN_DECLARATION = "071320251000000001"
OUT_DECLARATION = "071320250000000001"


def line(**changes: Any) -> dict[str, Any]:
    return {
        "number": "MF000001",
        "hs_code": "2701121000",
        "goods": "炼焦煤",
        "gross_kg": 80_000,
        "declaration": IN_DECLARATION,
    } | changes


def confirmation(**changes: Any) -> dict[str, Any]:
    """Return a loaded inbound vehicle's confirmation; a change to None takes the field away."""
    document = {
        "number": "CF000001",
        "batch": "B000001",
        "direction": "in",
        "sender": "TRADER-01",
        "carrier": "CARRIER-01",
        "plate": "1234 УБА",
        "trailer": "5678УБ",
        "driver": {"name": "BAT ERDENE", "document_number": "E1234567"},
        "crew_count": 1,
        "load": "loaded",
        "cargo": "coking_coal",
        "containers": ["CSQU3054383"],
        "seals": ["CN12345678"],
        "tare_kg": 17_000,
        "transit_countries": ["MNG"],
        "health": {"symptoms": False},
        "green_channel": False,
        "consignments": [line()],
    } | changes
    return {name: value for name, value in document.items() if value is not None}


def manifest(**changes: Any) -> dict[str, Any]:
    return {
        "number": "MF000001",
        "batch": "B000001",
        "direction": "in",
        "sender": "TRADER-01",
        "consignments": [line()],
    } | changes


def declaration(**changes: Any) -> dict[str, Any]:
    return {"number": IN_DECLARATION, "direction": "in", "consignments": [line()]} | changes


class Records(MemoryPapersRecords):
    """The in-memory records; ``apply`` takes a unit whole or refuses it at a guard, as a ledger does."""

    def __init__(self) -> None:
        self._disk = MemoryDisk()
        super().__init__(self._disk, PORT)
        self._rows = Rows(self._disk, PORT)
        self.kinds: list[str] = []

    def apply(self, unit: Unit) -> str | None:
        """Return the guard that refuses, after taking everything back."""
        tables = self._disk.tables
        mark = tables.mark()
        for statement in unit.guards:
            if GUARDS[statement.name].apply(tables, {"port": PORT, **statement.params}) < 1:
                tables.undo_to(mark)
                return statement.name
        for statement in unit.effects:
            EFFECTS[statement.name].apply(tables, {"port": PORT, **statement.params})
        self.kinds += [draft.kind for draft in unit.drafts]
        return None

    @property
    def confirmations(self) -> Mapping[str, ConfirmationRecord]:
        return {each.number: each for each in self._rows.all("papers_confirmations", ConfirmationRecord)}

    @property
    def manifests(self) -> Mapping[str, ManifestRecord]:
        return {each.number: each for each in self._rows.all("papers_manifests", ManifestRecord)}

    @property
    def lines(self) -> Mapping[tuple[str, str], ConsignmentRecord]:
        found = self._rows.all("papers_consignments", ConsignmentRecord)
        return {(each.number, each.direction): each for each in found}

    @property
    def declared(self) -> Mapping[str, DeclarationRecord]:
        return {each.number: each for each in self._rows.all("papers_declarations", DeclarationRecord)}

    @property
    def orders(self) -> Mapping[str, ControlOrderRecord]:
        return {each.number: each for each in self._rows.all("papers_orders", ControlOrderRecord)}
