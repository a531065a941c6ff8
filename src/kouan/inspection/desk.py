"""The papers desk: from what a gate has read of a vehicle to the papers that it crosses under. Pure.

It judges nothing: whether plates agree, papers were late or a convoy is complete is the rulebook's to say.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kouan.inspection.control_orders import Target, orders_on
from kouan.inspection.coverage import covers
from kouan.inspection.papers import ConsignmentLine, DeclarationStatus, Manifest, PaperState, VehicleConfirmation
from kouan.inspection.records import (
    ConfirmationRecord,
    ConsignmentRecord,
    ControlOrderRecord,
    DeclarationRecord,
    ManifestRecord,
)
from kouan.vocabulary.clock import Instant

_READ = msgspec.json.Decoder(VehicleConfirmation).decode
_READ_MANIFEST = msgspec.json.Decoder(Manifest).decode


class MatchedConsignment(msgspec.Struct, frozen=True):
    """One consignment aboard, with its manifest and declaration.

    ``part_kg`` is what this vehicle carries of it by its confirmation, ``total_kg`` the manifest's mass, ``crossed_kg``
    what has crossed of it before. ``controlled`` says that it or its declaration is under control.
    A declaration that does not name the consignment counts as none (I16).
    """

    number: str
    hs_code: str
    goods: str
    part_kg: int
    total_kg: int
    crossed_kg: int
    manifest: str
    declaration: str | None
    cleared: bool
    transit_cleared: bool
    controlled: bool


class MatchedPapers(msgspec.Struct, frozen=True):
    """The papers of one vehicle.

    ``holds`` are the control orders in force on its plates and containers, ``goods_holds`` those on its goods.
    ``missing`` are consignments that the confirmation names and no active manifest holds; ``duplicate_of`` is the
    manifest of another batch that holds one. ``submitted_at`` is when the last of the papers came. ``present`` counts
    the vehicles of the batch that have arrived, this one included.
    """

    confirmation: VehicleConfirmation
    consignments: tuple[MatchedConsignment, ...]
    missing: tuple[str, ...]
    duplicate_of: str | None
    holds: tuple[ControlOrderRecord, ...]
    goods_holds: tuple[ControlOrderRecord, ...]
    submitted_at: Instant
    expected: int
    present: int


class Gathered(msgspec.Struct, frozen=True):
    """What the records hold about one vehicle's papers, read in one go.

    ``consignments`` are by number, in the confirmation's direction; ``manifested_at`` is when each manifest was first
    handed in; ``declarations`` are by number; ``batch`` are the batch's confirmations; ``orders`` are those in
    force on any of it.
    """

    confirmation: ConfirmationRecord
    consignments: Mapping[str, ConsignmentRecord]
    manifested_at: Mapping[str, Instant]
    declarations: Mapping[str, DeclarationRecord]
    batch: Sequence[ConfirmationRecord]
    orders: Sequence[ControlOrderRecord]


def choose(found: Sequence[ConfirmationRecord], batch: str | None = None) -> ConfirmationRecord | None:
    """Return the confirmation to go by: the newest active one, of the batch if one is known."""
    active = [each for each in found if each.state == PaperState.ACTIVE and batch in (None, each.batch)]
    return max(active, key=lambda each: (each.submitted_at, each.number), default=None)


def document_of(record: ConfirmationRecord) -> VehicleConfirmation:
    """Return the whole confirmation behind its row."""
    return _READ(record.document)


def manifest_of(record: ManifestRecord) -> Manifest:
    """Return the whole manifest behind its row."""
    return _READ_MANIFEST(record.document)


def match(gathered: Gathered, read_plates: Sequence[str], read_containers: Sequence[str], at: Instant) -> MatchedPapers:
    """Return the papers of a vehicle, and the control orders on what was read of it or declared for it."""
    paper = document_of(gathered.confirmation)
    declared = (paper.plate, paper.trailer or "", *read_plates)
    vehicle = Target(plates=_given(declared), containers=_given((*paper.containers, *read_containers)))
    found = [(line, gathered.consignments.get(line.number)) for line in _lines(paper, gathered)]
    consignments = tuple(_consignment(line, record, gathered, at) for line, record in found if record is not None)
    goods = Target(
        consignments=tuple(each.number for each in consignments),
        declarations=_given(each.declaration or "" for each in consignments),
    )
    manifests = {record.manifest for _, record in found if record is not None}
    came = [gathered.manifested_at[name] for name in sorted(manifests) if name in gathered.manifested_at]
    return MatchedPapers(
        confirmation=paper,
        consignments=consignments,
        missing=tuple(line.number for line, record in found if record is None),
        duplicate_of=_duplicate(paper, found),
        holds=orders_on(vehicle, gathered.orders, at),
        goods_holds=orders_on(goods, gathered.orders, at),
        submitted_at=max([gathered.confirmation.submitted_at, *came]),
        expected=paper.vehicles,
        present=_present(gathered),
    )


def holds_without_papers(
    read_plates: Sequence[str], read_containers: Sequence[str], orders: Sequence[ControlOrderRecord], at: Instant
) -> tuple[ControlOrderRecord, ...]:
    """Return the control orders in force on a vehicle whose papers were not found."""
    return orders_on(Target(plates=_given(read_plates), containers=_given(read_containers)), orders, at)


def _lines(paper: VehicleConfirmation, gathered: Gathered) -> tuple[ConsignmentLine, ...]:
    """Return what the vehicle carries: as confirmed, else, where it goes alone, all that its batch's manifests hold."""
    if paper.consignments or paper.vehicles > 1:
        return paper.consignments
    return tuple(
        ConsignmentLine(record.number, record.hs_code, record.goods, record.gross_kg, record.declaration)
        for record in gathered.consignments.values()
        if record.batch == paper.batch
    )


def _consignment(
    line: ConsignmentLine, record: ConsignmentRecord, gathered: Gathered, at: Instant
) -> MatchedConsignment:
    number = record.declaration or line.declaration
    drawn_on = gathered.declarations.get(number) if number else None
    stranger = drawn_on is not None and not covers(drawn_on, record.number)
    declaration = None if stranger else drawn_on
    own = Target(consignments=(record.number,), declarations=_given((number or "",)))
    cleared = declaration is not None and declaration.status == DeclarationStatus.CLEARED
    held = declaration is not None and declaration.status == DeclarationStatus.UNDER_CONTROL
    return MatchedConsignment(
        number=record.number,
        hs_code=record.hs_code,
        goods=record.goods,
        part_kg=line.gross_kg,
        total_kg=record.gross_kg,
        crossed_kg=record.crossed_kg,
        manifest=record.manifest,
        declaration=declaration.number if declaration is not None else None,
        cleared=cleared,
        transit_cleared=not stranger and (declaration is None or not declaration.transit or cleared),
        controlled=held or bool(orders_on(own, gathered.orders, at)),
    )


def _duplicate(
    paper: VehicleConfirmation, found: Sequence[tuple[ConsignmentLine, ConsignmentRecord | None]]
) -> str | None:
    """Return the manifest of another batch that holds one of these consignments (I16)."""
    others = (record.manifest for _, record in found if record is not None and record.batch != paper.batch)
    return next(others, None)


def _present(gathered: Gathered) -> int:
    own = gathered.confirmation.number
    others = {each.number for each in gathered.batch if each.arrived_at is not None and each.number != own}
    return 1 + len(others)


def _given(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
