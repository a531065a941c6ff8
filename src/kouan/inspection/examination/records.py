"""How examinations are remembered: their rows, what writes them, and the role that reads them.

The named changes to projections (``Statement.name`` of ``ledger.roles``):

======================= ================================================================================================
``examination.open``    guard: insert an ``ExaminationRecord``; refused if it exists or the plate has an open one
``examination.update``  guard: replace the row where ``version`` is one less and it is not closed; else refused
======================= ================================================================================================

The parameters of both are the record's fields.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from kouan.inspection.examination.examination import Examination, decode, encode
from kouan.inspection.records import params_of
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant


class ExaminationRecord(msgspec.Struct, frozen=True):
    """One examination, its latest version; ``document`` is the canonical JSON of ``examination.Examination``.

    ``agencies`` are those that asked, joined by blanks; ``bay`` and ``starts_at`` the appointment's.
    """

    number: str
    version: int
    state: str
    plate: str
    passage: str | None
    agencies: str
    bay: str | None
    starts_at: Instant | None
    promised_at: Instant
    ordered_at: Instant
    changed_at: Instant
    closed_at: Instant | None
    outcome: str | None
    document: bytes


class ExaminationRecords(Protocol):
    """Reads the examinations of one port; they are written only by statements in ledger units."""

    async def find_examination(self, number: str) -> ExaminationRecord | None:
        """Return one examination in whatever state."""
        ...

    async def open_examinations(self) -> Sequence[ExaminationRecord]:
        """Return the examinations without ``closed_at``, oldest order first."""
        ...

    async def open_of_plate(self, plate: str) -> ExaminationRecord | None:
        """Return the examination of a vehicle that goes on; there is at most one."""
        ...

    async def latest_of_plate(self, plate: str) -> ExaminationRecord | None:
        """Return a vehicle's examination that was ordered last, open or closed."""
        ...

    async def list_examinations(self, before: Instant | None = None, limit: int = 100) -> Sequence[ExaminationRecord]:
        """Return the examinations ordered before ``before``, newest first, closed ones among them."""
        ...


def examination_of(record: ExaminationRecord) -> Examination:
    """Return the whole examination behind its row."""
    return decode(record.document)


def record_of(examination: Examination) -> ExaminationRecord:
    """Return the row of an examination."""
    appointment = examination.appointment
    return ExaminationRecord(
        number=examination.number,
        version=examination.version,
        state=examination.state.value,
        plate=examination.vehicle.plate,
        passage=examination.vehicle.passage,
        agencies=" ".join(dict.fromkeys(ask.agency.value for ask in examination.asks)),
        bay=None if appointment is None else appointment.bay,
        starts_at=None if appointment is None else appointment.starts_at,
        promised_at=examination.promised_at,
        ordered_at=examination.ordered_at,
        changed_at=examination.changed_at,
        closed_at=examination.closed_at,
        outcome=examination.outcome,
        document=encode(examination),
    )


def recorded(examination: Examination, what: str, said: Mapping[str, Any]) -> Unit:
    """Return what records a move of an examination: the entry ``examination.<what>/1``, and its row.

    ``said`` is what moved it. Two moves of the same version have different keys, so that the later one is refused.
    """
    body = canonical(
        {
            "at": examination.changed_at,
            "examination": examination.number,
            "plate": examination.vehicle.plate,
            "state": examination.state.value,
            "version": examination.version,
            **said,
        }
    )
    digest = hashlib.sha256(body).hexdigest()[:16]
    key = f"examination:{examination.number}:{examination.version}:{digest}"
    draft = Draft(f"examination.{what}/1", examination.number, key, body)
    name = "examination.open" if examination.version == 1 else "examination.update"
    return Unit((draft,), guards=(Statement(name, params_of(record_of(examination))),))
