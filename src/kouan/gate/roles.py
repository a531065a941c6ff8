"""What the gate asks of others: papers for a vehicle, and a place that remembers passages and visits.

The named changes to projections (``Statement.name`` of ``ledger.roles``) that the gate's driver puts into its units:

================================ ==============================================================================
``gate.open_passage``            guard: insert a ``PassageRecord``; refused if it or an open (lane, track) is there
``gate.update_passage``          guard: replace the row where ``version`` is less than the record's; else refused
``gate.close_passage``           guard: as update, for a final state (``closed_at`` is set)
``gate.add_entries``             effect: note ``passage`` → entry sequences (the store fills in the sequences)
``gate.raise_epoch``             guard: set a lane's epoch to ``epoch`` where it is one less (no row: 0); else refused
``gate.update_lane``             effect: replace the ``LaneRecord``
``gate.note_exception``          effect: insert an ``ExceptionRecord`` (counts against the person's cap)
``gate.within_cap``              guard: hold where ``by`` gave fewer than ``most`` exceptions after ``since``
``gate.note_sighting``           effect: replace the last ``Sighting`` of a plate, unless a later one stands
``gate.open_visit``              guard: insert a ``VisitRecord``; refused if ``visit`` exists or the plate has one open
``gate.close_visit``             guard: set ``closed_at`` and ``out_passage`` where the visit is open; else refused
================================ ==============================================================================

The parameters of each statement are the fields of the struct named (``record_params``), all whole numbers, strings,
bytes or None.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from kouan.gate.evidence import DriverIdentified, PapersMatched
from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.identifiers import TravelDocument
from kouan.vocabulary.places import Direction


class PapersQuery(msgspec.Struct, frozen=True):
    """What is known of a vehicle whose papers are wanted."""

    passage: str
    lane: str
    direction: Direction
    at: Instant
    plate: str | None
    trailer: str | None = None
    containers: tuple[str, ...] = ()


class PapersDesk(Protocol):
    """Finds the papers of a vehicle; played over ``inspection``."""

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        """Return the papers in force at ``query.at``, or None where nothing was announced.

        Looks by the exact plate, then by any of the container numbers, then by plates that a camera may have misread so
        (``vocabulary.identifiers.nearest_plates``, nearest first); the first that has an active confirmation for this
        direction wins. ``PapersMatched.plate`` is the declared plate, whatever was looked for: comparing is the
        rulebook's part. ``holds`` lists all control orders in force for the read or declared plate, trailer or
        containers. ``source`` is ``papers``. Raises Unavailable.
        """
        ...


class Region(Protocol):
    """What the hub of the port's region told; played over ``network``. A port without a hub has no such player."""

    def age_us(self) -> int:
        """Return how old the hub's word is, in microseconds; ``evidence.NEVER_HEARD_US`` where it never came."""
        ...

    def watched(self, document: TravelDocument | None, evidence: DriverIdentified) -> DriverIdentified:
        """Return what was found of a driver, with the watch list items that name the document."""
        ...


class PassageRecord(msgspec.Struct, frozen=True):
    """One row of the passage projection: what lists need, and the whole state as JSON (``states.encode_state``).

    ``state`` is the name of the state as screens know it (``collecting``); ``version`` counts the steps taken;
    ``review_authority`` and ``review_outcome`` are set while a person's decision is awaited; ``stop_ms`` is the time
    from stopping to the barrier's opening.
    """

    passage: str
    version: int
    lane: str
    direction: str
    track: int
    state: str
    document: bytes
    plate: str | None
    trailer: str | None
    cargo: str | None
    visit: str | None
    outcome: str | None
    review_outcome: str | None
    review_authority: str | None
    opened_at: Instant
    updated_at: Instant
    closed_at: Instant | None
    stop_ms: int | None


class LaneRecord(msgspec.Struct, frozen=True):
    """A lane's state as JSON (``lanes.encode_lane``), and its hold epoch."""

    lane: str
    document: bytes
    updated_at: Instant


CAP_SPAN_US = seconds(3600)
"""The span over which a person's exceptions are counted against the cap (I12)."""


class ExceptionRecord(msgspec.Struct, frozen=True):
    """One exception that a person gave, for the cap an hour and the review within 24 h (I12)."""

    passage: str
    rule: str
    by: str
    confirmed_by: str | None
    at: Instant


class Sighting(msgspec.Struct, frozen=True):
    """Where and when a plate last stood at a stop line, for cloned plates (I6)."""

    plate: str
    port: str
    lane: str
    direction: str
    passage: str
    at: Instant


class VisitRecord(msgspec.Struct, frozen=True):
    """One row of the visit projection; a visit (进出一次) joins a vehicle's passages in and out."""

    visit: str
    plate: str
    in_passage: str | None
    opened_at: Instant
    out_passage: str | None = None
    closed_at: Instant | None = None


class GateRecords(Protocol):
    """Reads the gate's projections; they are written only by statements in ledger units."""

    async def open_passages(self) -> Sequence[PassageRecord]:
        """Return every passage without ``closed_at``, oldest first: what a restarted platform resumes."""
        ...

    async def find_passage(self, passage: str) -> PassageRecord | None:
        """Return one passage, open or closed."""
        ...

    async def list_passages(
        self, state: str | None = None, before: Instant | None = None, limit: int = 100, since: Instant = 0
    ) -> Sequence[PassageRecord]:
        """Return passages opened from ``since`` to before ``before``, newest first, of one state if given.

        Those of a state that few passages have are looked for among all: say since when.
        """
        ...

    async def open_reviews(self) -> Sequence[PassageRecord]:
        """Return the passages in state ``in_review``, oldest first; ``views.review_items`` orders them by priority."""
        ...

    async def entries_of(self, passage: str) -> Sequence[int]:
        """Return the ledger sequences of a passage's entries, ascending."""
        ...

    async def lanes(self) -> Sequence[LaneRecord]:
        """Return the last recorded state of every lane, by name."""
        ...

    async def lane_epochs(self) -> Mapping[str, int]:
        """Return the hold epoch of every lane that has one; a lane without has epoch 0."""
        ...

    async def count_exceptions(self, by: str, since: Instant) -> int:
        """Return how many exceptions this person gave after ``since``."""
        ...

    async def find_sighting(self, plate: str) -> Sighting | None:
        """Return where the plate was last seen."""
        ...

    async def find_open_visit(self, plate: str) -> VisitRecord | None:
        """Return the visit of this vehicle that has not ended."""
        ...


def record_params(record: msgspec.Struct) -> Mapping[str, Any]:
    """Return a record's fields as the parameters of the statement that writes it."""
    return {name: getattr(record, name) for name in record.__struct_fields__}
