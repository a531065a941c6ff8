"""The units in which the hub records what it takes, witnesses, finds and issues, and a port what it is told."""

from collections.abc import Sequence
from typing import Any

import msgspec

from kouan.ledger.entries import canonical
from kouan.ledger.merkle import TileRoot
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.network.bulletins import BulletinKept, Issued
from kouan.network.reading import PassageChange
from kouan.network.records import KeptBulletin, PreAuthorisedRecord, RegionHold
from kouan.network.taking import Accepted, Broken, Position
from kouan.network.travel import Impossible
from kouan.network.views import RegionAlarm
from kouan.protocols.network.messages import Bulletin, Witnessed
from kouan.vocabulary.clock import Instant

CLONED_AUTHORITY = "border_inspection"
"""Whose hold a plate in two places gets. Our choice: vehicles that pretend to be others are the police's business."""


class BatchTaken(msgspec.Struct, frozen=True):
    """Entries of a port were taken: the numbers of the first and last, and the last one's hex hash."""

    port: str
    first: int
    last: int
    hash: str


class PortSuspended(msgspec.Struct, frozen=True):
    """Nothing more is taken from a port, because of ``rule`` at its entry ``seq``."""

    at: Instant
    port: str
    rule: str
    seq: int


def together(*parts: Unit) -> Unit:
    """Return one unit of all parts: recorded together or not at all."""
    return Unit(
        tuple(draft for unit in parts for draft in unit.drafts),
        tuple(guard for unit in parts for guard in unit.guards),
        tuple(effect for unit in parts for effect in unit.effects),
    )


def plain(name: str, record: msgspec.Struct) -> Statement:
    """Return the statement of this name whose parameters are a record's fields."""
    return Statement(name, msgspec.structs.asdict(record))


def draft(kind: str, stream: str, key: str, body: Any) -> Draft:
    """Return a draft of a network's fact."""
    return Draft(f"network.{kind}/1", stream, f"network/{key}", canonical(body))


def admission(port: str, first: Position, now: Instant) -> Unit:
    """Return the unit that admits a port of which nothing was taken yet."""
    admitted = draft("admitted", port, f"admitted/{port}", {"port": port, "at": now})
    return Unit((admitted,), (Statement("network.admit_port", {"port": port, "last": bytes.fromhex(first.last)}),))


def taking(
    port: str,
    before: Position,
    accepted: Accepted,
    tiles: Sequence[TileRoot],
    changes: Sequence[PassageChange],
    size: int,
    now: Instant,
) -> Unit:
    """Return the unit that takes a batch: the entries, the tree over them, and what they say, or nothing of it."""
    fresh, after = accepted.fresh, accepted.after
    fact = BatchTaken(port, before.size + 1, after.size, after.last)
    moved = {
        "port": port, "before": before.size, "taken": after.size, "last": bytes.fromhex(after.last),
        "epoch": after.epoch, "entry_at": fresh[-1].entry.at, "heard_at": now, "size": size,
    }  # fmt: skip
    copies = {
        "port": port,
        "before": before.size,
        "leaves": [one.leaf for one in fresh],
        "entries": [one.encoded for one in fresh],
    }
    rows = {"port": port, "rows": msgspec.json.encode(changes).decode()}
    passages = ("network.open_passages", "network.change_passages", "network.count_closed") if changes else ()
    return Unit(
        (draft("taken", port, f"taken/{port}/{after.size}", fact),),
        (Statement("network.advance", moved),),
        (
            Statement("network.insert_entries", copies),
            *(Statement("network.insert_tile", {"port": port, **msgspec.structs.asdict(tile)}) for tile in tiles),
            *(Statement(name, rows) for name in passages),
        ),
    )


def witnessing(witnessed: Witnessed) -> Unit:
    """Return the unit that notes a witnessed head."""
    key = f"witnessed/{witnessed.port}/{witnessed.size}"
    note = {"port": witnessed.port, "size": witnessed.size, "at": witnessed.at}
    return Unit((draft("witnessed", witnessed.port, key, witnessed),), (Statement("network.witness", note),))


def _raised(alarm: RegionAlarm) -> Statement:
    params = {
        "number": alarm.number, "port": alarm.port, "at": alarm.at, "priority": alarm.priority, "code": alarm.code,
        "params": canonical(alarm.params).decode(),
    }  # fmt: skip
    return Statement("network.raise_alarm", params)


def alarming(alarm: RegionAlarm) -> Unit:
    """Return the unit that raises an alarm."""
    return Unit((draft("alarm", alarm.port, f"alarm/{alarm.number}", alarm),), (), (_raised(alarm),))


def suspension(port: str, broken: Broken, now: Instant) -> Unit:
    """Return the unit that takes nothing more from a port, and raises an alarm of priority 1."""
    number = f"suspended/{port}/{now}"
    params: dict[str, str | int] = {"rule": broken.rule, "seq": broken.seq}
    alarm = RegionAlarm(number, port, now, 1, "region.suspended", params)
    fact = PortSuspended(now, port, broken.rule, broken.seq)
    return Unit(
        (draft("suspended", port, number, fact), *alarming(alarm).drafts),
        (Statement("network.suspend", {"port": port, "rule": broken.rule}),),
        (_raised(alarm),),
    )


def cloned(found: Impossible, now: Instant) -> Unit:
    """Return the unit that raises the alarm over a plate in two places, and holds the plate in the whole region."""
    earlier, later = found.earlier, found.later
    params: dict[str, str | int] = {
        "plate": earlier.plate, "first_port": earlier.port, "first_at": earlier.since, "second_port": later.port,
        "second_at": later.since, "distance_m": found.distance_m, "gap_us": found.gap_us, "least_us": found.least_us,
    }  # fmt: skip
    alarm = RegionAlarm(found.number, later.port, now, 1, "region.impossible_travel", params)
    hold = RegionHold(
        number=found.number,
        authority=CLONED_AUTHORITY,
        kind="detain",
        plate=earlier.plate,
        container=None,
        reason=f"seen at {earlier.port} and at {later.port}, which no vehicle can be",
        placed_by="hub",
        placed_at=now,
    )
    placed = placing(hold)
    return Unit((*alarming(alarm).drafts, *placed.drafts), placed.guards, (_raised(alarm),))


def placing(hold: RegionHold) -> Unit:
    """Return the unit that places a hold; refused where its number exists."""
    return Unit(
        (draft("hold_placed", hold.plate or hold.container or "hub", f"hold/{hold.number}", hold),),
        (plain("network.place_hold", hold),),
    )


def preauthorising(record: PreAuthorisedRecord, now: Instant) -> Unit:
    """Return the unit that lets a vehicle pass a disconnected port; replaces what its plate had before."""
    key = f"preauthorised/{record.plate}/{now}"
    return Unit((draft("preauthorised", record.plate, key, record),), (), (plain("network.preauthorise", record),))


def issuing(issued: Sequence[Issued], now: Instant) -> Unit:
    """Return the unit that notes what is about to be issued."""
    key = f"issued/{now}/{issued[0].port}/{issued[0].kind}/{issued[0].version}"
    return Unit(
        (draft("issued", "bulletins", key, {"at": now, "issued": issued}),),
        (),
        tuple(plain("network.issue", one) for one in issued),
    )


def keeping(bulletin: Bulletin, kept: KeptBulletin, body: BulletinKept) -> Unit:
    """Return the unit after which a port acts on a bulletin; refused where one as late is kept."""
    key = f"bulletin/{bulletin.kind}/{bulletin.version}/{bulletin.issued_at}"
    return Unit((draft("bulletin", "hub", key, body),), (plain("network.keep_bulletin", kept),))
