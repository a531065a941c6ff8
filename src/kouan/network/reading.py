"""What the hub learns of a port's passages from its ledger entries; it never sees more than the entries say."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from kouan.ledger.entries import Entry
from kouan.vocabulary.clock import Instant

# Entries are read through forms of their own with the few fields that count here, and whatever else an entry holds is
# passed over: a hub must go on with what newer ports write.


class _Arrived(msgspec.Struct, frozen=True):
    at: Instant
    lane: str
    direction: str


class _Opened(msgspec.Struct, frozen=True):
    fact: _Arrived


class _Read(msgspec.Struct, frozen=True):
    type: str = ""
    tractor: str | None = None


class _Found(msgspec.Struct, frozen=True):
    evidence: _Read = _Read()


class _Evidence(msgspec.Struct, frozen=True):
    fact: _Found
    used: bool = True


class _Vehicle(msgspec.Struct, frozen=True):
    plate: str


class _Order(msgspec.Struct, frozen=True):
    vehicle: _Vehicle


class _Ordered(msgspec.Struct, frozen=True):
    order: _Order


class _Closed(msgspec.Struct, frozen=True):
    at: Instant
    state: str
    stop_us: int | None = None


class PassageChange(msgspec.Struct, frozen=True):
    """What some entries say of one passage, None where they say nothing.

    ``held`` says whether a person is awaited. ``plate`` is the tractor's, as it was read, or as the order names it.
    """

    passage: str
    lane: str | None = None
    direction: str | None = None
    opened_at: Instant | None = None
    plate: str | None = None
    held: bool | None = None
    closed_at: Instant | None = None
    state: str | None = None
    stop_us: int | None = None

    def and_then(self, later: "PassageChange") -> "PassageChange":
        """Return what both say together; the later one wins."""
        said = {name: value for name, value in msgspec.structs.asdict(later).items() if value is not None}
        return msgspec.structs.replace(self, **said)


def _opened(passage: str, body: msgspec.Raw) -> PassageChange | None:
    arrived = _OPENED.decode(body).fact
    return PassageChange(passage, arrived.lane, arrived.direction, arrived.at, held=False)


def _evidence(passage: str, body: msgspec.Raw) -> PassageChange | None:
    said = _EVIDENCE.decode(body)
    plate = said.fact.evidence.tractor if said.used and said.fact.evidence.type == "plates" else None
    return None if plate is None else PassageChange(passage, plate=plate)


def _ordered(passage: str, body: msgspec.Raw) -> PassageChange | None:
    return PassageChange(passage, plate=_ORDERED.decode(body).order.vehicle.plate, held=False)


def _asked(passage: str, _: msgspec.Raw) -> PassageChange | None:
    return PassageChange(passage, held=True)


def _closed(passage: str, body: msgspec.Raw) -> PassageChange | None:
    said = _CLOSED.decode(body)
    return PassageChange(passage, held=False, closed_at=said.at, state=said.state, stop_us=said.stop_us)


_OPENED = msgspec.json.Decoder(_Opened)
_EVIDENCE = msgspec.json.Decoder(_Evidence)
_ORDERED = msgspec.json.Decoder(_Ordered)
_CLOSED = msgspec.json.Decoder(_Closed)

_READERS: Mapping[str, Callable[[str, msgspec.Raw], PassageChange | None]] = {
    "gate.passage_opened/1": _opened,
    "gate.evidence/1": _evidence,
    "gate.order/1": _ordered,
    "gate.review_opened/1": _asked,
    "gate.closed/1": _closed,
}


def change_of(entry: Entry) -> PassageChange | None:
    """Return what one entry says of a passage, None where it says nothing that counts here or cannot be read."""
    read = _READERS.get(entry.kind)
    if read is None:
        return None
    try:
        return read(entry.stream, entry.body)
    except msgspec.MsgspecError:
        return None


def changes(entries: Sequence[Entry]) -> tuple[PassageChange, ...]:
    """Return what entries say of passages, one change for each passage, in the order in which these first come."""
    found: dict[str, PassageChange] = {}
    for entry in entries:
        change = change_of(entry)
        if change is not None:
            before = found.get(change.passage)
            found[change.passage] = change if before is None else before.and_then(change)
    return tuple(found.values())
