"""Good documents to spoil, and records on a table that apply units as the role says."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from kouan.inspection.control_orders import in_force
from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
)
from kouan.ledger.roles import Statement, Unit
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.places import Direction

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


class Records:
    """PapersRecords on a table; ``apply`` takes a unit whole or refuses it at a guard."""

    def __init__(self) -> None:
        self.confirmations: dict[str, ConfirmationRecord] = {}
        self.manifests: dict[str, ManifestRecord] = {}
        self.lines: dict[tuple[str, str], ConsignmentRecord] = {}
        self.declared: dict[str, DeclarationRecord] = {}
        self.orders: dict[str, ControlOrderRecord] = {}
        self.kinds: list[str] = []

    def apply(self, unit: Unit) -> str | None:
        """Return the guard that refuses, after taking everything back."""
        before = [dict(each) for each in self._tables]
        for statement in unit.guards:
            if not self._run(statement):
                for table, old in zip(self._tables, before, strict=True):
                    table.clear()
                    table.update(old)
                return statement.name
        for statement in unit.effects:
            self._run(statement)
        self.kinds += [draft.kind for draft in unit.drafts]
        return None

    @property
    def _tables(self) -> list[dict[Any, Any]]:
        return [self.confirmations, self.manifests, self.lines, self.declared, self.orders]

    def _run(self, statement: Statement) -> bool:
        verb, _, noun = statement.name.removeprefix("papers.").partition("_")
        return bool(getattr(self, f"_{verb}_{noun}")(**statement.params))

    def _insert_confirmation(self, **row: Any) -> bool:
        return self._insert(self.confirmations, ConfirmationRecord(**row))

    def _insert_manifest(self, **row: Any) -> bool:
        return self._insert(self.manifests, ManifestRecord(**row))

    def _insert_declaration(self, **row: Any) -> bool:
        return self._insert(self.declared, DeclarationRecord(**row))

    def _place_order(self, **row: Any) -> bool:
        return self._insert(self.orders, ControlOrderRecord(**row))

    @staticmethod
    def _insert(table: dict[str, Any], record: Any) -> bool:
        if record.number in table:
            return False
        table[record.number] = record
        return True

    def _amend_confirmation(self, **row: Any) -> bool:
        return self._amend(self.confirmations, ConfirmationRecord(**row), "submitted_at", "arrived_at", "passage")

    def _amend_manifest(self, **row: Any) -> bool:
        return self._amend(self.manifests, ManifestRecord(**row), "submitted_at")

    def _amend_declaration(self, **row: Any) -> bool:
        return self._amend(self.declared, DeclarationRecord(**row), "submitted_at")

    @staticmethod
    def _amend(table: dict[str, Any], record: Any, *kept: str) -> bool:
        old = table.get(record.number)
        if old is None or old.version != record.version - 1 or getattr(old, "state", "active") != "active":
            return False
        table[record.number] = replace(record, **{name: getattr(old, name) for name in kept})
        return True

    def _drop_consignments(self, manifest: str, direction: str) -> bool:
        for key, record in self.lines.items():
            if record.manifest == manifest and record.direction == direction:
                self.lines[key] = replace(record, state="deleted")
        return True

    def _insert_consignment(self, **row: Any) -> bool:
        record = ConsignmentRecord(**row)
        old = self.lines.get((record.number, record.direction))
        if old is not None and (old.state == "active" or old.crossed_kg > record.gross_kg):
            return False
        crossed = 0 if old is None else old.crossed_kg
        self.lines[(record.number, record.direction)] = replace(record, crossed_kg=crossed)
        return True

    def _write_off(self, number: str, direction: str, mass_kg: int) -> bool:
        old = self.lines.get((number, direction))
        if old is None or old.state != "active" or old.crossed_kg + mass_kg > old.gross_kg:
            return False
        self.lines[(number, direction)] = replace(old, crossed_kg=old.crossed_kg + mass_kg)
        return True

    def _use_confirmation(self, number: str, passage: str, at: Instant) -> bool:
        old = self.confirmations.get(number)
        if old is None or old.state != "active":
            return False
        self.confirmations[number] = replace(old, state="used", passage=passage, changed_at=at)
        return True

    def _note_arrival(self, number: str, at: Instant) -> bool:
        old = self.confirmations[number]
        if old.arrived_at is None:
            self.confirmations[number] = replace(old, arrived_at=at)
        return True

    def _delete_batch(self, batch: str, at: Instant) -> bool:
        papers = [each for each in self.confirmations.values() if each.batch == batch]
        active = [each for each in papers if each.state == "active"]
        manifests = [each for each in self.manifests.values() if each.batch == batch and each.state == "active"]
        if any(each.state == "used" for each in papers) or not (active or manifests):
            return False
        for each in active:
            self.confirmations[each.number] = replace(each, state="deleted", changed_at=at)
        for found in manifests:
            self.manifests[found.number] = replace(found, state="deleted", changed_at=at)
            self._drop_consignments(found.number, found.direction)
        return True

    def _lift_order(self, number: str, authority: str, **lifted: Any) -> bool:
        old = self.orders.get(number)
        if old is None or old.lifted_at is not None or old.authority != authority:
            return False
        self.orders[number] = replace(old, **lifted)
        return True

    # The role

    async def find_confirmation(self, number: str) -> ConfirmationRecord | None:
        return self.confirmations.get(number)

    async def confirmations_of_plate(self, plate: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        return self._newest(lambda each: each.plate == plate and each.direction == direction)

    async def active_plates(self, direction: Direction) -> Sequence[str]:
        return sorted({each.plate for each in self._newest(lambda each: each.direction == direction)})

    async def confirmations_of_container(self, container: str, direction: Direction) -> Sequence[ConfirmationRecord]:
        return self._newest(lambda each: container in each.containers.split() and each.direction == direction)

    def _newest(self, fits: Any) -> list[ConfirmationRecord]:
        found = [each for each in self.confirmations.values() if each.state == "active" and fits(each)]
        return sorted(found, key=lambda each: -each.submitted_at)

    async def confirmations_of_batch(self, batch: str) -> Sequence[ConfirmationRecord]:
        return [each for each in self.confirmations.values() if each.batch == batch and each.state != "deleted"]

    async def find_manifest(self, number: str) -> ManifestRecord | None:
        return self.manifests.get(number)

    async def manifests_of_batch(self, batch: str) -> Sequence[ManifestRecord]:
        return [each for each in self.manifests.values() if each.batch == batch and each.state == "active"]

    async def consignments(self, numbers: Sequence[str], direction: Direction) -> Sequence[ConsignmentRecord]:
        found = [self.lines.get((number, direction.value)) for number in numbers]
        return [each for each in found if each is not None and each.state == "active"]

    async def find_declaration(self, number: str) -> DeclarationRecord | None:
        return self.declared.get(number)

    async def declarations(self, numbers: Sequence[str]) -> Sequence[DeclarationRecord]:
        return [self.declared[number] for number in numbers if number in self.declared]

    async def find_order(self, number: str) -> ControlOrderRecord | None:
        return self.orders.get(number)

    async def orders_in_force(self, at: Instant) -> Sequence[ControlOrderRecord]:
        return [each for each in self.orders.values() if in_force(each, at)]

    async def orders_naming(self, names: Sequence[str], at: Instant) -> Sequence[ControlOrderRecord]:
        named = [each for each in self.orders.values() if in_force(each, at)]
        return [each for each in named if {each.plate, each.container, each.consignment, each.declaration} & set(names)]
